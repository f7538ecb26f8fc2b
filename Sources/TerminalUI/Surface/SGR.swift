/// Select Graphic Rendition: the shortest sequence from one style to another.
enum SGR {
    static func append(from old: Style?, to new: Style, into bytes: inout [UInt8]) {
        var parts: [String] = []
        var base = old
        // Attributes can only be dropped together with others that share their code; starting over is shorter than tracking which.
        if let old, !old.attributes.subtracting(new.attributes).isEmpty { base = nil }
        if base == nil {
            parts.append("0")
            base = .plain
        }
        let from = base ?? .plain
        let added = new.attributes.subtracting(from.attributes)
        for (attribute, code) in codes where added.contains(attribute) { parts.append(code) }
        if from.foreground != new.foreground { parts.append(code(new.foreground, base: 30)) }
        if from.background != new.background { parts.append(code(new.background, base: 40)) }
        guard !parts.isEmpty else { return }
        let body = parts == ["0"] ? "" : parts.joined(separator: ";")
        bytes.append(contentsOf: "\u{1B}[\(body)m".utf8)
    }

    private static let codes: [(Attributes, String)] = [
        (.bold, "1"), (.dim, "2"), (.italic, "3"), (.underline, "4"), (.reverse, "7"), (.strike, "9"),
    ]

    private static func code(_ color: Color, base: Int) -> String {
        switch color.value {
        case .terminal: "\(base + 9)"
        case .index(let index) where index < 8: "\(base + Int(index))"
        case .index(let index) where index < 16: "\(base + 60 + Int(index) - 8)"
        case .index(let index): "\(base + 8);5;\(index)"
        case .rgb(let red, let green, let blue): "\(base + 8);2;\(red);\(green);\(blue)"
        }
    }
}
