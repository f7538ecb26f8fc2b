/// The rules for single values other than names, in Kubernetes' words. Each function returns what is wrong.
package enum ValueValidation {
    /// A port number: 1 to 65535.
    package static func portNumber(_ port: Int64) -> [String] { range(port, 1, 65535) }

    /// The name of a port: at most 15 bytes, lower case, with a letter.
    package static func portName(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        let hyphen = UInt8(ascii: "-")
        var problems: [String] = []
        if bytes.count > 15 { problems.append(NameValidation.lengthText(15)) }
        if bytes.isEmpty || !bytes.allSatisfy({ NameValidation.isLower($0) || NameValidation.isDigit($0) || $0 == hyphen }) {
            problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !bytes.contains(where: NameValidation.isLower) { problems.append("must contain at least one letter (a-z)") }
        if zip(bytes, bytes.dropFirst()).contains(where: { $0 == hyphen && $1 == hyphen }) {
            problems.append("must not contain consecutive hyphens")
        }
        if bytes.first == hyphen || bytes.last == hyphen { problems.append("must not begin or end with a hyphen") }
        return problems
    }

    /// The name of an environment variable: printable ASCII without `=`.
    package static func environmentName(_ text: String) -> [String] {
        if text.isEmpty { return ["environment variable name must be non-empty"] }
        let isValid = text.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E && $0 != UInt8(ascii: "=") }
        return isValid ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
    }

    /// The key of a ConfigMap or Secret.
    package static func configMapKey(_ text: String) -> [String] {
        let isValid =
            !text.isEmpty
            && text.utf8.allSatisfy {
                NameValidation.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
        var problems = NameValidation.problems(text, limit: NameValidation.subdomainLimit, isValid) {
            NameValidation.pattern(
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", "[-._a-zA-Z0-9]+",
                ["key.name", "KEY_NAME", "key-name"])
        }
        if text == "." || text == ".." {
            problems.append("must not be '\(text)'")
        } else if text.hasPrefix("..") {
            problems.append("must not start with '..'")
        }
        return problems
    }

    /// An absolute path without `..`.
    package static func absolutePath(_ text: String) -> [String] {
        var problems: [String] = []
        if !text.hasPrefix("/") { problems.append("must be an absolute path") }
        if text.split(separator: "/").contains("..") { problems.append("must not contain '..'") }
        return problems
    }

    /// An IPv4 or IPv6 address without a zone or leading zeros.
    package static func address(_ text: String) -> [String] {
        AddressSyntax.isIPv4(text) || AddressSyntax.isIPv6(text)
            ? [] : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    }

    /// A number within bounds.
    package static func range(_ number: Int64, _ low: Int64, _ high: Int64) -> [String] {
        number >= low && number <= high ? [] : ["must be between \(low) and \(high), inclusive"]
    }
}

/// The text forms of addresses, as Go's `netip.ParseAddr` reads them.
enum AddressSyntax {
    static func isIPv4(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(NameValidation.isDigit) else { return false }
                guard part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
                return part.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
            }
    }

    static func isIPv6(_ text: String) -> Bool {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.contains(UInt8(ascii: ":")), halves.count <= 2 else { return false }
        var total = 0
        for (position, half) in halves.enumerated() where !half.isEmpty {
            guard let count = groups(half, mayEndWithIPv4: position == halves.count - 1) else { return false }
            total += count
        }
        return halves.count == 2 ? total <= 7 : total == 8
    }

    /// The number of 16-bit groups in text between colons; nil when one is malformed.
    private static func groups(_ text: String, mayEndWithIPv4: Bool) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var count = 0
        for (index, part) in parts.enumerated() {
            if mayEndWithIPv4, index == parts.count - 1, part.contains(".") {
                guard isIPv4(part) else { return nil }
                count += 2
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHex) else { return nil }
                count += 1
            }
        }
        return count
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        NameValidation.isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
    }
}
