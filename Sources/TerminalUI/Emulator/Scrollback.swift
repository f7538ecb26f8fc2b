/// The rows that left a terminal's screen at its top, the oldest first; bounded.
struct Scrollback: Sendable {
    /// Rows that are kept.
    static let capacity = 5_000
    /// The oldest rows go in lots, so that a flood of output costs no more than it must.
    private static let lot = 500

    private var kept: [[Cell]] = []
    /// Rows that ever came.
    private var total = 0

    /// The number of the oldest row that can be shown, counted from the first that ever came: what points at a row by it does not move.
    var first: Int { total - count }

    /// The rows that can be shown.
    var count: Int { min(kept.count, Self.capacity) }

    /// A row; the oldest has number 0.
    subscript(row: Int) -> [Cell] { kept[kept.count - count + row] }

    /// Takes a row, without the blanks at its end.
    mutating func append(_ row: ArraySlice<Cell>) {
        let last = row.lastIndex { $0 != .blank }
        total += 1
        kept.append(Array(row[row.startIndex..<(last.map { $0 + 1 } ?? row.startIndex)]))
        if kept.count >= Self.capacity + Self.lot { kept.removeFirst(Self.lot) }
    }
}
