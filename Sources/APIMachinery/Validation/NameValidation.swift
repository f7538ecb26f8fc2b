/// The rules for names, in Kubernetes' words. Each function returns what is wrong, nothing when the text is valid.
/// Source: apimachinery `pkg/util/validation/validation.go`.
package enum NameValidation {
    /// The longest DNS label.
    package static let labelLimit = 63
    /// The longest DNS subdomain.
    package static let subdomainLimit = 253

    /// A DNS label after RFC 1123: most object names inside DNS, namespaces, container names.
    package static func dnsLabel(_ text: String) -> [String] {
        problems(text, limit: labelLimit, isDNSLabel(text.utf8, startsWithLetter: false)) {
            pattern(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
                "[a-z0-9]([-a-z0-9]*[a-z0-9])?", ["my-name", "123-abc"])
        }
    }

    /// A DNS subdomain after RFC 1123: the names of most objects.
    package static func dnsSubdomain(_ text: String) -> [String] {
        problems(text, limit: subdomainLimit, isDNSSubdomain(text)) {
            pattern(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
                "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", ["example.com"])
        }
    }

    /// A DNS label after RFC 1035, which starts with a letter: names of services.
    package static func dns1035Label(_ text: String) -> [String] {
        problems(text, limit: labelLimit, isDNSLabel(text.utf8, startsWithLetter: true)) {
            pattern(
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
                "[a-z]([-a-z0-9]*[a-z0-9])?", ["my-name", "abc-123"])
        }
    }

    /// A name with an optional DNS prefix: keys of labels, annotations and finalizers.
    package static func qualifiedName(_ text: String) -> [String] {
        var problems: [String] = []
        var name = text[...]
        if let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) {
            name = text[text.utf8.index(after: slash)...]
            guard !name.utf8.contains(UInt8(ascii: "/")) else {
                return ["a qualified name \(qualifiedNameText) with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
            }
            if slash == text.startIndex {
                problems.append("prefix part must be non-empty")
            } else {
                problems += dnsSubdomain(String(text[..<slash])).map { "prefix part \($0)" }
            }
        }
        if name.isEmpty {
            problems.append("name part must be non-empty")
        } else if name.utf8.count > labelLimit {
            problems.append("name part \(lengthText(labelLimit))")
        }
        if !isLabelText(name.utf8) || name.isEmpty { problems.append("name part \(qualifiedNameText)") }
        return problems
    }

    private static var qualifiedNameText: String {
        pattern(
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", ["MyName", "my.name", "123-abc"])
    }

    /// A path segment that can be part of a URL: names of RBAC objects.
    package static func pathSegment(_ text: String) -> [String] {
        if text == "." || text == ".." { return ["may not be '\(text)'"] }
        return ["/", "%"].filter { text.contains($0) }.map { "may not contain '\($0)'" }
    }

    /// The text for a value that is too long.
    static func lengthText(_ limit: Int) -> String { "must be no more than \(limit) bytes" }

    /// The text for a value that does not match a pattern.
    static func pattern(_ words: String, _ format: String, _ examples: [String]) -> String {
        guard !examples.isEmpty else { return "\(words) (regex used for validation is '\(format)')" }
        let shown = examples.map { "'\($0)', " }.joined(separator: " or ")
        return "\(words) (e.g. \(shown)regex used for validation is '\(format)')"
    }

    /// Letters, digits, `-`, `_` and `.`, alphanumeric at both ends; empty is fine.
    static func isLabelText(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return true }
        guard isAlphanumeric(first), isAlphanumeric(last) else { return false }
        return bytes.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
    }

    package static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLower(byte) || isDigit(byte) || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
    }

    static func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isDNSLabel(_ bytes: some BidirectionalCollection<UInt8>, startsWithLetter: Bool) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        guard isLower(first) || (isDigit(first) && !startsWithLetter), isLower(last) || isDigit(last) else { return false }
        return bytes.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isDNSSubdomain(_ text: String) -> Bool {
        // A dot, or either end, has an alphanumeric character on its inner side.
        var previous = UInt8(ascii: ".")
        for byte in text.utf8 {
            let isInner = isLower(byte) || isDigit(byte)
            if byte == UInt8(ascii: ".") {
                guard previous != UInt8(ascii: "."), previous != UInt8(ascii: "-") else { return false }
            } else if byte == UInt8(ascii: "-") {
                guard previous != UInt8(ascii: ".") else { return false }
            } else if !isInner {
                return false
            }
            previous = byte
        }
        return previous != UInt8(ascii: ".") && previous != UInt8(ascii: "-")
    }

    static func problems(_ text: String, limit: Int, _ isMatch: Bool, _ words: () -> String) -> [String] {
        var found: [String] = []
        if text.utf8.count > limit { found.append(lengthText(limit)) }
        if !isMatch { found.append(words()) }
        return found
    }
}
