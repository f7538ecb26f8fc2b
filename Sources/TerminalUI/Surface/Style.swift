/// Text attributes beside colours.
struct Attributes: OptionSet, Sendable, Hashable {
    let rawValue: UInt8
    static let bold = Attributes(rawValue: 1)
    static let dim = Attributes(rawValue: 2)
    static let italic = Attributes(rawValue: 4)
    static let underline = Attributes(rawValue: 8)
    static let reverse = Attributes(rawValue: 16)
    static let strike = Attributes(rawValue: 32)
}

/// How a cell looks.
struct Style: Sendable, Hashable {
    var foreground: Color
    var background: Color
    var attributes: Attributes

    init(foreground: Color = .terminal, background: Color = .terminal, attributes: Attributes = []) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }

    /// The terminal's own look.
    static let plain = Style()

    /// This style on another's background, for text inside a highlighted row. Reverse video carries over, so that mono screens show the row too.
    func on(_ row: Style) -> Style {
        Style(foreground: foreground, background: row.background, attributes: attributes.union(row.attributes.intersection(.reverse)))
    }
}
