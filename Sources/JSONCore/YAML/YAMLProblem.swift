/// libyaml's complaints in words that say what to change.
enum YAMLProblem {
    static func message(_ problem: String, context: String?, offending: UInt8?) -> String {
        if offending == UInt8(ascii: "\t"), problem.contains("cannot start any token") {
            return "a tab cannot be used for indentation; use spaces"
        }
        return switch problem {
        case "found character that cannot start any token":
            "\(shown(offending)) cannot start a value; put the value in quotes"
        case "found a tab character that violates indentation", "found a tab character where an indentation space is expected":
            "a tab cannot be used for indentation; use spaces"
        case "mapping values are not allowed in this context":
            "\":\" cannot stand here; check the indentation, or put a text that contains \": \" in quotes"
        case "did not find expected key":
            "a key is expected here; check the indentation of this line and the one before"
        case "could not find expected ':'":
            "a \":\" is missing after the key, or a quote is not closed"
        case "did not find expected '-' indicator":
            "a list item starting with \"-\" is expected here; check the indentation"
        case "block sequence entries are not allowed in this context":
            "a list item cannot stand here; put \"-\" on a line of its own below the key"
        case "found unexpected end of stream":
            context.map { "the text ends \($0)" } ?? "the text ends too early"
        case "did not find expected ',' or ']'": "a \",\" or \"]\" is expected here"
        case "did not find expected ',' or '}'": "a \",\" or \"}\" is expected here"
        case "control characters are not allowed": "a control character cannot stand here; escape it in double quotes"
        default: context.map { "\(problem) \($0)" } ?? problem
        }
    }

    private static func shown(_ byte: UInt8?) -> String {
        guard let byte, byte > 0x20, byte < 0x7F else { return "this character" }
        return "\"\(Character(Unicode.Scalar(byte)))\""
    }
}
