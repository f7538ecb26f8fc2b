/// What a scalar's text stands for. Source: sigs.k8s.io/yaml goyaml.v2 resolve.go.
enum YAMLScalar {
    /// What a plain scalar is.
    enum Resolution: Equatable {
        case value(JSONValue)
        /// `<<`, which merges as a key and is text as a value.
        case merge
        /// Infinity or not-a-number, which JSON does not have.
        case unrepresentable
    }

    /// The meaning of a scalar written without quotes and tag.
    static func resolve(_ text: String) -> Resolution {
        guard let first = text.utf8.first else { return .value(.null) }
        switch first {
        case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"), UInt8(ascii: "T"),
            UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "o"), UInt8(ascii: "O"), UInt8(ascii: "~"):
            return .value(word(text) ?? .string(text))
        case UInt8(ascii: "<"):
            return text == "<<" ? .merge : .value(.string(text))
        case UInt8(ascii: "."):
            if isUnrepresentable(text) { return .unrepresentable }
            return .value(YAMLNumber.float(text) ?? .string(text))
        case UInt8(ascii: "+"), UInt8(ascii: "-"), 0x30...0x39:
            if isUnrepresentable(text) { return .unrepresentable }
            let digits = text.filter { $0 != "_" }
            return .value(YAMLNumber.integer(digits) ?? YAMLNumber.float(digits) ?? .string(text))
        default:
            return .value(.string(text))
        }
    }

    private static func word(_ text: String) -> JSONValue? {
        switch text {
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": .bool(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": .bool(false)
        case "~", "null", "Null", "NULL": .null
        default: nil
        }
    }

    private static func isUnrepresentable(_ text: String) -> Bool {
        switch text {
        case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF": true
        default: false
        }
    }
}
