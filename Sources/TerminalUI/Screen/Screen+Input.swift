import ViewModels

extension Screen {
    /// Where keys are looked up now, most specific first.
    var scopes: [CommandScope] {
        if app.detail != nil { return [.detail, .browse, .anywhere] }
        return app.inputMode == .type ? [.typing, .anywhere] : [.pane(app.focus), .browse, .anywhere]
    }

    /// Handles what one read brought, in order, until something else has the keys; returns how many it took. Everything in it was read after the
    /// last painted frame and before the next.
    @discardableResult
    package func handle(_ events: [InputEvent]) -> Int {
        if !hasBracketedPaste {
            switch BurstGuard.verdict(events, mode: app.inputMode, isTextOpen: isTextOpen) {
            case .people: break
            case .pastedText(let text):
                paste(text)
                return events.count
            case .ask where beginsAtStart(events): break
            case .ask:
                askAboutBurst(events)
                return events.count
            }
        }
        // The list may have moved under the cursor since the last frame: then keys that act on an object mean one nobody saw.
        hasSlid = boundUID(app.focus) != knownUID[app.focus] && knownUID[app.focus] != nil
        var count = 0
        for event in events {
            handle(event)
            count += 1
            if !isStillHeard() { break }
        }
        app.checkTour()
        rememberSelection()
        return count
    }

    func handle(_ event: InputEvent) {
        if waits(event) { return }
        switch event {
        case .key(let key): press(key)
        case .paste(let text): paste(text)
        case .mouse(let mouse): handle(mouse)
        case .focus(let isFocused): isWindowFocused = isFocused
        case .reply: break
        }
        app.signal.touch()
    }

    /// A field or the editor takes text.
    private var isTextOpen: Bool { app.inputMode == .type }

    func press(_ key: Key) {
        if runOver(key) { return }
        if let modal = app.modal {
            // A question may only be answered by somebody who can have seen it.
            if modal.isQuestion, paintedModal != modal.identity { return }
            return press(key, in: modal)
        }
        if let prompt = app.prompt { return press(key, in: prompt) }
        if app.inputMode == .type { return type(key) }
        if key.name == "ctrl-z" || key.name == "ctrl-l" { return runCommand([key.name]) }
        if key.modifiers == .alternate, let plain = escaped(key) {
            press(Key("esc"))
            return press(plain)
        }
        if pressedKeys.isEmpty { pressedUID = boundUID(app.focus) }
        pressedKeys.append(key)
        if pressedKeys.count > 1, key.name == "esc" {
            pressedKeys = []
            return
        }
        runCommand(pressed)
    }

    /// The commands that run whatever is open over the panes. What applies, copies or quits is not among them.
    private static let over: Set = [
        "app.suspend", "app.redraw", "app.helpF1", "app.lock", "app.unlock", "app.zoomF11", "settings.mouseF9", "tabs.last",
    ]

    /// Runs a command that is there over questions, lists and prompts, too; whether the key means one.
    private func runOver(_ key: Key) -> Bool {
        guard key.isChord, app.modal != nil || app.prompt != nil else { return false }
        guard case .command(let command) = app.commands.lookup([key.name], scopes: [.anywhere]), Self.over.contains(command.id) else { return false }
        // Its own key closes help.
        if case .help? = app.modal, command.id == "app.helpF1" { return false }
        run(command)
        return true
    }

    /// Runs what the keys mean; an unfinished sequence stays and shows its menu.
    private func runCommand(_ keys: [String]) {
        switch app.commands.lookup(keys, scopes: scopes, on: app.selectedBinding) {
        case .command(let command):
            let typed = pressedKeys
            pressedKeys = []
            if hold(typed, for: command) { return }
            // A sequence for an object is bound to what its first key was pressed on; it never slides to a neighbour.
            let isForObject = command.scope == .pane(app.focus) || command.subject != nil
            guard keys.count == 1 || !isForObject || pressedUID == boundUID(app.focus) else {
                return app.toast("the selected object is gone: nothing was done", .warning)
            }
            guard !hasSlid || command.scope != .pane(app.focus) else {
                return app.toast("the list changed under the cursor: look, and press it again", .warning)
            }
            if app.focus == .pods, command.subject != nil, app.list.markedCount == 0, let gone = app.list.takeVanished() {
                let next = app.list.selectedRow.map { row in
                    let place = row.namespace.isEmpty ? row.name : "\(row.namespace)/\(row.name)"
                    return ", and the cursor is on \(place) now: press it again to act on that"
                }
                return app.toast("\(app.kindNoun) \(gone)\(next ?? "")", .warning)
            }
            run(command)
        case .prefix: break
        case .none:
            if keys.count > 1 { app.toast("\(keys.map(KeyLabel.text).joined(separator: " ")) is not a command here", .dim) }
            pressedKeys = []
        }
    }

    /// The object under the cursor, for panes of objects.
    func boundUID(_ pane: PaneID) -> String? {
        switch pane {
        case .namespaces: app.namespaces.selectedUID
        case .pods: app.list.selectedUID
        case .logs, .yaml: nil
        }
    }

    /// Runs a command, or says why it cannot run now.
    func run(_ command: Command) {
        switch command.state(app) {
        case .enabled: command.run(app)
        case .disabled(let reason): app.refuse(command.title, reason)
        }
    }

    /// Esc and the next key sent together look like Alt; where Alt with that key means nothing, they are what they were.
    private func escaped(_ key: Key) -> Key? {
        guard let text = key.text, case .none = app.commands.lookup([key.name], scopes: scopes, on: app.selectedBinding) else { return nil }
        return .typed(text)
    }

    /// Type mode: chords may be commands, everything else is text.
    private func type(_ key: Key) {
        let editor = app.editor
        if editor.completion != nil, completing(key) { return }
        if key.isChord, key.base != "tab", key.base != "enter" || key.modifiers.contains(.control) {
            if case .command(let command) = app.commands.lookup([key.name], scopes: scopes, on: app.selectedBinding) { return run(command) }
        }
        if key.modifiers == .alternate, let plain = escaped(key) {
            press(Key("esc"))
            return press(plain)
        }
        let selecting = key.modifiers.contains(.shift)
        switch key.name.replacingPrefix("shift-") {
        case "enter": editor.newline()
        case "tab": selecting ? editor.backTab() : editor.tab()
        case "backspace": editor.deleteBackward()
        case "delete": editor.deleteForward()
        case "ctrl-backspace", "ctrl-w", "alt-backspace": editor.deleteWordBackward()
        case "left": editor.move(.left, selecting: selecting)
        case "right": editor.move(.right, selecting: selecting)
        case "up": editor.move(.up, selecting: selecting)
        case "down": editor.move(.down, selecting: selecting)
        case "home", "ctrl-a": editor.move(.lineStart, selecting: selecting)
        case "end", "ctrl-e": editor.move(.lineEnd, selecting: selecting)
        case "pageup": editor.move(.pageUp(editorView.pageRows), selecting: selecting)
        case "pagedown": editor.move(.pageDown(editorView.pageRows), selecting: selecting)
        default: typeMore(key, selecting: selecting || key.modifiers.contains(.shift))
        }
    }

    private func typeMore(_ key: Key, selecting: Bool) {
        let editor = app.editor
        if key.modifiers.contains(.control) {
            switch key.base {
            case "left": return editor.move(.wordLeft, selecting: selecting)
            case "right": return editor.move(.wordRight, selecting: selecting)
            case "home": return editor.move(.documentStart, selecting: selecting)
            case "end": return editor.move(.documentEnd, selecting: selecting)
            default: return
            }
        }
        if let text = key.text, !key.modifiers.contains(.alternate) { editor.insert(String(text)) }
    }

    private func completing(_ key: Key) -> Bool {
        switch key.name {
        case "tab", "enter": app.editor.acceptCompletion()
        case "down", "ctrl-n": app.editor.moveCompletion(by: 1)
        case "up", "ctrl-p": app.editor.moveCompletion(by: -1)
        case "esc": app.editor.completion = nil
        default: return false
        }
        return true
    }

    private func press(_ key: Key, in prompt: PromptModel) {
        if prompt.onKey(key.name) { return }
        switch key.name {
        case "enter": prompt.submit()
        case "esc", "ctrl-c": prompt.cancel()
        default: LineKeys.apply(key, to: &prompt.input)
        }
    }

    /// Pasted text is only ever text.
    func paste(_ text: String) {
        switch app.modal {
        case .palette(let model)?: return model.query.insert(text)
        case .help(let model)?: return model.filter.insert(text)
        case .dialog(let model)? where model.typedName != nil && paintedModal == ObjectIdentifier(model):
            // Typing a name is the confirmation; pasting it would be one key.
            return app.toast("the name has to be typed", .warning)
        case .some: return
        case nil: break
        }
        if let prompt = app.prompt { return prompt.input.insert(text) }
        if app.inputMode == .type { return app.editor.insert(text) }
        app.toast("pasted text never runs as keys; press \(app.editKey) to edit, then paste", .dim)
    }

    private func askAboutBurst(_ events: [InputEvent]) {
        let text = BurstGuard.text(events)
        let shown = DisplayWidth.shortened(String(text.map { $0.isNewline ? " " : $0 }), columns: 48, ellipsis: glyphs.ellipsis)
        let model = DialogModel(
            title: "Pasted text?",
            body: [[TextSpan("\(text.count) characters came faster than anybody types:")], [TextSpan(shown, .accent)]], binding: nil,
            choices: [
                DialogChoice(id: "drop", title: "Drop them", key: "n"),
                DialogChoice(id: "run", title: "Run them as keys", key: "y", isDestructive: true),
            ],
            defaultChoice: 0
        ) { [weak self] id in
            guard let self else { return }
            app.modal = nil
            if id == "run" { for event in events { handle(event) } }
        }
        app.modal = .dialog(model)
        app.signal.touch()
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String) -> String { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self }
}
