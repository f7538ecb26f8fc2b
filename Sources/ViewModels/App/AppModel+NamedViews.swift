import KubeClient

/// Views that were saved under a name.
extension AppModel {
    private static let file = "saved-views.yaml"
    private static let longestName = 60

    /// The saved views.
    var namedViews: [NamedView] { preferences.settings.savedViews }

    /// The saved views as items of a palette.
    var viewItems: [PaletteItem] {
        namedViews.map { PaletteItem(id: "view:\($0.name)", title: $0.name, detail: "view: \($0.text)") }
    }

    /// What `view NAME`, or a part of the name, means; nil for any other line.
    func viewItem(_ line: String) -> PaletteItem? {
        let words = line.lowercased().split(separator: " ")
        guard words.first == "view", words.count > 1 else { return nil }
        let wanted = words.dropFirst().joined(separator: " ")
        let names = namedViews.map { $0.name.lowercased() }
        let place = names.firstIndex(of: wanted) ?? names.firstIndex { $0.hasPrefix(wanted) } ?? names.firstIndex { $0.contains(wanted) }
        return place.map { viewItems[$0] }
    }

    /// Asks which saved view to open.
    func pickView() {
        guard !viewItems.isEmpty else { return toast("no view is saved: \(keyText("views.save")) saves what is shown under a name", .dim) }
        pick("Open which view?", viewItems) { [weak self] id in self?.open(viewItem: id) }
    }

    /// Opens a view of ``viewItems``.
    func open(viewItem id: String) { open(viewNamed: String(id.dropFirst("view:".count))) }

    /// Opens a view by its name.
    func open(viewNamed name: String) {
        guard let view = namedViews.first(where: { $0.name == name }) ?? namedViews.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            return toast("no view is called \(name.prefix(Self.longestName))\(NearestName.question(name, in: namedViews.map(\.name)))", .warning)
        }
        if case .place(let place) = view.root, place.contexts.isEmpty, joined == nil, place.context.isEmpty || place.context == context.name {
            return show(place)
        }
        guard let workspace else { return toast("there are no tabs here", .warning) }
        let root = view.root.map { place in
            var place = place
            if place.context.isEmpty { place.context = context.name }
            if place.context == context.name, let kind = kind(named: place.kind) { place.kind = kind.id }
            return place
        }
        workspace.open(root, named: view.name, self)
    }

    private func kind(named name: String) -> ServedKind? { kinds.first { $0.id == name } ?? kinds.first { $0.answers(to: name) } }

    private func show(_ place: SavedPlace) {
        guard let wanted = kind(named: place.kind) else { return toast("this cluster has no \(place.kind)", .warning) }
        visited.leave(self.place)
        kind = wanted
        if place.scope != scope { show(scope: place.scope) }
        place.apply(to: list)
        cluster?.columnsChanged()
        focus = .pods
    }

    /// Asks for a name, and what of the tab is saved where it has splits.
    func saveView() {
        guard let store = preferences.store else { return toast("no settings files are kept here", .warning) }
        let alone = SavedTabs.Part.place(portable(SavedPlace(self)))
        guard let workspace, let tab = SavedTabs.part(workspace.tab.tree, workspace), tab.places.count > 1 else { return nameView(alone, store) }
        let items = [
            PaletteItem(id: "tab", title: "the tab with its \(tab.places.count) splits"), PaletteItem(id: "place", title: "this place alone"),
        ]
        pick("Save what?", items) { [weak self] id in
            guard let self else { return }
            nameView(id == "tab" ? tab.map(portable) : alone, store)
        }
    }

    /// A place as any session can show it: of the context that is shown then, unless it is of another one.
    private func portable(_ place: SavedPlace) -> SavedPlace {
        var place = place
        if place.context == context.name, place.contexts.isEmpty { place.context = "" }
        return place
    }

    private func nameView(_ root: SavedTabs.Part, _ store: any PreferencesStore, _ text: String = "") {
        let save: (String) -> Void = { [weak self] typed in
            guard let self, let name = viewName(typed, else: { self.nameView(root, store, typed) }) else { return }
            let view = NamedView(name: name, root: root)
            replaceView(name) { store.save(name, view.yaml, in: Self.file) }
        }
        openPrompt(.line, "save this view as", text, { _ in }, save)
    }

    /// A name that was typed; nil, and said why and asked again, when it is none.
    private func viewName(_ typed: String, else again: () -> Void) -> String? {
        let name = typed.split(separator: " ").joined(separator: " ")
        if name.isEmpty { return nil }
        guard name.count <= Self.longestName, !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            toast("a view's name has at most \(Self.longestName) characters, in one line", .warning)
            again()
            return nil
        }
        return name
    }

    /// Asks before a saved view is replaced.
    private func replaceView(_ name: String, _ save: @escaping () -> Void) {
        guard let old = namedViews.first(where: { $0.name == name }) else { return save() }
        ask("Replace the view \(name)?", "It shows \(old.text).", "Replace", save)
    }

    /// Asks which view gets another name, and which one.
    func renameView() {
        withView("Rename which view?") { app, view, store in app.rename(view, store, view.name) }
    }

    private func rename(_ view: NamedView, _ store: any PreferencesStore, _ text: String) {
        let save: (String) -> Void = { [weak self] typed in
            guard let self, let name = viewName(typed, else: { self.rename(view, store, typed) }), name != view.name else { return }
            replaceView(name) { store.rename(view.name, to: name, view.yaml, in: Self.file) }
        }
        openPrompt(.line, "new name of \(view.name)", text, { _ in }, save)
    }

    /// Asks which view is deleted, and once more.
    func deleteView() {
        withView("Delete which view?") { app, view, store in
            app.ask("Delete the view \(view.name)?", "It shows \(view.text).", "Delete") { store.remove(view.name, in: Self.file) }
        }
    }

    private func withView(_ title: String, _ body: @escaping (AppModel, NamedView, any PreferencesStore) -> Void) {
        guard let store = preferences.store else { return toast("no settings files are kept here", .warning) }
        guard !viewItems.isEmpty else { return toast("no view is saved", .dim) }
        pick(title, viewItems) { [weak self] id in
            guard let self, let view = namedViews.first(where: { "view:\($0.name)" == id }) else { return }
            body(self, view, store)
        }
    }

    private func ask(_ title: String, _ text: String, _ yes: String, _ then: @escaping () -> Void) {
        modal = .dialog(
            DialogModel(
                title: title, body: [[TextSpan(text)]], binding: nil,
                choices: [DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: yes, key: "y", isDestructive: true)],
                defaultChoice: 0
            ) { [weak self] id in
                self?.modal = nil
                if id == "yes" { then() }
            })
    }
}

extension Workspace {
    /// Opens a saved view in a tab of its own.
    func open(_ part: SavedTabs.Part, named name: String, _ model: AppModel) {
        guard let opened = makeTab(part, model) else { return model.toast("the view \(name) cannot be opened: its contexts are not known here", .warning) }
        if opened.tree.splits.count < part.places.count {
            model.toast("\(opened.tree.splits.count) of \(part.places.count) places of \(name) were opened", .warning)
        }
        add(opened)
    }
}
