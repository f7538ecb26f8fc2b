/// Which columns are shown, in which order.
extension ResourcesModel {
    package var columns: [TableColumn] {
        var columns = placed.filter(isVisible).map { headed($0.column) }
        if showsNamespace { columns.insert(Self.namespaceColumn, at: min(columnsBeforeNamespace, columns.count)) }
        return columns
    }

    /// Where figures are missing, the heading says why, once.
    private func headed(_ column: TableColumn) -> TableColumn {
        guard column.id == "cpu", let usageGap, !tellsUse else { return column }
        var column = column
        column.title += ": \(usageGap.heading)"
        column.minimumWidth = max(column.minimumWidth, column.title.count)
        return column
    }

    func isVisible(_ placed: ColumnView.Placed) -> Bool {
        let id = placed.column.id
        return id == "name" || (placed.isHidden ? wantedColumns.contains(id) : !hiddenColumns.contains(id))
    }

    /// Shows a column, or hides it.
    package func toggleColumn(_ id: String) {
        guard let placed = placed.first(where: { $0.column.id == id }) else { return }
        if placed.isHidden {
            if wantedColumns.remove(id) == nil { wantedColumns.insert(id) }
        } else if hiddenColumns.remove(id) == nil {
            hiddenColumns.insert(id)
        }
    }

    /// The columns that can be shown or hidden, and whether they are.
    package var choosableColumns: [(column: TableColumn, isShown: Bool)] {
        placed.filter { $0.column.id != "name" }.map { ($0.column, isVisible($0)) }
    }

    private static let namespaceColumn = TableColumn(id: "namespace", title: "NAMESPACE", minimumWidth: 10, maximumWidth: 24, priority: 3)
}
