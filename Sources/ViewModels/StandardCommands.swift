extension CommandTable {
    package static func standard() -> CommandTable {
        CommandTable(global + motion + pods + logs + editor)
    }
    private static let global: [Command] = [
        Command("app.palette", "Run any command", section: "Screen", keys: [":"], scope: .browse) { app in app.openPalette() },
        Command("app.help", "Keys and commands", section: "Screen", keys: ["?"], scope: .browse) { app in app.modal = .help(HelpModel(commands: app.commands.commands, app: app)) },
        Command("app.helpF1", "Keys and commands", section: "Screen", keys: ["f1"], scope: .anywhere) { app in app.modal = .help(HelpModel(commands: app.commands.commands, app: app)) },
        Command("app.quit", "Quit", section: "Screen", keys: ["q", "ctrl-q"], scope: .browse) { $0.isQuitting = true },
        Command("app.suspend", "Suspend to the shell", section: "Screen", keys: ["ctrl-z"], scope: .anywhere) { $0.host?.suspend() },
        Command("app.redraw", "Draw the screen again", section: "Screen", keys: ["ctrl-l"], scope: .anywhere) { $0.host?.redraw() },
        Command("app.zoom", "Zoom the pane", section: "Screen", keys: ["z"], scope: .browse) { $0.isZoomed.toggle() },
        Command("app.zoomF11", "Zoom the pane", section: "Screen", keys: ["f11"], scope: .anywhere) { $0.isZoomed.toggle() },
        Command("app.interrupt", "Interrupt", section: "Screen", keys: ["ctrl-c"], scope: .anywhere) { app in
            if let text = app.editor.copy() { app.host?.copy(text) } else { app.toast("q quits; Ctrl-C never does", .dim) }
        },
        Command("app.back", "Back", section: "Screen", keys: ["esc"], scope: .browse) { app in if app.detail != nil { app.detail = nil } else { app.pods.filter = "" } },
        Command("focus.next", "Next pane", section: "Panes", keys: ["tab"], scope: .browse) { $0.shiftFocus(1) },
        Command("focus.previous", "Previous pane", section: "Panes", keys: ["shift-tab"], scope: .browse) { $0.shiftFocus(-1) },
        Command("focus.namespaces", "Namespaces", section: "Panes", keys: ["1"], scope: .browse) { $0.focus = .namespaces },
        Command("focus.pods", "Pods", section: "Panes", keys: ["2"], scope: .browse) { $0.focus = .pods },
        Command("focus.logs", "Logs", section: "Panes", keys: ["3"], scope: .browse) { $0.focus = .logs },
        Command("focus.yaml", "YAML", section: "Panes", keys: ["4"], scope: .browse) { $0.focus = .yaml },
        Command("view.filter", "Filter or search", section: "Panes", keys: ["/"], scope: .browse) { $0.openPrompt() },
    ]
    private static func motion(_ id: String, _ title: String, _ keys: [String], _ motion: Motion) -> Command {
        Command("move.\(id)", title, section: "Moving", keys: keys, scope: .browse) { $0.host?.move(motion) }
    }
    private static let motion: [Command] = [
        motion("down", "Down", ["j", "down"], .down), motion("up", "Up", ["k", "up"], .up), motion("left", "Left", ["h", "left"], .left),
        motion("right", "Right", ["right"], .right), motion("pageDown", "Page down", ["ctrl-f", "pagedown"], .pageDown),
        motion("pageUp", "Page up", ["ctrl-b", "pageup"], .pageUp), motion("halfPageDown", "Half a page down", ["ctrl-d"], .halfPageDown),
        motion("halfPageUp", "Half a page up", ["ctrl-u"], .halfPageUp), motion("top", "To the top", ["g g", "home"], .top),
        motion("bottom", "To the end", ["G", "end"], .bottom), motion("next", "Next match", ["n"], .nextMatch), motion("previous", "Previous match", ["N"], .previousMatch),
    ]
    private static let pods: [Command] = [
        Command("pods.logs", "Logs", section: "Pod", keys: ["l", "enter"], scope: .pane(.pods)) { $0.focus = .logs },
        Command("pods.edit", "Edit", section: "Pod", keys: ["e"], scope: .pane(.pods)) { app in
            app.focus = .yaml
            app.editor.state = .editing
            app.editor.isTyping = true
        },
        Command("pods.describe", "Describe", section: "Pod", keys: ["d"], scope: .pane(.pods)) { $0.openDetail("Describe") },
        Command("pods.why", "Why is it not running", section: "Pod", keys: ["w"], scope: .pane(.pods)) { $0.openDetail("Why") },
        Command("pods.shell", "Shell", section: "Pod", keys: ["s"], scope: .pane(.pods), availability: { $0.context.access == .writable ? .enabled : .disabled("protected context") }) { $0.toast("no cluster yet", .dim) },
        Command("pods.mark", "Mark", section: "Pod", keys: ["space"], scope: .pane(.pods)) { $0.pods.toggleMark() },
        Command("pods.sortAge", "Sort by age", section: "Pod", keys: ["A"], scope: .pane(.pods)) { $0.pods.sort = TableSort(column: "age") },
        Command("pods.sortStatus", "Sort by status", section: "Pod", keys: ["S"], scope: .pane(.pods)) { $0.pods.sort = TableSort(column: "status") },
        Command("pods.delete", "Delete", section: "Pod", keys: ["D d"], scope: .pane(.pods), isDestructive: true) { $0.askDelete(force: false) },
        Command("pods.deleteNow", "Delete now, without grace", section: "Pod", keys: ["D f"], scope: .pane(.pods), isDestructive: true) { $0.askDelete(force: true) },
    ]
    private static let logs: [Command] = [
        Command("logs.follow", "Follow or pause", section: "Logs", keys: ["f"], scope: .pane(.logs)) { $0.logs.isFollowing.toggle() },
        Command("logs.wrap", "Wrap lines", section: "Logs", keys: ["W"], scope: .pane(.logs)) { $0.logs.isWrapping.toggle() },
        Command("logs.timestamps", "Timestamps", section: "Logs", keys: ["t"], scope: .pane(.logs)) { $0.logs.showsTimestamps.toggle() },
    ]
    private static let editor: [Command] = [
        Command("yaml.edit", "Edit", section: "YAML", keys: ["e", "i", "enter"], scope: .pane(.yaml)) { app in
            app.editor.state = .editing
            app.editor.isTyping = true
        },
        Command("yaml.leave", "Stop typing", section: "YAML", keys: ["esc"], scope: .typing) { $0.editor.isTyping = false },
        Command("yaml.apply", "Apply, after a diff", section: "YAML", keys: ["a"], scope: .pane(.yaml)) { $0.openDiff() },
        Command("yaml.applyF2", "Apply, after a diff", section: "YAML", keys: ["f2"], scope: .anywhere) { $0.openDiff() },
        Command("yaml.undo", "Undo", section: "YAML", keys: ["u"], scope: .pane(.yaml)) { $0.editor.undo() },
        Command("yaml.undoTyping", "Undo", section: "YAML", keys: ["ctrl-_"], scope: .typing) { $0.editor.undo() },
        Command("yaml.redo", "Redo", section: "YAML", keys: ["U"], scope: .pane(.yaml)) { $0.editor.redo() },
        Command("yaml.paste", "Paste", section: "YAML", keys: ["ctrl-v"], scope: .typing) { $0.editor.paste() },
        Command("yaml.cut", "Cut", section: "YAML", keys: ["ctrl-x"], scope: .typing) { _ = $0.editor.cut() },
    ]
}

extension AppModel {
    func shiftFocus(_ by: Int) {
        let all = PaneID.allCases
        focus = all[(all.firstIndex(of: focus)! + by + all.count) % all.count]
    }
    func openPalette() {
        let items = commands.commands.map { command in
            var reason: String?
            if case .disabled(let text) = command.availability(self) { reason = text }
            return PaletteItem(id: command.id, title: command.title, detail: command.section, keys: command.keys.first ?? "", disabledReason: reason)
        }
        modal = .palette(PaletteModel(title: "Run", placeholder: "type to find a command", items: items) { [self] item in
            modal = nil
            commands[item.id]?.run(self)
        })
    }
    func openPrompt() {
        switch focus {
        case .logs:
            prompt = PromptModel(kind: .search, label: "search", text: logs.search) { [self] in logs.search = $0 } onSubmit: { [self] _ in
                prompt = nil
                logs.find(next: false, from: logs.endLine)
            } onCancel: { [self] in (prompt, logs.search) = (nil, "") }
        case .yaml:
            prompt = PromptModel(kind: .search, label: "search", text: editor.search) { [self] in editor.search = $0 } onSubmit: { [self] _ in
                prompt = nil
                editor.find(next: true)
            } onCancel: { [self] in (prompt, editor.search) = (nil, "") }
        default:
            prompt = PromptModel(kind: .filter, label: "filter", text: pods.filter) { [self] in pods.filter = $0 } onSubmit: { [self] _ in prompt = nil } onCancel: { [self] in
                prompt = nil
                pods.filter = ""
            }
        }
    }
    func openDetail(_ what: String) {
        guard let pod = pods.selectedPod else { return }
        detail = DetailModel(title: what, binding: ObjectBinding(context: context.name, namespace: pod.namespace, kind: "Pod", name: pod.name, uid: pod.uid))
    }
    func askDelete(force: Bool) {
        guard let pod = pods.selectedPod else { return }
        let binding = ObjectBinding(context: context.name, namespace: pod.namespace, kind: "Pod", name: pod.name, uid: pod.uid)
        modal = .dialog(DialogModel(
            title: force ? "Delete now, without grace?" : "Delete this pod?",
            body: [[TextSpan(force ? "It gets no time to end." : "It gets its grace period to end.")]], binding: binding,
            choices: [DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Delete", key: "y", isDestructive: true)], defaultChoice: 0,
            typedName: force ? pod.name : nil) { [self] id in
                modal = nil
            })
    }
    func openDiff() {
        guard let target = editor.target else { return toast("nothing to apply", .dim) }
        let model = DiffModel(title: "Apply", binding: target.binding, lines: [])
        model.onConfirm = { [self] in modal = nil }
        model.onCancel = { [self] in modal = nil }
        modal = .diff(model)
    }
}
