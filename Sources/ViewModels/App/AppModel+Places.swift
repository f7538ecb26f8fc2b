import APIMachinery
package import KubeClient

extension AppModel {
    /// What the pane of objects shows.
    package var place: Place {
        Place(kind: kind, scope: scope, filter: list.filter, sort: list.sort, selectedUID: list.selectedUID)
    }

    /// The shown kind, as `deployments.apps`.
    package var kindID: String { kind.id }
    /// The shown kind, as `deployments`.
    package var kindPlural: String { kind.resource.resource }
    /// The shown kind, as `deployment`.
    package var kindNoun: String { kind.kind.lowercased() }
    /// What the log pane says while no log was chosen.
    var logHint: String {
        if showsPods { return "select a pod" }
        return CommandTable.logged.contains(kind.id) ? "l shows the logs of its pods as one" : "\(kind.resource.resource) write no logs"
    }
    /// Whether pods are shown.
    package var showsPods: Bool { kind.isPods }

    /// The table of the shown kind.
    package var list: ResourcesModel { joined?.table ?? (kind.isPods ? pods : table(kind)) }

    /// The table of a kind; made when it is first asked for.
    package func table(_ kind: ServedKind) -> ResourcesModel {
        if kind.isPods { return pods }
        if let table = tables[kind.id] { return table }
        let table = ResourcesModel(signal: signal, title: kind.pluralTitle, isNamespaced: kind.isNamespaced)
        table.scope = scope
        table.notice = "waiting for the cluster"
        table.onSelect = { [weak self, weak table] in
            guard let self, let table, list === table else { return }
            onSelect()
        }
        table.sort = ServerTableLayout.sort(kind)
        tables[kind.id] = table
        applyView(to: table, kind, isNew: true)
        onTable(table, kind)
        return table
    }

    /// Shows a kind; where one was can be gone back to.
    package func show(kind: ServedKind, filter: String? = nil) {
        visited.leave(place)
        endToasts()
        self.kind = kind
        if let filter { list.filter = filter }
        focus = .pods
    }

    /// Shows a place again.
    private func show(_ place: Place) {
        endToasts()
        kind = place.kind
        if place.scope != scope { show(scope: place.scope) }
        list.filter = place.filter
        list.sort = place.sort
        if let uid = place.selectedUID { list.select(uid: uid) }
        focus = .pods
    }

    /// Shows the place before.
    package func goToPlaceBefore() {
        guard let place = visited.goBack(from: place) else { return toast("there is no place before this", .dim) }
        show(place)
    }

    /// Shows the place that was gone back from.
    package func goToPlaceAfter() {
        guard let place = visited.goForward(from: place) else { return toast("there is no place after this", .dim) }
        show(place)
    }

    /// Another cluster is shown: its kinds are not known yet, and nothing of how the one before was looked at holds for it.
    func forgetTables() {
        endToasts()
        visited = PlaceHistory()
        (pods.hiddenColumns, pods.wantedColumns, pods.pickedColumn) = ([], [], nil)
        (pods.view, pods.sort, pods.filter) = (.standard, TableSort(column: "name"), "")
        applyView(to: pods, .pods, isNew: true)
        (logs.search, namespaces.filter) = ("", "")
        kind = ServedKind.pods
        tables = [:]
        kinds = [.pods]
    }

    /// The selected object of the pane of objects as it is now; actions keep it from the key press on.
    var selectedListBinding: ObjectBinding? { list.selectedRow.map { binding($0, kind) } }

    /// The marked objects in order, or else the one under the cursor.
    package var chosenBindings: [ObjectBinding] { list.chosenRows.map { binding($0, kind) } }

    /// A row's binding in the present context; of a joined table in the row's own.
    package func binding(_ row: ResourceRow, _ kind: ServedKind) -> ObjectBinding {
        if let joined { return joined.binding(row, kind) }
        return ObjectBinding(
            context: context.name, namespace: kind.isNamespaced ? row.namespace : nil, kind: kind.kind, name: row.name, uid: row.uid,
            resource: kind.resource)
    }
}

extension ServedKind {
    /// The plural with the kind's capitals: `CronJobs`, `NetworkPolicies`.
    var pluralTitle: String {
        let plural = resource.resource
        let shared = zip(plural, kind).prefix { $0.lowercased() == $1.lowercased() }.count
        guard shared > 0 else { return plural.capitalizedFirst }
        return String(kind.prefix(shared)) + plural.dropFirst(shared)
    }
}
