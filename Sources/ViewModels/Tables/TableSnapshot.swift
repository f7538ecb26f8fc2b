/// The rows that a table shows at one moment, to be read off the main actor: nothing of them is copied.
struct TableSnapshot: Sendable {
    /// The headings of the shown columns.
    let titles: [String]
    /// All rows, packed, and which are shown in which order.
    let rows: PackedRows
    let order: [Int32]
    /// Where the shown columns' cells are; nil for the namespace.
    let positions: [Int?]
    /// A row's cells with what is measured.
    let fill: @Sendable (ResourceRow) -> [TableCell]

    /// How many rows are shown.
    var count: Int { order.count }

    /// A shown row.
    func row(_ place: Int) -> ResourceRow { rows.row(Int(order[place])) }

    /// The cells of a shown row, in the order of the headings.
    func cells(_ place: Int) -> [TableCell] {
        let row = row(place)
        let cells = fill(row)
        return positions.map { position in
            guard let position else { return .text(row.namespace, .dim) }
            return position < cells.count ? cells[position] : .text("", .dim)
        }
    }
}
