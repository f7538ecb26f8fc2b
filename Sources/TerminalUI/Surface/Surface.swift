/// A screen of cells, drawn without a terminal and flushed by `FrameEncoder`.
@MainActor package struct Surface {
    /// Columns.
    package let width: Int
    /// Rows.
    package let height: Int
    var cells: [Cell]
    /// Where the hardware cursor stands; it is shown only when `isCursorVisible` (magnifiers and screen readers follow it even when hidden).
    var cursor: (x: Int, y: Int) = (0, 0)
    var isCursorVisible = false

    init(width: Int, height: Int, style: Style = .plain) {
        self.width = max(0, width)
        self.height = max(0, height)
        cells = Array(repeating: Cell(style: style), count: self.width * self.height)
    }

    var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

    /// Draws `text` from (x, y) within `limit` columns and the surface; returns the columns used. Line breaks and controls become visible signs.
    @discardableResult
    mutating func put(_ text: some StringProtocol, x: Int, y: Int, limit: Int = .max, style: Style) -> Int {
        guard y >= 0, y < height, x < width, limit > 0 else { return 0 }
        let end = limit > width - x ? width : x + limit
        var column = x
        for character in text {
            guard column < end else { break }
            column += put(character, x: column, y: y, end: end, style: style)
        }
        return column - x
    }

    /// One Character; returns its width, or what is left up to `end` when a wide one does not fit (a space is drawn instead).
    @discardableResult
    mutating func put(_ character: Character, x: Int, y: Int, end: Int, style: Style) -> Int {
        guard x >= 0, x < min(end, width), y >= 0, y < height else { return 0 }
        let glyph: UInt32
        let columns: Int
        switch SafeGlyph(character) {
        case .nothing: return 0
        case .scalar(let value, let width): (glyph, columns) = (value, width)
        case .cluster(let text, let width): (glyph, columns) = (GraphemePool.number(of: text), width)
        }
        guard x + columns <= min(end, width) else {
            set(x, y, Cell(style: style))
            return 1
        }
        set(x, y, Cell(glyph: glyph, width: UInt8(columns), style: style))
        if columns == 2 { cells[y * width + x + 1] = Cell(glyph: 0x20, width: 0, style: style) }
        return columns
    }

    /// Replaces one cell, and repairs a wide glyph that this cuts in half.
    private mutating func set(_ x: Int, _ y: Int, _ cell: Cell) {
        let index = y * width + x
        if cells[index].width == 0, x > 0 { cells[index - 1] = Cell(style: cells[index - 1].style) }
        let last = x + Int(max(1, cell.width)) - 1
        if last + 1 < width, cells[y * width + last + 1].width == 0 {
            cells[y * width + last + 1] = Cell(style: cells[y * width + last + 1].style)
        }
        cells[index] = cell
    }

    /// Fills a rectangle with one character.
    mutating func fill(_ rect: Rect, _ character: Character = " ", style: Style) {
        let glyph = character.unicodeScalars.first.map(\.value) ?? 0x20
        for y in max(0, rect.y)..<max(0, min(height, rect.maxY)) where rect.width > 0 {
            for x in max(0, rect.x)..<max(max(0, rect.x), min(width, rect.maxX)) {
                set(x, y, Cell(glyph: glyph, width: 1, style: style))
            }
        }
    }

    /// Puts another surface at a place; what does not fit is left out.
    mutating func copy(_ other: Surface, x left: Int, y top: Int) {
        for y in 0..<min(other.height, height - top) {
            for x in 0..<min(other.width, width - left) { cells[(top + y) * width + left + x] = other[x, y] }
        }
    }

    /// Changes the look of a rectangle and keeps its text.
    mutating func restyle(_ rect: Rect, _ change: (Style) -> Style) {
        for y in max(0, rect.y)..<max(0, min(height, rect.maxY)) where rect.width > 0 {
            for x in max(0, rect.x)..<max(max(0, rect.x), min(width, rect.maxX)) {
                cells[y * width + x].style = change(cells[y * width + x].style)
            }
        }
    }

    subscript(x: Int, y: Int) -> Cell { cells[y * width + x] }

    /// One row as text, without trailing spaces; wide glyphs take their own width.
    package func text(row y: Int) -> String {
        var bytes: [UInt8] = []
        for x in 0..<width where self[x, y].width > 0 { GraphemePool.append(self[x, y].glyph, to: &bytes) }
        while bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
