import APIMachinery
import JSONCore
import KubeClient

extension ClusterSession {
    /// How many objects of a kind are looked at, and how many kinds are asked at a time.
    private static let mostOfKind = 2000
    private static let atATime = 6

    /// Lists the names of the objects of every kind, as they come in, to find one by typing a part of its name.
    package func findObjects(_ word: String) {
        guard let client = cluster?.client else { return }
        let scope = app.scope
        var found: [String: ObjectBinding] = [:]
        var states: [String: String] = [:]
        var items: [String: [PaletteItem]] = [:]
        let palette = PaletteModel(
            title: "Find an object of any kind", placeholder: "a part of its name; \(scope.text)", action: "show", items: []
        ) { [weak self] item in
            guard let self else { return }
            tasks.cancel(.findObjects)
            app.modal = nil
            if let binding = found[item.id] { show(binding) }
        }
        palette.preview = { item in
            let state = (states[item.id] ?? "").split(separator: "\n").map { [TextSpan(String($0))] }
            return [[TextSpan(item.title, .accent)], [TextSpan(item.detail, .dim)], []] + state
        }
        let context = app.context.name
        let kinds = app.kinds.filter { !Self.isNoise($0) }
        // What matches equally well stands by kind and name, in whatever order the kinds answer.
        let order = kinds.sorted { ($0.kind, $0.id) < ($1.kind, $1.id) }.map(\.id)
        palette.source = { order.flatMap { items[$0] ?? [] } }
        palette.query = LineInput(word)
        app.modal = .palette(palette)
        tasks.run(.findObjects) { [weak self, weak palette] in
            await withTaskGroup(of: (ServedKind, ServerTable?).self) { group in
                var waiting = kinds[...]
                func next() {
                    guard let kind = waiting.popFirst() else { return }
                    let namespace = kind.isNamespaced ? scope.single : nil
                    group.addTask {
                        // best effort: a kind that may not be listed has nothing to find.
                        var table = try? await client.listTable(kind.resource, namespace: namespace, ListOptions(limit: Self.mostOfKind))
                        table?.rows.sort { ($0.object.name, $0.object.namespace ?? "") < ($1.object.name, $1.object.namespace ?? "") }
                        return (kind, table)
                    }
                }
                for _ in 0..<Self.atATime { next() }
                for await (kind, table) in group {
                    guard let self, let palette, case .palette(let open)? = self.app.modal, open === palette, !Task.isCancelled else {
                        return group.cancelAll()
                    }
                    next()
                    for row in table?.rows ?? [] where scope.contains(row.object.namespace ?? "") {
                        let object = row.object
                        found[object.uid] = ObjectBinding(
                            context: context, namespace: object.namespace, kind: kind.kind, name: object.name, uid: object.uid, resource: kind.resource)
                        states[object.uid] = Self.state(row, table?.columns ?? [])
                        items[kind.id, default: []].append(
                            PaletteItem(id: object.uid, title: object.name, detail: "\(kind.kind)\(object.namespace.map { " in \($0)" } ?? "")"))
                    }
                    guard items[kind.id] != nil else { continue }
                    palette.refresh()
                    self.app.signal.touch()
                }
            }
        }
    }

    /// What the server's table says of an object, a line a column.
    private static func state(_ row: ServerTable.Row, _ columns: [ServerTable.Column]) -> String {
        let cells = zip(columns, row.cells).filter { $0.0.priority == 0 && $0.0.name != "Name" && !$0.1.isNull }
        return cells.prefix(8).map { column, value in
            "\(column.name): \(String((value.stringValue ?? value.description).prefix(60)))"
        }.joined(separator: "\n")
    }

    /// Kinds whose objects nobody looks for by name.
    private static func isNoise(_ kind: ServedKind) -> Bool {
        ["events", "events.events.k8s.io", "leases.coordination.k8s.io", "endpoints", "componentstatuses", "controllerrevisions.apps"].contains(kind.id)
            || kind.resource.group == "metrics.k8s.io"
    }

    /// Goes to an object's table with the cursor on it.
    func show(_ binding: ObjectBinding) {
        guard let kind = app.kinds.first(where: { $0.resource == binding.resource }) else { return openYAML(binding, isEditing: false) }
        app.show(kind: kind)
        if let namespace = binding.namespace, !app.scope.contains(namespace) { use(scope: NamespaceScope(namespace)) }
        let table = app.list
        if !table.filter.isEmpty { table.filter = "" }
        guard let uid = binding.uid else { return }
        if table.row(uid: uid) != nil { table.select(uid: uid) } else { awaitedUID = uid }
    }
}
