/// A place in a shell's text: a row counted from the first that it ever showed, and a column.
struct ShellPlace: Hashable, Comparable, Sendable {
    var row: Int
    var column: Int

    static func < (a: ShellPlace, b: ShellPlace) -> Bool { (a.row, a.column) < (b.row, b.column) }
}

/// The rows of a shell: those that left its screen, then those on it.
@MainActor struct ShellText {
    let back: Scrollback
    let screen: Surface

    /// The numbers of the rows that can be shown.
    var rows: Range<Int> { back.first..<back.first + back.count + screen.height }
    /// The number of the screen's first row.
    var screenStart: Int { back.first + back.count }

    /// A row's cells.
    func cells(_ row: Int) -> ArraySlice<Cell> {
        guard rows.contains(row) else { return [] }
        if row < screenStart { return back[row - back.first][...] }
        let start = (row - screenStart) * screen.width
        return screen.cells[start..<start + screen.width]
    }

    /// The characters of a row, without blanks at its end, each with the column that it stands in.
    func characters(_ row: Int) -> [(character: Character, column: Int)] {
        var result: [(character: Character, column: Int)] = []
        let cells = cells(row)
        for (column, cell) in cells.enumerated() where cell.width > 0 {
            var bytes: [UInt8] = []
            GraphemePool.append(cell.glyph, to: &bytes)
            result.append((String(decoding: bytes, as: UTF8.self).first ?? " ", column))
        }
        while result.last?.character == " " { result.removeLast() }
        return result
    }

    /// The text from one place to another, both included.
    func text(from start: ShellPlace, to end: ShellPlace) -> String {
        guard start <= end else { return text(from: end, to: start) }
        return rows.clamped(to: start.row..<end.row + 1).map { row in
            let (first, last) = (row == start.row ? start.column : 0, row == end.row ? end.column : .max)
            return String(characters(row).filter { $0.column >= first && $0.column <= last }.map(\.character))
        }.joined(separator: "\n")
    }

    /// Where a text stands in a row, ignoring case, as columns.
    func matches(_ wanted: String, row: Int) -> [Range<Int>] {
        let characters = characters(row)
        return SearchRanges.find(wanted, in: String(characters.map(\.character))).compactMap { found in
            guard let first = characters.dropFirst(found.lowerBound).first, let last = characters.dropFirst(found.upperBound - 1).first else { return nil }
            return first.column..<last.column + 1
        }
    }

    /// The next row up from a row, or down, where a text stands; the row itself is the last that is looked at. Nil when it stands nowhere.
    func row(of wanted: String, from start: Int, isUp: Bool) -> Int? {
        let (all, count) = (rows, rows.count)
        guard count > 0, !wanted.isEmpty else { return nil }
        for step in 1...count {
            let offset = (start - all.lowerBound + (isUp ? -step : step)) % count
            let row = all.lowerBound + (offset + count) % count
            if !matches(wanted, row: row).isEmpty { return row }
        }
        return nil
    }
}
