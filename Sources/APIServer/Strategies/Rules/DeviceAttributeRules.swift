internal import APIMachinery
internal import JSONCore

/// Names and values of what devices have. Source: `pkg/apis/resource/validation/validation.go` validateQualifiedName, validateDeviceAttribute.
enum DeviceAttributeRules {
    /// The longest identifier and the longest value, in bytes.
    private static let (longestName, longestValue) = (32, 64)
    private static let identifier =
        "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' "
        + "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')"

    /// What is wrong with `name` or `domain/name`.
    static func name(_ text: String, _ field: String) -> [FieldError] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return word(parts[0], field)
        case 2:
            let domain = parts[0].isEmpty ? [.invalid(field, "", "the domain must not be empty")] : DeviceRules.driver(.string(parts[0]), field)
            return domain + (parts[1].isEmpty ? [.invalid(field, "", "the name must not be empty")] : word(parts[1], field))
        default: return [.invalid(field, .string(text), "must not contain more than one slash")]
        }
    }

    /// What is wrong with `domain/name`.
    static func fullName(_ text: String, _ field: String) -> [FieldError] {
        let errors = name(text, field)
        guard !text.contains("/") else { return errors }
        return errors + [.invalid(field, .string(text), "a fully qualified name must be a domain and a name separated by a slash")]
    }

    private static func word(_ text: String, _ field: String) -> [FieldError] {
        var errors: [FieldError] = text.utf8.count > longestName ? [.tooLong(field, maximum: longestName)] : []
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F }
        let isIdentifier = text.utf8.first.map(isLetter) ?? false
        if !isIdentifier || !text.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) }) {
            errors.append(.invalid(field, .string(text), identifier))
        }
        return errors
    }

    /// What is wrong with the value of an attribute: exactly one of its forms.
    static func value(_ value: JSONValue, _ field: String) -> [FieldError] {
        let given = (value.objectValue ?? JSONObject()).filter { !$0.value.isNull }
        var errors: [FieldError] = []
        for member in given {
            let place = "\(field).\(member.key)"
            switch (member.key, member.value) {
            case ("string", .string(let text)): errors += length(text, place)
            case ("version", .string(let text)): errors += version(text, place)
            case (_, .array(let items)) where items.isEmpty: errors.append(.invalid(place, member.value, "must not be empty if specified"))
            case ("strings", .array(let items)):
                for (index, item) in items.enumerated() { errors += length(item.stringValue ?? "", "\(place)[\(index)]") }
            case ("versions", .array(let items)):
                for (index, item) in items.enumerated() { errors += version(item.stringValue ?? "", "\(place)[\(index)]") }
            default: break
            }
        }
        if given.isEmpty { errors.append(.required(field, "exactly one value must be specified")) }
        if given.count > 1 { errors.append(.invalid(field, value, "exactly one value must be specified")) }
        return errors
    }

    private static func length(_ text: String, _ field: String) -> [FieldError] {
        text.utf8.count > longestValue ? [.tooLong(field, maximum: longestValue)] : []
    }

    private static func version(_ text: String, _ field: String) -> [FieldError] {
        let problem = FieldError.invalid(field, .string(text), "must be a string compatible with semver.org spec 2.0.0")
        return (isSemantic(text) ? [] : [problem]) + length(text, field)
    }

    /// Whether a text is a version: `1.2.3-alpha.1+build`. Source: semver.org, version 2.0.0.
    static func isSemantic(_ text: String) -> Bool {
        let halves = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        func pieces(_ text: Substring) -> [Substring] { text.split(separator: ".", omittingEmptySubsequences: false) }
        func isDigits(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        func isNumber(_ text: Substring) -> Bool { isDigits(text) && (text.utf8.count == 1 || text.utf8.first != 0x30) }
        func isWord(_ text: Substring) -> Bool {
            !text.isEmpty
                && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }
        }
        let core = pieces(parts[0])
        guard core.count == 3, core.allSatisfy(isNumber) else { return false }
        if parts.count == 2, !pieces(parts[1]).allSatisfy({ isDigits($0) ? isNumber($0) : isWord($0) }) { return false }
        return halves.count == 1 || pieces(halves[1]).allSatisfy(isWord)
    }
}
