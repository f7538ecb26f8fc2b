import KubeClient

extension AppModel {
    /// Makes an application's table one of several contexts.
    func join(_ names: [String], _ place: SavedPlace) {
        scope = place.scope
        let joined = JoinedContexts(names, kindID: place.kind, table: joinedTable(names))
        (joined.awaitedUID, joined.wanted) = (place.uid, place)
        self.joined = joined
        prepare(joined.table)
        place.apply(to: joined.table)
        followRowContext()
    }

    /// Shows another kind of the same contexts, with an empty table; `isNew` false when only now is known what kind it is.
    func rejoin(isNew: Bool) {
        guard let joined else { return }
        joined.kindID = kind.id
        joined.table = joinedTable(joined.names)
        joined.firstRows = nil
        prepare(joined.table)
        guard isNew else {
            joined.wanted?.apply(to: joined.table)
            return
        }
        (joined.wanted, joined.awaitedUID) = (nil, nil)
        for place in joined.members.indices {
            (joined.members[place].kind, joined.members[place].trouble, joined.members[place].usageTrouble) = (nil, nil, nil)
        }
    }

    private func joinedTable(_ names: [String]) -> JoinedTable {
        JoinedTable(signal: signal, title: "\(kind.pluralTitle) of \(names.count) contexts", isNamespaced: kind.isNamespaced, contexts: names)
    }

    private func prepare(_ table: JoinedTable) {
        table.scope = scope
        table.sort = ServerTableLayout.sort(kind)
        applyView(to: table, kind, isNew: true)
        joined?.tell("")
    }

    /// Where we are is where the row under the cursor is: its context, and whether that can be changed now.
    func followRowContext() {
        guard let joined else { return }
        guard let row = joined.table.selectedRow, let place = joined.place(of: row) else {
            let none = ContextState(name: joined.text, access: .protected, isEmbedded: false)
            if context != none { context = none }
            return
        }
        let member = joined.members[place]
        let context = member.cluster?.contextState ?? member.context
        if self.context != context { self.context = context }
    }

    /// The namespaces that are known by name; of a joined table those of its rows.
    var namespaceNames: [String] {
        guard let joined else { return namespaces.rows.map(\.name).sorted() }
        return joined.table.countByNamespace.filter { $0.value > 0 && !$0.key.isEmpty }.keys.sorted()
    }
}
