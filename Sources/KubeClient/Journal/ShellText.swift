/// Quotes words for a shell, so that a copied command line means exactly what was sent. Source: POSIX shell, section 2.2; bash's `$'…'`.
package enum ShellText {
    /// One word. Signs that could drive a terminal are written as escapes.
    package static func word(_ text: String) -> String {
        if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
        if !text.unicodeScalars.contains(where: isControl) {
            return "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
        }
        var quoted = "$'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "'": quoted += "\\'"
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where isControl(scalar):
                for byte in String(scalar).utf8 { quoted += "\\x\(hex(byte))" }
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "'"
    }

    /// Words with spaces between them.
    package static func line(_ words: [String]) -> String { words.map(word).joined(separator: " ") }

    /// A command that reads `text` from its standard input.
    package static func heredoc(_ command: String, _ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var mark = "EOF"
        while lines.contains(where: { $0 == mark }) { mark += "_" }
        return "\(command) <<'\(mark)'\n\(text)\n\(mark)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_./:=@,+%".utf8.contains(byte)
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0\(text)" : text
    }
}
