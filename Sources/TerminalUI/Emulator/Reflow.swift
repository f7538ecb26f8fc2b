/// Rows of a terminal made anew for another width: those that a line was wrapped into become one line again, and that is wrapped where it has to be now.
struct Reflow {
    /// A row, and whether the line goes on in the next one.
    struct Row: Sendable, Hashable {
        /// Without what was never written at its end; of a row that goes on, exactly what belongs to its line.
        var cells: [Cell]
        /// Whether the next row is more of the same line.
        var goesOn: Bool
    }

    /// The rows as they are now.
    private(set) var rows: [Row] = []
    /// Where the places that were asked for are now, as rows and columns; a column may lie behind a row's last one, at most at the width.
    private(set) var places: [(row: Int, column: Int)]

    /// Wraps rows at `width` columns. `wanted` are places in them, rows counted from 0; what is outside goes to the nearest end.
    init(_ old: [Row], width: Int, places wanted: [(row: Int, column: Int)]) {
        places = wanted.map { _ in (0, 0) }
        rows.reserveCapacity(old.count)
        var first = 0
        while first < old.count {
            var last = first
            while last < old.count - 1, old[last].goesOn { last += 1 }
            wrap(old[first...last], width: max(1, width), wanted)
            first = last + 1
        }
        for (index, place) in wanted.enumerated() where place.row >= old.count { places[index] = (max(0, rows.count - 1), 0) }
    }

    private mutating func wrap(_ line: ArraySlice<Row>, width: Int, _ wanted: [(row: Int, column: Int)]) {
        let goesOn = line.last?.goesOn ?? false
        let cells = line.count == 1 ? line[line.startIndex].cells : line.flatMap(\.cells)
        let starts = Self.starts(cells, width: width)
        let base = rows.count
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : cells.count
            rows.append(Row(cells: Array(cells[start..<end]), goesOn: index + 1 < starts.count || goesOn))
        }
        var offset = 0
        for row in line.indices {
            let isLast = row == line.endIndex - 1
            for (index, place) in wanted.enumerated() where place.row == row {
                let column = max(0, place.column)
                // Of a row that goes on the end is the next one's start.
                let at = offset + (isLast ? column : min(column, max(0, line[row].cells.count - 1)))
                let found = starts.lastIndex { $0 <= at } ?? 0
                places[index] = (base + found, min(width, at - starts[found]))
            }
            offset += line[row].cells.count
        }
    }

    /// Where each row of a line begins. A wide sign that is cut by the margin goes to the next row whole; where a row has one column only, it keeps
    /// both cells in it, and comes back with the next width.
    private static func starts(_ cells: [Cell], width: Int) -> [Int] {
        var starts = [0]
        var end = width
        while end < cells.count {
            if cells[end].width == 0 { end += width > 1 ? -1 : 1 }
            guard end < cells.count else { break }
            starts.append(end)
            end += width
        }
        return starts
    }
}
