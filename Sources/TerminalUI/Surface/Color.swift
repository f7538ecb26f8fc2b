/// A colour as a terminal takes it, packed in four bytes: the terminal's default, one of 256 indices (0-15 follow the user's palette), or 24 bits.
struct Color: Sendable, Hashable {
    private let packed: UInt32
    private init(packed: UInt32) { self.packed = packed }

    /// The terminal's own foreground or background.
    static let terminal = Color(packed: 0)
    /// One of the 256 indexed colours.
    static func index(_ index: UInt8) -> Color { Color(packed: 1 << 24 | UInt32(index)) }
    /// 24 bits.
    static func rgb(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Color {
        Color(packed: 2 << 24 | UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue))
    }

    /// The cases, for encoders and tests.
    enum Value: Equatable {
        case terminal
        case index(UInt8)
        case rgb(UInt8, UInt8, UInt8)
    }
    var value: Value {
        switch packed >> 24 {
        case 1: .index(UInt8(packed & 0xFF))
        case 2: .rgb(UInt8(packed >> 16 & 0xFF), UInt8(packed >> 8 & 0xFF), UInt8(packed & 0xFF))
        default: .terminal
        }
    }
}

/// How many colours the terminal shows; everything is designed to be readable in each.
package enum ColorDepth: String, Sendable, CaseIterable {
    case mono, sixteen, indexed, truecolor

    /// From the environment and terminfo: NO_COLOR wins (https://no-color.org), then COLORTERM, then the number of colours.
    package static func detect(noColor: String?, colorTerm: String?, term: String, terminfoColors: Int) -> ColorDepth {
        if let noColor, !noColor.isEmpty { return .mono }
        if let colorTerm, colorTerm == "truecolor" || colorTerm == "24bit" { return .truecolor }
        if term.hasSuffix("-direct") { return .truecolor }
        if terminfoColors >= 256 || term.contains("256color") { return .indexed }
        return terminfoColors >= 8 ? .sixteen : .mono
    }

    /// The nearest colour this depth can show, for colours that come from logs rather than from a theme.
    func nearest(_ color: Color) -> Color {
        switch (self, color.value) {
        case (.mono, _): return .terminal
        case (.truecolor, _), (_, .terminal): return color
        case (.indexed, .rgb(let red, let green, let blue)): return .index(Self.cube(red, green, blue))
        case (.indexed, .index): return color
        case (.sixteen, .index(let index)) where index < 16: return color
        case (.sixteen, .index(let index)):
            let (red, green, blue) = Self.expand(index)
            return .index(Self.basic(red, green, blue))
        case (.sixteen, .rgb(let red, let green, let blue)): return .index(Self.basic(red, green, blue))
        }
    }

    private static func cube(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        if red == green, green == blue { return red < 8 ? 16 : red > 248 ? 231 : 232 + (red - 8) / 10 }
        func level(_ value: UInt8) -> UInt8 { UInt8((Int(value) + 25) / 51) }
        return 16 + 36 * level(red) + 6 * level(green) + level(blue)
    }

    private static func expand(_ index: UInt8) -> (UInt8, UInt8, UInt8) {
        if index >= 232 {
            let grey = 8 + 10 * (index - 232)
            return (grey, grey, grey)
        }
        let cube = index - 16
        return (cube / 36 * 51, cube / 6 % 6 * 51, cube % 6 * 51)
    }

    private static func basic(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        let bits: UInt8 = (red > 110 ? 1 : 0) | (green > 110 ? 2 : 0) | (blue > 110 ? 4 : 0)
        let isBright = max(red, green, blue) > 200
        return bits == 0 ? (max(red, green, blue) > 60 ? 8 : 0) : bits | (isBright ? 8 : 0)
    }
}
