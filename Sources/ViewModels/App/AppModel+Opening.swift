extension AppModel {
    /// The panes in the order of Tab.
    func shiftFocus(by amount: Int) {
        let all = PaneID.allCases
        guard let index = all.firstIndex(of: focus) else { return }
        focus = all[(index + amount + all.count) % all.count]
    }

    /// Asks for one of a few texts.
    func pick(_ title: String, _ texts: [String], onPick: @escaping (String) -> Void) {
        pick(title, texts.map { PaletteItem(id: $0, title: $0) }, onPick: onPick)
    }

    /// Asks for one of `items`; `onPick` is told its id.
    func pick(_ title: String, _ items: [PaletteItem], onPick: @escaping (String) -> Void) {
        modal = .palette(
            PaletteModel(title: title, placeholder: "type to find", items: items) { [weak self] item in
                self?.modal = nil
                onPick(item.id)
            })
    }

    /// Lists every command. What is run is bound to the object that was under the cursor when the list opened.
    func openPalette() {
        let bound = (pods.selectedUID, namespaces.selectedUID)
        let listed = commands.commands.filter { $0.isListed && $0.id != "app.palette" }
        let isOwn = { [focus] (command: Command) in command.scope == .pane(focus) }
        let items = (listed.filter(isOwn) + listed.filter { !isOwn($0) }).map { command in
            PaletteItem(
                id: command.id, title: command.title, detail: command.section, keys: command.keys.first ?? "",
                disabledReason: command.reason(self))
        }
        modal = .palette(
            PaletteModel(title: "Run", placeholder: "type to find a command", action: "run", items: items) { [weak self] item in
                guard let self else { return }
                modal = nil
                guard let command = commands[item.id] else { return }
                if command.isDestructive, bound != (pods.selectedUID, namespaces.selectedUID) {
                    return toast("the selected object is gone: nothing was done", .warning)
                }
                command.run(self)
            })
    }

    /// Opens the filter of a table, or the search of a text.
    func openFilter() {
        if let detail {
            return openPrompt(
                .search, "search", detail.search, { detail.search = $0 },
                { [weak self] in self?.tellMissing($0, in: detail) }, { detail.search = "" })
        }
        switch focus {
        case .logs:
            openPrompt(
                .search, "search", logs.search, { [logs] in logs.search = $0 }, { [logs] _ in logs.find(next: false, from: logs.endLine) },
                { [logs] in logs.search = "" })
        case .yaml:
            openPrompt(
                .search, "search", editor.search, { [editor] in editor.search = $0 }, { [editor] _ in editor.find(next: true) },
                { [editor] in editor.search = "" })
        case .pods: openPrompt(.filter, "filter", pods.filter, { [pods] in pods.filter = $0 }, { _ in }, { [pods] in pods.filter = "" })
        case .namespaces:
            openPrompt(
                .filter, "filter", namespaces.filter, { [namespaces] in namespaces.filter = $0 }, { _ in },
                { [namespaces] in namespaces.filter = "" })
        }
    }

    private func tellMissing(_ text: String, in detail: DetailModel) {
        let wanted = text.lowercased()
        guard !wanted.isEmpty else { return }
        let isThere = detail.lines.contains { line in line.map(\.text).joined().lowercased().contains(wanted) }
        if !isThere { toast("no match for \"\(text)\" in this text", .warning) }
    }

    /// Asks which object to open.
    func askForObject(_ text: String) {
        openPrompt(.line, "open KIND/[NAMESPACE/]NAME", text, { _ in }, { [weak self] in self?.cluster?.openYAML(named: $0) })
    }

    /// Opens the one-line input; it closes itself.
    func openPrompt(
        _ kind: PromptModel.Kind, _ label: String, _ text: String, _ onChange: @escaping (String) -> Void,
        _ onSubmit: @escaping (String) -> Void,
        _ onCancel: @escaping () -> Void = {}
    ) {
        prompt = PromptModel(
            kind: kind, label: label, text: text,
            onChange: { [weak self] text in
                onChange(text)
                self?.signal.touch()
            },
            onSubmit: { [weak self] text in
                self?.prompt = nil
                onSubmit(text)
            },
            onCancel: { [weak self] in
                self?.prompt = nil
                onCancel()
            })
    }

    /// What Esc does in Browse: closes the innermost thing that is open.
    func goBack() {
        if let open = detail {
            detail = open.parent
            open.parent?.refresh?()
        } else if focus == .yaml, editor.selection != nil {
            editor.place(editor.cursor, selecting: false)
        } else if focus == .logs, backInLogs() {
            return
        } else if focus == .yaml, editor.isHelpShown {
            editor.isHelpShown = false
        } else if focus == .yaml, !editor.search.isEmpty {
            editor.search = ""
        } else if focus == .namespaces, !namespaces.filter.isEmpty {
            namespaces.filter = ""
        } else if !pods.filter.isEmpty {
            pods.filter = ""
        } else if isZoomed {
            isZoomed = false
        }
    }

    /// Ctrl-C copies what is selected while typing, and otherwise only says how to quit.
    func interrupt() {
        if inputMode == .type, focus == .yaml, let text = editor.copy() {
            return giveToTerminal(text)
        }
        toast("q quits; Ctrl-C never does", .dim)
    }

    /// Puts what the editor has copied into the terminal's clipboard, too, unless a hidden value is in it.
    func giveToTerminal(_ text: String) {
        guard !editor.isClipboardHidden else {
            return toast("a hidden value is copied within kdash only; x shows it first", .warning)
        }
        host?.copy(text)
        toast("copied", .dim)
    }

    /// Says something once in a session.
    func hint(_ id: String, _ text: String) {
        if givenHints.insert(id).inserted { toast(text, .dim) }
    }

    /// The namespaces to choose from.
    func pickNamespace() {
        let all = "all namespaces"
        pick("Namespace", [all] + namespaces.rows.map(\.name).sorted()) { [weak self] name in
            self?.show(namespace: name == all ? nil : name)
        }
    }

    /// Shows one namespace, or all.
    func show(namespace: String?) {
        if let cluster { return cluster.use(namespace: namespace) }
        self.namespace = namespace
        namespaces.point(to: namespace)
    }

    /// The contexts to choose from.
    func pickContext() {
        let contexts = cluster?.contexts ?? []
        guard contexts.contains(where: { $0 != context.name }) else { return toast("there is no other context", .dim) }
        pick("Context", contexts) { [weak self] name in self?.cluster?.use(context: name) }
    }

    /// The columns to order pods by.
    func pickSort() {
        let columns = pods.columns.filter(\.isSortable)
        pick("Sort pods by", columns.map { $0.title.lowercased() }) { [weak self] title in
            guard let column = columns.first(where: { $0.title.lowercased() == title }) else { return }
            self?.sortPods(by: column.id)
        }
    }

    /// Orders pods by a column; the same again turns the order round.
    func sortPods(by column: String) {
        pods.sort = TableSort(column: column, isDescending: pods.sort.column == column && !pods.sort.isDescending)
    }
}
