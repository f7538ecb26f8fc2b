/// The value of a scalar with its quotes and its tag.
enum YAMLTag {
    static func value(of scalar: YAMLEvent.Scalar, at mark: YAMLMark) throws(YAMLError) -> JSONValue {
        guard let tag = scalar.tag else {
            return scalar.isPlain ? try plain(scalar.text, at: mark) : .string(scalar.text)
        }
        let prefix = "tag:yaml.org,2002:"
        guard tag.hasPrefix(prefix) else { return .string(scalar.text) }
        let name = tag.dropFirst(prefix.count)
        switch name {
        case "str", "timestamp": return .string(scalar.text)
        case "binary": return try binary(scalar.text, at: mark)
        case "int", "float", "bool", "null":
            let value = try plain(scalar.text, at: mark)
            guard matches(value, name) else {
                throw YAMLError(message: "\(scalar.text.inQuotes) is no \(name), as its tag \"!!\(name)\" demands", mark: mark)
            }
            return value
        default: return .string(scalar.text)
        }
    }

    private static func plain(_ text: String, at mark: YAMLMark) throws(YAMLError) -> JSONValue {
        switch YAMLScalar.resolve(text) {
        case .value(let value): return value
        case .merge: return .string(text)
        case .unrepresentable:
            throw YAMLError(message: "\(text) is a number that JSON does not have; put it in quotes to mean the text", mark: mark)
        }
    }

    private static func matches(_ value: JSONValue, _ name: Substring) -> Bool {
        switch (value, name) {
        case (.integer, "int"), (.integer, "float"), (.double, "float"), (.bool, "bool"), (.null, "null"): true
        default: false
        }
    }

    private static func binary(_ text: String, at mark: YAMLMark) throws(YAMLError) -> JSONValue {
        guard let bytes = Base64.decode(text), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw YAMLError(message: "a \"!!binary\" value must be base64 of UTF-8 text", mark: mark)
        }
        return .string(decoded)
    }
}
