/// The rows that left a terminal's screen at its top, the oldest first; bounded.
struct Scrollback: Sendable {
    /// Rows that are kept.
    static let capacity = 5_000
    /// The oldest rows go in lots, so that a flood of output costs no more than it must.
    private static let lot = 500

    private var kept: [Reflow.Row] = []
    /// Rows that ever came.
    private var total = 0

    /// Nothing.
    init() {}

    /// Rows, the oldest of which that can be shown has a number.
    init(_ rows: [Reflow.Row], first: Int) {
        kept = rows
        total = first + rows.count
        if kept.count > Self.capacity { kept.removeFirst(kept.count - Self.capacity) }
    }

    /// The number of the oldest row that can be shown, counted from the first that ever came: what points at a row by it does not move, unless the
    /// width changes.
    var first: Int { total - count }

    /// The rows that can be shown.
    var count: Int { min(kept.count, Self.capacity) }

    /// Those rows.
    var rows: ArraySlice<Reflow.Row> { kept.suffix(count) }

    /// A row; the oldest has number 0.
    subscript(row: Int) -> [Cell] { kept[kept.count - count + row].cells }

    /// Takes a row.
    mutating func append(_ row: Reflow.Row) {
        total += 1
        kept.append(row)
        if kept.count >= Self.capacity + Self.lot { kept.removeFirst(Self.lot) }
    }

    /// Forgets all rows; the next one's number is as it would have been.
    mutating func removeAll() { kept = [] }

    /// The newest row's line does not go on in what comes after it.
    mutating func endLine() {
        if !kept.isEmpty { kept[kept.count - 1].goesOn = false }
    }
}
