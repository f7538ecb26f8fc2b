/// How a string is written so that it reads back as itself.
enum YAMLText {
    /// The string on one line: plain where that is unmistakable, in quotes otherwise.
    static func singleLine(_ text: String) -> String {
        if isPlain(text) { return text }
        guard text.unicodeScalars.allSatisfy({ isPrintable($0) }) else { return doubleQuoted(text) }
        if text.utf8.contains(UInt8(ascii: "\"")) || text.utf8.contains(UInt8(ascii: "\\")) {
            let doubled = text.utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false).joined(separator: "''".utf8)
            return "'\(String(decoding: Array(doubled), as: UTF8.self))'"
        }
        return "\"\(text)\""
    }

    /// The header of a literal block (`|`, `|-`, `|+`, with an indentation mark where the text starts with blanks);
    /// nil when the string has one line or characters that a block cannot hold.
    static func literalHeader(_ text: String) -> String? {
        guard text.utf8.contains(0x0A), text.unicodeScalars.allSatisfy({ $0 == "\n" || $0 == "\t" || isPrintable($0) }) else { return nil }
        guard let visible = text.utf8.first(where: { $0 != 0x0A }) else { return nil }
        let startsBlank = text.utf8.first == 0x0A || visible == UInt8(ascii: " ") || visible == UInt8(ascii: "\t")
        let tail = text.utf8.suffix(2)
        let chomping =
            if tail.last != 0x0A {
                "-"
            } else if tail.first == 0x0A, tail.count == 2 {
                "+"
            } else {
                ""
            }
        return "|\(startsBlank ? "2" : "")\(chomping)"
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        guard YAMLScalar.resolve(text) == .value(.string(text)), !looksSpecial(text) else { return false }
        let indicators = "-?:,[]{}#&*!|>'\"%@`= \t".utf8
        if indicators.contains(first) {
            // A dash starts a text when something other than a blank follows, as in "--flag".
            let second = text.utf8.dropFirst().first
            guard first == UInt8(ascii: "-"), let second, second != 0x20, !text.hasPrefix("---") else { return false }
        }
        if text.hasPrefix("..."), text.utf8.count == 3 || text.utf8.dropFirst(3).first == 0x20 { return false }
        if last == 0x20 || last == UInt8(ascii: ":") { return false }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == 0x20, previous == UInt8(ascii: ":") { return false }
            if byte == UInt8(ascii: "#"), previous == 0x20 { return false }
            previous = byte
        }
        return text.unicodeScalars.allSatisfy { isPrintable($0) }
    }

    /// Texts that other YAML readers take for numbers or times: base 60 numbers and dates are quoted for their sake.
    private static func looksSpecial(_ text: String) -> Bool {
        guard let first = text.utf8.first, first >= 0x30 && first <= 0x39 || first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
        else { return false }
        return text.utf8.dropFirst().allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "T") || byte == UInt8(ascii: "Z")
        } && text.utf8.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") }
    }

    /// Whether a scalar may stand unescaped on a line. Source: YAML 1.1 nb-char, less what some readers take for line breaks.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: true
        case 0xA0...0xD7FF: scalar.value != 0x2028 && scalar.value != 0x2029
        case 0xE000...0xFFFD: scalar.value != 0xFEFF
        case 0x10000...0x10FFFF: true
        default: false
        }
    }

    private static func doubleQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _ where isPrintable(scalar): quoted.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)"
            }
        }
        return "\(quoted)\""
    }
}
