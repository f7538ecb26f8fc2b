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
    /// What stands in the way of an item that cannot be chosen is shown whole where there is room.
    @discardableResult
    func pick(_ title: String, _ items: [PaletteItem], onPick: @escaping (String) -> Void) -> PaletteModel {
        let palette = PaletteModel(title: title, placeholder: "type to find", items: items) { [weak self] item in
            self?.modal = nil
            onPick(item.id)
        }
        if items.contains(where: { $0.disabledReason != nil }) {
            palette.preview = { item in [[TextSpan(item.title, .accent)]] + (item.disabledReason.map { [[], [TextSpan($0, .warning)]] } ?? []) }
        }
        modal = .palette(palette)
        return palette
    }

    /// Lists every command and kind. What is run is bound to the object that was under the cursor when the list opened.
    func openPalette() {
        let bound = (list.selectedUID, namespaces.selectedUID)
        // What is typed before the first rows are there is about the object that the cursor is on then.
        let isBound = list.selectedIndex != nil || cluster?.startWait(isQueued: false, needsKinds: false) == nil
        cluster?.refreshKinds()
        let interpret = { [weak self] (line: String) in self?.viewItem(line) ?? self?.placeItem(line)?.item }
        var line = ""
        kindCounts = [:]
        let palette = PaletteModel(
            title: "Go to or run", placeholder: "a kind, or a command", action: "run", items: paletteItems(),
            interpret: {
                line = $0
                return interpret($0)
            },
            onAccept: { [weak self] item in
                guard let self else { return }
                modal = nil
                if item.id == "place" { return placeItem(line)?.go() ?? () }
                if item.id == "find" { return cluster?.findObjects(line) ?? () }
                if item.id.hasPrefix("view:") { return open(viewItem: item.id) }
                if item.id.hasPrefix("kind:") { return show(kindID: item.id) }
                guard let command = commands[item.id] else { return }
                let isUnseen = isTypedUnseen
                defer { isTypedUnseen = isUnseen }
                isTypedUnseen = isUnseen || !isBound
                if isBound, command.isDestructive || command.subject != nil, bound != (list.selectedUID, namespaces.selectedUID) {
                    return toast("the selected object is gone: nothing was done", .warning)
                }
                command.run(self)
            })
        palette.source = { [weak self] in self?.paletteItems() ?? [] }
        palette.lastResort = { [weak self] in self?.findItem($0) }
        palette.awaitsCluster = { [weak self] item, isExact in
            guard let self, cluster?.startWait(isQueued: isTypedUnseen, needsKinds: true) != nil else { return false }
            guard let item else { return true }
            if item.id == "place" { return !Self.contextWords.contains(line.prefix { $0 != " " }.lowercased()) }
            return !(isExact && commands[item.id]?.needsNoCluster == true)
        }
        palette.preview = { [weak self] in self?.preview($0) ?? [] }
        modal = .palette(palette)
    }

    /// Why a command that was typed before there was anything to see is not run.
    package static let unseen = "nothing was on the screen when it was typed: look, and press it again"

    /// What looks for a typed name among the objects, which the palette itself does not list.
    private func findItem(_ line: String) -> PaletteItem? {
        guard line.count > 1, !line.contains(" "), let find = commands["places.find"], find.reason(self) == nil else { return nil }
        return PaletteItem(id: "find", title: "find \(line)", detail: "among the objects of every kind", keys: find.keys.first ?? "")
    }

    /// Every command, then views and kinds.
    private func paletteItems() -> [PaletteItem] {
        let listed = commands.commands.filter { $0.isListed && $0.id != "app.palette" }
        let isOwn = { [focus] (command: Command) in command.scope == .pane(focus) }
        let items = (listed.filter(isOwn) + listed.filter { !isOwn($0) }).map { command in
            PaletteItem(
                id: command.id, title: command.title, detail: command.section, keys: command.keys.first ?? "",
                disabledReason: command.reason(self), aliases: Self.words(for: command.id))
        }
        return items + viewItems + kindItems
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
        case .pods:
            openPrompt(
                .filter, "filter", list.filter, { [list] in list.filter = $0 },
                { [weak self, list] _ in if let problem = list.filterProblem { self?.toast(problem, .warning) } }, { [list] in list.filter = "" })
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

    /// Opens the one-line input; it closes itself. While `check` says what is wrong with the text it stays, and says so.
    func openPrompt(
        _ kind: PromptModel.Kind, _ label: String, _ text: String, _ onChange: @escaping (String) -> Void,
        check: @escaping (String) -> String? = { _ in nil }, _ onSubmit: @escaping (String) -> Void,
        _ onCancel: @escaping () -> Void = {}
    ) {
        prompt = PromptModel(
            kind: kind, label: label, text: text,
            onChange: { [weak self] text in
                onChange(text)
                self?.signal.touch()
            },
            onSubmit: { [weak self] text in
                if let problem = check(text) { return self?.toast(problem, .warning) ?? () }
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
            open.parent?.reopen?()
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
        } else if !list.filter.isEmpty {
            list.filter = ""
        } else if isZoomed {
            isZoomed = false
        } else if tour != nil {
            leaveTour()
        } else if let from = cameFrom, visited.back.count <= from.depth, workspace?.split(from.split) != nil {
            workspace?.focus(from.split)
        } else if focus == .pods, !visited.back.isEmpty {
            goToPlaceBefore()
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
        copy(text, "copied")
    }

    /// The most that terminals take into their clipboard at once.
    static let mostCopied = 70_000

    /// Hands a text to the terminal's clipboard, whole or not at all, and says so. False when it is too long.
    @discardableResult
    func copy(_ text: String, _ said: String, _ tone: Tone = .dim) -> Bool {
        guard text.utf8.count <= Self.mostCopied else {
            toast("not copied: \(text.utf8.count) bytes are more than the \(Self.mostCopied) that terminals take; save it to a file", .warning)
            return false
        }
        host?.copy(text)
        toast(said, tone)
        return true
    }

    /// The first key of a command, as it is written; its name when it has none.
    func keyText(_ id: String) -> String { commands[id]?.keys.first.map(KeyLabel.text) ?? ":\(id)" }
    /// The key that begins editing.
    package var editKey: String { keyText("yaml.edit") }

    /// Says something once in a session.
    func hint(_ id: String, _ text: String) {
        if givenHints.insert(id).inserted { toast(text, .dim) }
    }

    /// The namespaces to choose from.
    func pickNamespace() {
        let all = "all namespaces"
        let names = namespaceNames
        let mayBeOthers = namespaces.mayBeOthers
        modal = .palette(
            PaletteModel(
                title: "Namespace", placeholder: mayBeOthers ? "type its name: they cannot be listed" : "type to find",
                items: ([all] + names).map { PaletteItem(id: $0, title: $0) },
                interpret: { typed in
                    // What cannot be listed may be there all the same.
                    guard mayBeOthers, !typed.isEmpty, !names.contains(typed), typed.allSatisfy({ $0.isLowercase || $0.isNumber || $0 == "-" }) else {
                        return nil
                    }
                    return PaletteItem(id: typed, title: typed, detail: "not listed")
                }
            ) { [weak self] item in
                self?.modal = nil
                self?.show(namespace: item.id == all ? nil : item.id)
            })
    }

    /// Shows one namespace, or all.
    func show(namespace: String?) { show(scope: NamespaceScope(namespace)) }

    /// Shows some namespaces, or all.
    func show(scope: NamespaceScope) {
        if let cluster { return cluster.use(scope: scope) }
        self.scope = scope
        namespaces.point(to: scope.single)
    }

    /// The contexts to choose from.
    func pickContext() {
        pickContext("Context", except: context.name) { [weak self] name in self?.cluster?.use(context: name) }
    }

    /// The columns to order the shown table by.
    func pickSort() {
        let columns = list.columns.filter(\.isSortable)
        pick("Sort \(list.title.lowercased()) by", columns.map { PaletteItem(id: $0.id, title: $0.title.lowercased()) }) { [weak self] id in
            self?.sortList(by: id)
        }
    }

    /// Orders the shown table by a column; the same again turns the order round.
    package func sortList(by column: String) {
        guard list.columns.contains(where: { $0.id == column }) else {
            return toast("\(list.title.lowercased()) have no column \(column)", .dim)
        }
        list.sort = TableSort(column: column, isDescending: list.sort.column == column && !list.sort.isDescending)
    }
}
