/// One column of one row. A wide glyph owns two cells; its right half has width 0.
struct Cell: Sendable, Hashable {
    /// A scalar, or an index into `GraphemePool` with the top bit set.
    var glyph: UInt32
    var width: UInt8
    var style: Style

    init(glyph: UInt32 = 0x20, width: UInt8 = 1, style: Style = .plain) {
        self.glyph = glyph
        self.width = width
        self.style = style
    }

    /// An empty cell.
    static let blank = Cell()
}

/// Multi-scalar graphemes (a letter with its accents), numbered so that a cell stays small. Bounded; when full, the base is drawn alone.
@MainActor enum GraphemePool {
    private static var texts: [String] = []
    private static var numbers: [String: UInt32] = [:]
    private static let capacity = 8192
    private static let mark: UInt32 = 1 << 31

    static func number(of text: String) -> UInt32 {
        if let known = numbers[text] { return known }
        guard texts.count < capacity else { return text.unicodeScalars.first?.value ?? 0x20 }
        let number = UInt32(texts.count) | mark
        texts.append(text)
        numbers[text] = number
        return number
    }

    static func append(_ glyph: UInt32, to bytes: inout [UInt8]) {
        if glyph < 0x80 {
            bytes.append(UInt8(glyph))
        } else if glyph & mark != 0 {
            bytes.append(contentsOf: texts[Int(glyph & ~mark)].utf8)
        } else if let scalar = Unicode.Scalar(glyph) {
            bytes.append(contentsOf: Character(scalar).utf8)
        }
    }
}
