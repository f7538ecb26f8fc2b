import KubeClient

extension AppModel {
    /// The contexts of `a+b`; nil for anything else, and for a context that has that very name.
    func joinedNames(_ text: String) -> [String]? {
        guard text.contains("+"), cluster?.contexts.contains(text) != true else { return nil }
        var names: [String] = []
        for part in text.split(separator: "+") {
            let name = part.split(separator: " ").joined(separator: " ")
            if !name.isEmpty, !names.contains(name) { names.append(name) }
        }
        return names.isEmpty ? nil : names
    }
}

extension Workspace {
    /// Opens a tab with one table of the shown kind's objects of several contexts.
    func joinContexts(_ names: [String], _ app: AppModel) {
        guard names.count <= JoinedContexts.most else {
            return app.toast("a table takes at most \(JoinedContexts.most) contexts, and these are \(names.count)", .warning)
        }
        var place = SavedPlace(app)
        (place.contexts, place.context, place.uid, place.focus, place.isZoomed) = (names, names[0], nil, .pods, false)
        if let split = makePanes(place, like: app) { addTab(split) }
    }

    /// Asks which contexts to show in one table.
    func pickJoined(_ app: AppModel) {
        let contexts = app.cluster?.contexts ?? []
        guard contexts.count > 1 else { return app.toast("there is no other context", .dim) }
        let shown = Set(app.joined?.names ?? [app.context.name])
        let items = contexts.map { name in
            var item = PaletteItem(id: name, title: name)
            item.isMarked = shown.contains(name)
            return item
        }
        weak var asked: PaletteModel?
        let model = PaletteModel(title: "Contexts in one table", placeholder: "Space marks, typing finds", action: "show", items: items) {
            [weak self, weak app] _ in
            guard let app, let marked = asked?.marked else { return }
            guard marked.count > 1 else { return app.toast("mark two contexts or more with Space", .warning) }
            app.modal = nil
            self?.joinContexts(marked, app)
        }
        model.takesSeveral = true
        asked = model
        app.modal = .palette(model)
    }

    // MARK: - Acting on rows

    /// The panes of a context that are open, those of a split first.
    func panes(of context: String, preferring id: Int?) -> Split? {
        let all = splits.values.filter { $0.app != nil && $0.app?.joined == nil && $0.context == context }.sorted { $0.id < $1.id }
        return all.first { $0.id == id } ?? all.first
    }

    /// Runs a command on the row under the cursor, and the marked ones, of a table of several contexts: in a tab of the row's context, with the cursor
    /// on that very object. An object of the same name elsewhere is another one.
    func act(_ command: Command, on app: AppModel) {
        guard let joined = app.joined, let row = joined.table.selectedRow, let index = joined.place(of: row) else { return }
        let marked = joined.table.chosenRows
        guard joined.table.markedCount == 0 || !marked.isEmpty else {
            return app.toast("the marked objects are not in this list: show them, or unmark them with Space", .warning)
        }
        guard marked.allSatisfy({ joined.place(of: $0) == index }) else {
            return app.toast("marked objects and the cursor are in different contexts: act on those of one context at a time", .warning)
        }
        let member = joined.members[index]
        guard let kind = member.kind, let uid = JoinedTable.parts(row.uid)?.uid, let home = splits.values.first(where: { $0.app === app })?.id else {
            return app.toast("\(member.name) is not connected yet", .warning)
        }
        var place = SavedPlace(app)
        (place.contexts, place.context, place.kind, place.uid, place.filter) = ([], member.name, kind.id, uid, "")
        if place.sort.column == JoinedColumns.context.id { place.sort = TableSort(column: "name") }
        (place.focus, place.isZoomed) = (.pods, false)
        guard let split = openPanes(place, kind, member, app), let target = split.app, let session = split.session else { return }
        joined.members[index].split = split.id
        target.cameFrom = (home, target.visited.back.count)
        let uids = joined.table.markedCount == 0 ? [] : marked.compactMap { JoinedTable.parts($0.uid)?.uid }
        session.run(
            whenListed:
                AwaitedCommand(id: command.id, kindID: kind.id, context: member.name, uid: uid, marked: uids, name: row.name))
    }

    /// The panes of a place: those that are open there show it, else new ones in a tab of their own. nil, and said why, when neither can be.
    private func openPanes(_ place: SavedPlace, _ kind: ServedKind, _ member: JoinedContexts.Member, _ app: AppModel) -> Split? {
        guard let split = panes(of: member.name, preferring: member.split), let target = split.app, let session = split.session else {
            guard let split = makePanes(place, like: app) else { return nil }
            split.app?.kinds = member.kinds
            addTab(split)
            return split
        }
        guard split.place == nil else {
            split.place = place
            focus(split.id)
            return split
        }
        focus(split.id)
        guard session.mayInterrupt else {
            target.toast("answer this first: nothing was done to \(member.name)'s \(kind.kind.lowercased())", .warning)
            return nil
        }
        (target.detail, target.focus, target.isZoomed) = (nil, .pods, false)
        if target.kind.id != kind.id || target.scope != place.scope { target.visited.leave(target.place) }
        if target.kind.id != kind.id, let own = target.kinds.first(where: { $0.id == kind.id }) { target.kind = own }
        if target.scope != place.scope { session.use(scope: place.scope) }
        var place = place
        if target.kind.id == kind.id { (place.sort, place.hidden) = (target.list.sort, target.list.hiddenColumns) }
        session.show(place)
        return split
    }
}
