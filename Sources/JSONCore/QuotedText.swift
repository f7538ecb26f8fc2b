extension String {
    /// The text in quotes for a message: of bearable length, and with escapes for what would end the quotes or command a terminal.
    /// Source: Go's `%q`.
    var inQuotes: String {
        let longest = 200
        var out = "\""
        for scalar in unicodeScalars.prefix(longest) {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case let c where c.value < 0x20 || c.value == 0x7F: out += "\\x\(c.value < 0x10 ? "0" : "")\(String(c.value, radix: 16))"
            case let c where c.value > 0x7F && c.value < 0xA0: out += "\\u00\(String(c.value, radix: 16))"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.dropFirst(longest).isEmpty ? "\(out)\"" : "\(out)…\""
    }
}
