/// What a table's order and filter are made from.
extension ResourcesModel: RowSource {
    var slotLimit: Int { rows.capacity }

    private func isInScope(_ slot: Int) -> Bool {
        guard rows.generation(slot) != nil else { return false }
        guard case .only(let names) = scope else { return true }
        let namespace = rows.read(slot) { reader in
            reader.skipHead()
            return reader.text()
        }
        return namespace.isEmpty || names.contains(namespace)
    }

    func isShown(_ slot: Int) -> Bool { isInScope(slot) && (matches.map { $0.contains(id(slot)) } ?? true) }

    func passes(_ slot: Int, _ filter: RowFilter) -> Bool {
        let test = RowTest(filter, columns: layout.map(\.id), showsNamespace: showsNamespace)
        return rows.read(slot) { test.holds(&$0) }
    }

    func passing(_ filter: RowFilter) -> [Bool] {
        let test = RowTest(filter, columns: layout.map(\.id), showsNamespace: showsNamespace)
        return rows.test { test.holds(&$0) }
    }

    func sortValue(_ slot: Int, _ column: String) -> SortValue {
        if column == "namespace" || column == "name" {
            return rows.read(slot) { reader in
                reader.skipHead()
                let namespace = reader.text()
                return .text(column == "name" ? reader.text() : namespace)
            }
        }
        guard let position = layout.lastIndex(where: { $0.id == column }) else { return .none }
        let row = rows.row(slot)
        let cells = cells(row)
        return position < cells.count ? SortValue(cells[position]) : .none
    }

    func isBefore(_ a: Int, _ b: Int) -> Bool {
        func place(_ slot: Int) -> (String, String) {
            rows.read(slot) { reader in
                reader.skipHead()
                let namespace = reader.text()
                return (reader.text(), namespace)
            }
        }
        let (x, y) = (place(a), place(b))
        return NaturalOrder.isBefore(x.0, y.0) ?? NaturalOrder.isBefore(x.1, y.1) ?? decides(rows.row(a), rows.row(b)) ?? (a < b)
    }
}
