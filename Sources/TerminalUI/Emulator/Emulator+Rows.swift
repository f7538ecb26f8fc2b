/// Moving and erasing what is on the screen.
extension Emulator {
    /// Moves rows up (positive) or down inside a region, filling with blanks. `isKept`: what leaves it at the top was kept.
    mutating func scroll(from: Int, to: Int, by amount: Int, isKept: Bool = false) {
        let width = surface.width
        let rows = to - from + 1
        let count = min(rows, abs(amount))
        let empty = Array(repeating: Cell(style: blank), count: count * width)
        let noEnds = Array(repeating: 0, count: count)
        let ends = amount > 0 ? Array(wraps[(from + count)..<(to + 1)]) + noEnds : noEnds + Array(wraps[from..<(to + 1 - count)])
        wraps.replaceSubrange(from...to, with: ends)
        // What was wrapped into a row that has moved away ends before it; on a screen that scrolls as a whole it goes on above.
        if !isKept { endLine(above: from) }
        if amount < 0 { wraps[to] = 0 }
        if amount > 0 {
            surface.cells.replaceSubrange(
                (from * width)..<((to + 1) * width), with: surface.cells[((from + count) * width)..<((to + 1) * width)] + empty)
        } else {
            surface.cells.replaceSubrange(
                (from * width)..<((to + 1) * width), with: empty + surface.cells[(from * width)..<((to + 1 - count) * width)])
        }
    }

    /// Moves the rest of the row right (positive) or left.
    mutating func shift(from column: Int, by amount: Int) {
        let start = y * surface.width + column
        let end = (y + 1) * surface.width
        let count = min(end - start, abs(amount))
        let empty = Array(repeating: Cell(style: blank), count: count)
        let kept = Array(amount > 0 ? surface.cells[start..<(end - count)] : surface.cells[(start + count)..<end])
        surface.cells.replaceSubrange(start..<end, with: amount > 0 ? empty + kept : kept + empty)
        mend(row: y)
    }

    /// Blanks the halves of wide glyphs that were cut: a terminal would wrap the left one at its margin.
    private mutating func mend(row: Int) {
        let start = row * surface.width
        for column in 0..<surface.width {
            let cell = surface.cells[start + column]
            let hasRight = column + 1 < surface.width && surface.cells[start + column + 1].width == 0
            let hasLeft = column > 0 && surface.cells[start + column - 1].width == 2
            if cell.width == 2 && !hasRight || cell.width == 0 && !hasLeft { surface.cells[start + column] = Cell(style: cell.style) }
        }
    }

    mutating func eraseDisplay(_ what: Int) {
        switch what {
        case 0:
            eraseLine(0)
            surface.fill(Rect(x: 0, y: y + 1, width: surface.width, height: surface.height - y - 1), style: blank)
            endLines(y..<surface.height)
        case 1:
            eraseLine(1)
            surface.fill(Rect(x: 0, y: 0, width: surface.width, height: y), style: blank)
            endLines(0..<y)
            endLine(above: 0)
        case 2:
            surface.fill(surface.bounds, style: blank)
            endLines(0..<surface.height)
            endLine(above: 0)
        case 3: scrollback.removeAll()
        default: break
        }
    }

    /// Lines end in these rows.
    private mutating func endLines(_ rows: Range<Int>) { for row in rows { wraps[row] = 0 } }

    /// The row before this one ends its line: what it would go on with is gone from its first column.
    private mutating func endLine(above row: Int) {
        if row > 0 {
            wraps[row - 1] = 0
        } else if !isAlternate {
            scrollback.endLine()
        }
    }

    mutating func eraseLine(_ what: Int) {
        if what != 1 { wraps[y] = 0 }
        if what != 0 || x == 0 { endLine(above: y) }
        switch what {
        case 0: surface.fill(Rect(x: x, y: y, width: surface.width - x, height: 1), style: blank)
        case 1: surface.fill(Rect(x: 0, y: y, width: min(surface.width, x + 1), height: 1), style: blank)
        default: surface.fill(Rect(x: 0, y: y, width: surface.width, height: 1), style: blank)
        }
    }
}
