import JSONCore
import TestSupport

extension SeededGenerator {
    /// Any string, with a liking for what parsers stumble over.
    mutating func string() -> String {
        let awkward = [
            "", " ", "yes", "no", "on", "null", "~", "0644", "1_000", "0x1f", "1e3", ".5", "-", "---", "...", "- a", "a: b", "a:", ":a",
            "a #b", "#a",
            "'", "\"", "\\", "a\nb", "a\n", "\na", "\n\n", "a\n\n", " a\nb", "\ta\nb", "a \nb ", "a\tb", "\u{85}", "\u{2028}", "\u{FEFF}",
            "\u{7F}", "é",
            "😀", "e\u{301}", "'\u{301}", "<<", "=", "!a", "&a", "*a", "%a", "@a", "`a", "[a", "{a", "a]", "?", "? a", "--flag",
            "2026-01-02", "12:30:45",
            "2026-01-02T03:04:05Z", "\r", "a\r\nb", "true", "True", ".inf", ".nan", "+1", "\u{0}", "\u{1F}", "a,b", "|", ">", "\u{FFFE}",
            "\u{10FFFF}",
        ]
        switch Int.random(in: 0..<4, using: &self) {
        case 0, 1: return awkward.randomElement(using: &self) ?? ""
        case 2: return (0..<Int.random(in: 1...3, using: &self)).map { _ in awkward.randomElement(using: &self) ?? "" }.joined()
        default:
            let scalars = (0..<Int.random(in: 0..<20, using: &self)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0..<0x250, using: &self))
            }
            return String(String.UnicodeScalarView(scalars))
        }
    }

    /// Any value, nested at most `depth` deep. Doubles have a fraction, so that YAML keeps them doubles.
    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &self))
        case 2: return .integer(Int64(bitPattern: next() >> UInt64.random(in: 0..<64, using: &self)))
        case 3: return .double(Double.random(in: -1...1, using: &self) * [1e-300, 1e-7, 0.37, 1e10].randomElement(using: &self)!)
        case 4, 5: return .string(string())
        case 6: return .array((0..<Int.random(in: 0..<5, using: &self)).map { _ in value(depth: depth - 1) })
        default:
            var members = JSONObject()
            for _ in 0..<Int.random(in: 0..<6, using: &self) { members[string()] = value(depth: depth - 1) }
            return .object(members)
        }
    }
}
