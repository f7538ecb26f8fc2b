extension Workspace {
    // MARK: - Tabs

    /// Opens a tab with what an application's panes show now.
    func openTab(_ app: AppModel) {
        guard let split = makePanes(SavedPlace(app), like: app) else { return }
        addTab(split)
    }

    /// Shows the next tab, or the one before, round the ends.
    func shiftTab(by amount: Int) { show((current + amount + tabs.count) % tabs.count) }

    /// Goes back to the split that had the keys before this one.
    package func goLast() {
        guard let last = recent.last(where: { $0 != tab.focus }) else {
            if let app { app.toast("there is nothing else to go to: \(key("tabs.new")) opens a tab", .dim) }
            return
        }
        focus(last)
    }

    /// Leaves a shell, which goes on: to the panes that had the keys last.
    package func leaveShell() {
        if let panes = recent.last(where: { splits[$0]?.app != nil }) ?? splits.values.first(where: { $0.app != nil })?.id { focus(panes) }
    }

    /// Lists everything that is open, to go to.
    func list(_ app: AppModel) {
        var items: [PaletteItem] = []
        for (index, tab) in tabs.enumerated() {
            for split in tab.tree.splits.compactMap({ splits[$0] }) {
                let context = split.context == app.context.name ? "" : "\(split.context): "
                items.append(PaletteItem(id: "\(split.id)", title: "\(index + 1)  \(context)\(split.title)", detail: split.state))
            }
        }
        app.pick("Open tabs", items) { [weak self] id in if let id = Int(id) { self?.focus(id) } }
    }

    // MARK: - Contexts

    /// More contexts than this have no room in one tab.
    private static let mostContexts = 4

    /// Asks for a context to show in a tab of its own.
    func pickContext(_ app: AppModel) {
        app.pickContext("Context in a new tab") { [weak self, weak app] name in if let app { self?.openContexts([name], app) } }
    }

    /// Opens a tab with the shown kind of each of some contexts: each a split, with its own cluster's protection.
    func openContexts(_ names: [String], _ app: AppModel) {
        guard names.count <= Self.mostContexts else {
            return app.toast("at most \(Self.mostContexts) contexts fit into a tab", .warning)
        }
        var place = SavedPlace(app)
        (place.contexts, place.uid, place.focus, place.isZoomed) = ([], nil, .pods, false)
        if place.sort.column == JoinedColumns.context.id { place.sort = TableSort(column: "name") }
        var opened: [Int] = []
        for name in names {
            place.context = name
            if opened.count > 1 { focus(opened[opened.count - 2]) }
            if !opened.isEmpty, let reason = obstacle(opened.count == 1 ? .below : .beside) {
                app.toast("\(name) is not shown: \(reason)", .warning)
                break
            }
            guard let split = makePanes(place, like: app) else { break }
            switch opened.count {
            case 0: addTab(split)
            case 1: divide(.below, with: split)
            default: divide(.beside, with: split)
            }
            opened.append(split.id)
        }
        if let first = opened.first { focus(first) }
    }

    // MARK: - Splits

    /// Opens a second split with what an application's panes show now.
    func divide(_ axis: SplitTree.Axis, _ app: AppModel) {
        if let reason = obstacle(axis) { return app.toast(reason, .warning) }
        guard let split = makePanes(SavedPlace(app), like: app) else { return }
        divide(axis, with: split)
    }

    /// Gives the keys to the next split of the tab.
    package func focusNextSplit() {
        let all = tab.tree.splits
        guard all.count > 1, let index = all.firstIndex(of: tab.focus) else { return }
        focus(all[(index + 1) % all.count])
    }

    /// Lets the focused split have the whole tab, or no longer.
    func toggleZoom() {
        tab.isZoomed.toggle()
        updateVisibility()
        signal.touch()
    }

    /// Makes the focused split larger or smaller.
    func resize(by percent: Int) {
        tab.tree = tab.tree.resizing(tab.focus, by: percent)
        signal.touch()
    }

    // MARK: - Closing

    /// Closes what has the keys, asking where that ends a program.
    func askClose(_ app: AppModel) { askClose([tab.focus], app) }

    /// Closes a tab with everything in it, asking where that ends programs.
    package func askClose(tab index: Int, _ app: AppModel) {
        guard tabs.indices.contains(index) else { return }
        askClose(tabs[index].tree.splits, app)
    }

    private func askClose(_ ids: [Int], _ app: AppModel) {
        // A table of several contexts opens what it acts on beside itself: alone it would have no cluster to come back to.
        let panes = splits.values.filter { $0.app != nil && $0.app?.joined == nil }
        guard panes.contains(where: { !ids.contains($0.id) }) else {
            return app.toast("these are the last panes: \(key("app.quit")) quits", .dim)
        }
        let running = ids.compactMap { splits[$0] }.filter(\.isRunning)
        let close = { [weak self] in
            guard let self else { return }
            keeping(ids.compactMap { splits[$0]?.session }, "Close", app) { [weak self] in for id in ids { self?.remove(id) } }
        }
        guard !running.isEmpty else { return close() }
        let title = running.count == 1 ? "Close a shell that runs?" : "Close \(running.count) shells that run?"
        ask(title, running, "Close", app, close)
    }

    /// Quits, asking where that ends shells.
    func askQuit(_ app: AppModel) {
        let running = runningShells
        let quit = { [weak self] in
            guard let self else { return }
            keeping(sessions, "Quit", app) { [weak self] in self?.quit() }
        }
        guard !running.isEmpty else { return quit() }
        ask("Quit, and end what runs in shells?", running, "Quit", app, quit)
    }

    /// Goes on once all unsaved text is on the disk; text that cannot be put there is not lost without a question.
    private func keeping(_ sessions: [ClusterSession], _ yes: String, _ app: AppModel, _ then: @escaping () -> Void) {
        let lost = sessions.compactMap { session in
            session.saveDraftNow().map { (text: session.app.editor.target?.binding.text ?? "a new manifest", error: $0) }
        }
        guard !lost.isEmpty else { return then() }
        app.modal = .dialog(
            DialogModel(
                title: "Lose unsaved text?",
                body: lost.prefix(6).map { [TextSpan($0.text, .accent), TextSpan(" cannot be kept: \($0.error)")] }, binding: nil,
                choices: [
                    DialogChoice(id: "no", title: "Keep", key: "n"), DialogChoice(id: "yes", title: "\(yes), lose it", key: "y", isDestructive: true),
                ], defaultChoice: 0
            ) { [weak app] id in
                app?.modal = nil
                if id == "yes" { then() }
            })
    }

    private func ask(_ title: String, _ running: [Split], _ yes: String, _ app: AppModel, _ then: @escaping () -> Void) {
        let names = running.prefix(6).map { [TextSpan($0.title, .accent), TextSpan("  \($0.state)", .dim)] }
        let more = running.count > 6 ? [[TextSpan("and \(running.count - 6) more", .dim)]] : []
        app.modal = .dialog(
            DialogModel(
                title: title, body: names + more + [[], [TextSpan("What runs in them is ended.")]], binding: nil,
                choices: [
                    DialogChoice(id: "no", title: "Keep", key: "n"), DialogChoice(id: "yes", title: yes, key: "y", isDestructive: true),
                ], defaultChoice: 0
            ) { [weak app] id in
                app?.modal = nil
                if id == "yes" { then() }
            })
    }
}

extension Split {
    /// The context that it is about.
    var context: String {
        switch content {
        case .shell(let shell): shell.context.name
        case .cluster(let app): app.joined?.text ?? place?.context ?? app.context.name
        }
    }
}
