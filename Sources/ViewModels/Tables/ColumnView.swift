import APIMachinery

/// Which columns a table shows, in which order, beside or in place of its own: what a view of `views.yaml` says, and the columns that were
/// added while looking.
package struct ColumnView: Sendable, Hashable {
    /// The columns in order; none for the table's own.
    var columns: [ViewSettings.Column] = []
    /// The order of the rows; nil for the table's own.
    var sort: TableSort?
    /// Columns that were added while looking; they come last.
    var added: [ViewSettings.Column] = []

    /// As the table is by itself.
    static let standard = ColumnView()

    /// The columns that are read from the objects.
    var paths: CellPaths {
        var taken: Set<String> = []
        return CellPaths(
            columns: (columns + added).prefix(Self.most).compactMap { column in
                // best effort: settings have reported a path that cannot be read.
                guard let text = column.path, let path = try? ValuePath(parsing: ViewSettings.Column.bare(text)), taken.insert(column.id).inserted else {
                    return nil
                }
                return CellPaths.Column(
                    column: TableColumn(
                        id: column.id, title: column.name.uppercased(), alignment: column.isRightAligned || column.isTime ? .right : .left,
                        minimumWidth: min(column.name.count, 12), maximumWidth: 60, priority: column.isWide ? 60 : 3, isWhole: column.isTime),
                    path: path, form: column.isTime ? .time : column.isNumber ? .number : .text)
            })
    }

    /// The most columns that one table gets by paths.
    private static let most = 32

    /// A table's columns in the order of the view: what the view does not name comes last and is hidden at first.
    func arrange(_ layout: [TableColumn]) -> [Placed] {
        let isAdded = Set(added.map(\.id))
        guard !columns.isEmpty else {
            return layout.enumerated().map { Placed(position: $0, column: $1, isHidden: false) }
        }
        var placed: [Placed] = []
        for wanted in columns {
            guard let position = layout.lastIndex(where: { $0.id == wanted.id || $0.title == wanted.name.uppercased() }),
                !placed.contains(where: { $0.position == position })
            else { continue }
            var column = layout[position]
            if wanted.isRightAligned { column.alignment = .right }
            if wanted.isLeftAligned { column.alignment = .left }
            column.priority = column.id == "name" ? 0 : wanted.isWide ? 60 + placed.count : min(column.priority, 3 + placed.count)
            placed.append(Placed(position: position, column: column, isHidden: wanted.isHidden))
        }
        for (position, column) in layout.enumerated() where !placed.contains(where: { $0.position == position }) {
            // Named by the view as a column of its own, or hidden by it.
            if placed.contains(where: { $0.column.id == column.id }) { continue }
            placed.append(Placed(position: position, column: column, isHidden: !isAdded.contains(column.id)))
        }
        // A row is known by its name.
        if let name = placed.firstIndex(where: { $0.column.id == "name" }), placed[name].isHidden {
            placed[name].isHidden = false
            placed.insert(placed.remove(at: name), at: 0)
        }
        return placed
    }

    /// The names that no column of a table has.
    func unknown(in layout: [TableColumn]) -> [String] {
        columns.filter { wanted in
            wanted.path == nil && wanted.id != "namespace" && !layout.contains { $0.id == wanted.id || $0.title == wanted.name.uppercased() }
        }.map(\.name)
    }

    /// One column at its place.
    struct Placed {
        /// Which cell of a row it shows.
        var position: Int
        var column: TableColumn
        /// Whether it is hidden until somebody wants it.
        var isHidden: Bool
    }
}
