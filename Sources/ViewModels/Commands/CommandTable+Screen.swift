extension CommandTable {
    static let screen: [Command] = [
        Command("app.palette", "Run any command", section: "Screen", keys: [":"], scope: .browse) { $0.openPalette() },
        Command("app.help", "Keys and commands", section: "Screen", keys: ["?"], scope: .browse, run: help),
        Command("app.helpF1", "Keys and commands", section: "Screen", keys: ["f1"], scope: .anywhere, isListed: false, run: help),
        Command("app.quit", "Quit", section: "Screen", keys: ["q", "ctrl-q"], scope: .browse, run: quit),
        Command("app.suspend", "Suspend to the shell", section: "Screen", keys: ["ctrl-z"], scope: .anywhere) { app in
            app.host?.suspend()
            app.hint("ctrl-z", "Ctrl-z stops the job, as everywhere; ! shows only what fails")
        },
        Command("app.redraw", "Draw the screen again", section: "Screen", keys: ["ctrl-l"], scope: .anywhere) { $0.host?.redraw() },
        Command("app.zoom", "Zoom the pane", section: "Screen", keys: ["z"], scope: .browse) { $0.isZoomed.toggle() },
        Command("app.zoomF11", "Zoom the pane", section: "Screen", keys: ["f11"], scope: .anywhere, isListed: false) {
            $0.isZoomed.toggle()
        },
        Command("app.interrupt", "Copy, or say how to quit", section: "Screen", keys: ["ctrl-c"], scope: .anywhere) { $0.interrupt() },
        Command("app.back", "Back", section: "Screen", keys: ["esc"], scope: .browse) { $0.goBack() },
        Command("app.namespace", "Choose a namespace", section: "Screen", keys: ["n"], scope: .pane(.pods)) { $0.pickNamespace() },
        Command("app.namespaceHere", "Choose a namespace", section: "Screen", keys: ["n"], scope: .pane(.namespaces), isListed: false) {
            $0.pickNamespace()
        },
        Command("app.allNamespaces", "All namespaces", section: "Screen", keys: ["0"], scope: .browse) { $0.show(namespace: nil) },
        Command("app.context", "Choose a context", section: "Screen", keys: ["C"], scope: .browse, availability: whenConnected) {
            $0.pickContext()
        },
        Command(
            "app.drafts", "Drafts: texts that were never applied", section: "Screen", keys: ["ctrl-t"], scope: .browse,
            availability: whenConnected
        ) {
            $0.cluster?.openDrafts()
        },
    ]

    /// A context that kdash did not create.
    static let gate: [Command] = [
        Command(
            "app.unlock", "Unlock this context: changes pass for 15 minutes", section: "Screen", keys: ["f8"], scope: .anywhere,
            availability: { app in
                guard app.gatekeeper != nil else { return .disabled("no cluster is connected") }
                if app.context.canUnlock { return .enabled }
                if app.context.access == .protected { return .disabled("\(app.context.name) is not reached yet") }
                return .disabled(app.refusal ?? "kdash made this cluster: changes pass")
            },
            run: { $0.gatekeeper?.askUnlock(for: nil) }),
        Command(
            "app.lock", "Lock this context: no changes pass", section: "Screen", keys: ["f7"], scope: .anywhere,
            availability: { app in
                guard app.gatekeeper != nil else { return .disabled("no cluster is connected") }
                if app.context.minutesLeft != nil { return .enabled }
                return .disabled(app.context.access == .writable ? "kdash made this cluster: there is no lock" : "nothing can be changed here as it is")
            },
            run: { $0.gatekeeper?.lockContext() }),
    ]

    static let demo = Command(
        "app.demo", "Demo: start something to look at in namespace demo", section: "Screen", keys: [], scope: .browse,
        availability: { app in
            guard app.cluster != nil else { return .disabled("no cluster is connected") }
            if let refusal = app.refusal { return .disabled(refusal) }
            return app.context.isEmbedded ? .enabled : .disabled("the demo is for kdash's own cluster")
        },
        run: { $0.cluster?.startDemo() })

    private static func help(_ app: AppModel) { app.modal = .help(HelpModel(commands: app.commands.commands, app: app, beneath: app.modal)) }

    private static func quit(_ app: AppModel) {
        if let workspace = app.workspace { return workspace.askQuit(app) }
        app.cluster?.prepareToQuit()
        app.isQuitting = true
    }

    static let panes: [Command] = [
        Command("focus.next", "Next pane", section: "Panes", keys: ["tab"], scope: .browse) { $0.shiftFocus(by: 1) },
        Command("focus.previous", "Previous pane", section: "Panes", keys: ["shift-tab"], scope: .browse) { $0.shiftFocus(by: -1) },
        Command("focus.namespaces", "Namespaces", section: "Panes", keys: ["1"], scope: .browse) { $0.focus = .namespaces },
        Command("focus.pods", "Pane of objects", section: "Panes", keys: ["2"], scope: .browse) { $0.focus = .pods },
        Command("focus.logs", "Logs", section: "Panes", keys: ["3"], scope: .browse) { $0.focus = .logs },
        Command("focus.yaml", "YAML", section: "Panes", keys: ["4"], scope: .browse) { $0.focus = .yaml },
        Command("view.filter", "Filter or search", section: "Panes", keys: ["/"], scope: .browse) { $0.openFilter() },
    ]

    static let motion: [Command] = [
        move("down", "Down", ["j", "down"], .down), move("up", "Up", ["k", "up"], .up), move("left", "Left", ["h", "left"], .left),
        move("right", "Right", ["right"], .right), move("pageDown", "Page down", ["ctrl-f", "pagedown"], .pageDown),
        move("pageDownLogs", "Page down", ["space"], .pageDown, .pane(.logs)),
        move("pageDownDetail", "Page down", ["space"], .pageDown, .detail),
        move("pageUp", "Page up", ["ctrl-b", "pageup"], .pageUp), move("halfPageDown", "Half a page down", ["ctrl-d"], .halfPageDown),
        move("halfPageUp", "Half a page up", ["ctrl-u"], .halfPageUp), move("top", "To the top", ["g g", "home"], .top),
        move("bottom", "To the end", ["G", "end"], .bottom), move("next", "Next match", ["n"], .nextMatch, .browse),
        move("previous", "Previous match", ["N"], .previousMatch, .browse),
    ]

    private static func move(_ id: String, _ title: String, _ keys: [String], _ motion: Motion, _ scope: CommandScope = .browse) -> Command {
        let isExtra = scope != .browse
        return Command("move.\(id)", title, section: "Moving", keys: keys, scope: scope, isListed: !isExtra) { app in
            if motion == .halfPageDown, app.focus == .pods { app.hint("ctrl-d", "Ctrl-d pages down; delete is D d") }
            app.host?.move(motion)
        }
    }
}
