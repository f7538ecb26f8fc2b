/// Another size of the terminal.
extension Emulator {
    /// A new size. Where the width changes, lines that were wrapped are wrapped anew, those that left the screen too; the text stays at the top left,
    /// or at the bottom of a screen that was full, and the row of the cursor stays visible. Returns where places of the text are now: rows counted from
    /// the first that ever came.
    @discardableResult
    mutating func resize(width: Int, height: Int, places: [ShellPlace] = []) -> [ShellPlace] {
        guard width > 0, height > 0, width != surface.width || height != surface.height else { return places }
        let isOtherWidth = width != surface.width
        let moved = isOtherWidth ? rewrap(width: width, height: height, places) : places
        if !isOtherWidth || isAlternate {
            let shift = max(0, y - height + 1)
            if !isAlternate { for row in 0..<shift { keep(row: row) } }
            surface = Self.fitted(surface, width: width, height: height, droppingRows: shift)
            wraps = Self.fitted(wraps, height: height, droppingRows: shift)
            if !isOtherWidth { resizePrimary(height: height) }
            (x, y, wrapsNext) = (min(x, width - 1), min(y - shift, height - 1), false)
        }
        resetRegion()
        return moved
    }

    /// Another height of the screen that a full-screen program will leave: its cursor stays on it, what has no room above goes where all goes.
    private mutating func resizePrimary(height: Int) {
        guard let old = primary else { return }
        let shift = max(0, min(left.y, old.height - 1) - height + 1)
        for row in 0..<shift { scrollback.append(Self.row(row, of: old, primaryWraps)) }
        primary = Self.fitted(old, width: old.width, height: height, droppingRows: shift)
        primaryWraps = Self.fitted(primaryWraps, height: height, droppingRows: shift)
        left.y = min(left.y - shift, height - 1)
    }

    private static func fitted(_ old: Surface, width: Int, height: Int, droppingRows shift: Int) -> Surface {
        var next = Surface(width: width, height: height)
        for row in 0..<min(height, old.height - shift) {
            for column in 0..<min(width, old.width) {
                next.cells[row * width + column] = uncut(old[column, row + shift], column, width)
            }
        }
        return next
    }

    /// A cell of a row that is shown in so many columns: half a wide sign at the margin is blank.
    static func uncut(_ cell: Cell, _ column: Int, _ width: Int) -> Cell { cell.width == 2 && column == width - 1 ? .blank : cell }

    private static func fitted(_ old: [Int], height: Int, droppingRows shift: Int) -> [Int] {
        let rest = old.dropFirst(shift).prefix(height)
        return Array(rest) + Array(repeating: 0, count: max(0, height - rest.count))
    }

    /// Wraps what left the screen and the screen itself anew; of a full-screen program, the screen that it will leave.
    private mutating func rewrap(width: Int, height: Int, _ places: [ShellPlace]) -> [ShellPlace] {
        let screen = primary ?? surface
        let cursor = isAlternate ? (x: min(left.x, screen.width - 1), y: min(left.y, screen.height - 1)) : (x: wrapsNext ? x + 1 : x, y: y)
        let (back, first) = (scrollback.count, scrollback.first)
        let onScreen = Self.rows(of: screen, isAlternate ? primaryWraps : wraps, cursor)
        let isFull = onScreen.count == screen.height
        let wanted = [(row: back, column: 0), (row: back + cursor.y, column: cursor.x)] + places.map { (row: $0.row - first, column: $0.column) }
        let reflow = Reflow(Array(scrollback.rows) + onScreen, width: width, places: wanted)
        let (top, place) = (reflow.places[0].row, reflow.places[1])
        let count = reflow.rows.count
        // A screen that was full stays full; one that was not, as after `clear`, gets nothing back.
        let start = min(max(isFull ? 0 : top, count - height), place.row)
        scrollback = Scrollback(Array(reflow.rows[..<start]), first: first)
        var next = Surface(width: width, height: height)
        var ends = Array(repeating: 0, count: height)
        for (row, content) in reflow.rows[start...].prefix(height).enumerated() {
            for (column, cell) in content.cells.prefix(width).enumerated() { next.cells[row * width + column] = Self.uncut(cell, column, width) }
            if content.goesOn { ends[row] = min(width, content.cells.count) }
        }
        let (column, isBehind) = (min(place.column, width - 1), place.column >= width)
        if isAlternate {
            (primary, primaryWraps, left.x, left.y) = (next, ends, column, place.row - start)
        } else {
            (surface, wraps, x, y, wrapsNext) = (next, ends, column, place.row - start, isBehind)
        }
        return reflow.places.dropFirst(2).map { ShellPlace(row: first + $0.row, column: min(width - 1, $0.column)) }
    }

    /// The rows of a screen down to the last that is written on, or to the cursor.
    private static func rows(of screen: Surface, _ wraps: [Int], _ cursor: (x: Int, y: Int)) -> [Reflow.Row] {
        var rows = (0..<screen.height).map { row($0, of: screen, wraps) }
        let last = max(cursor.y, rows.lastIndex { !$0.cells.isEmpty } ?? 0)
        rows.removeSubrange((last + 1)...)
        return rows
    }

    /// A row of a screen, without the blanks at its end.
    static func row(_ row: Int, of screen: Surface, _ wraps: [Int]) -> Reflow.Row {
        let cells = screen.cells[(row * screen.width)..<((row + 1) * screen.width)]
        if wraps[row] > 0 { return Reflow.Row(cells: Array(cells.prefix(wraps[row])), goesOn: true) }
        let end = cells.lastIndex { $0 != .blank }.map { $0 + 1 } ?? cells.startIndex
        return Reflow.Row(cells: Array(cells[cells.startIndex..<end]), goesOn: false)
    }
}
