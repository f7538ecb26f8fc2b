/// The columns of several servers' tables of one kind as those of one table: joined by id, else by title. What came first keeps its place, so that
/// rows that were made before stay right; a cell that a server lacks is empty.
struct JoinedColumns: Sendable {
    /// The column that says which context a row is of; the first cell of every row.
    static let context = TableColumn(id: "context", title: "CONTEXT", minimumWidth: 7, maximumWidth: 28, priority: 0)

    /// The columns, in the order of the cells.
    private(set) var columns = [Self.context]
    /// Where each of a context's cells stands, by the context's place.
    private var places: [Int: [Int]] = [:]

    /// Takes the columns of a context's table.
    mutating func set(_ own: [TableColumn], of context: Int) {
        var taken: Set<Int> = [0]
        places[context] = own.map { column in
            var column = column
            // A kind may have a column of that name, too.
            if column.id == Self.context.id { column.id += "'" }
            let known = columns.indices.first { columns[$0].id == column.id } ?? columns.indices.first { columns[$0].title == column.title && $0 != 0 }
            if let known, taken.insert(known).inserted { return known }
            while columns.contains(where: { $0.id == column.id }) { column.id += "'" }
            columns.append(column)
            taken.insert(columns.count - 1)
            return columns.count - 1
        }
    }

    /// The cells of a context's row in their places.
    func cells(_ own: [TableCell], of context: Int, named name: String) -> [TableCell] {
        let places = places[context] ?? []
        var cells = Array(repeating: TableCell.text("", .dim), count: (places.max() ?? 0) + 1)
        cells[0] = .text(name, .normal)
        for (place, cell) in zip(places, own) { cells[place] = cell }
        return cells
    }
}
