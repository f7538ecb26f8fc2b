extension CommandTable {
    static let history: [Command] = [
        Command(
            "history.log", "Command log: what was sent, and how to send it again", section: "History", keys: ["@", "H l"], scope: .browse,
            availability: whenConnected
        ) { $0.history?.openCommandLog() },
        Command(
            "history.undo", "Undo: what was changed from here, to be taken back", section: "History", keys: ["H u"], scope: .browse,
            availability: whenConnected
        ) { $0.history?.openUndo() },
        Command(
            "history.changes", "What changed in the last minutes", section: "History", keys: ["H c"], scope: .browse,
            availability: whenConnected
        ) { $0.history?.openChanges() },
        Command(
            "history.pulses", "Pulses: how everything stands, and what it uses", section: "History", keys: ["H p"], scope: .browse,
            availability: whenConnected
        ) { $0.history?.openPulses() },
        Command(
            "history.charts", "Charts: what this pod used in the last hour", section: "History", keys: ["H g"], scope: .browse,
            subject: { $0.selectedBinding?.name },
            availability: { app in
                if case .disabled(let reason) = whenConnected(app) { return .disabled(reason) }
                return app.selectedBinding?.kind == "Pod" ? .enabled : .disabled("no pod is selected")
            },
            run: { app in if let binding = app.selectedBinding { app.history?.openCharts(binding) } }),
        Command(
            "history.why", "Why is this object as it is", section: "History", keys: ["H w"], scope: .browse, isListed: false,
            subject: { $0.selectedBinding?.name },
            availability: { app in
                if case .disabled(let reason) = whenConnected(app) { return .disabled(reason) }
                return app.selectedBinding == nil ? .disabled("no object is selected") : .enabled
            },
            run: { app in if let binding = app.selectedBinding { app.cluster?.explain(binding) } }),
        Command(
            "history.whyOf", "Why: an object by kind and name", section: "History", keys: ["H o"], scope: .browse,
            availability: whenConnected
        ) { $0.history?.askWhy("deploy/") },
        Command(
            "changes.longer", "Reach further back", section: "History", keys: ["+"], scope: .detail, isListed: false,
            availability: whenChanges, run: { $0.history?.stretchChanges(by: 1) }),
        Command(
            "changes.shorter", "Reach less far back", section: "History", keys: ["-"], scope: .detail, isListed: false,
            availability: whenChanges, run: { $0.history?.stretchChanges(by: -1) }),
        Command(
            "undo.undo", "Undo it", section: "History", keys: ["u"], scope: .detail, isListed: false,
            availability: whenUndoable, run: { $0.history?.undoSelected() }),
        Command(
            "undo.redo", "Do it again", section: "History", keys: ["U"], scope: .detail, isListed: false,
            availability: { app in app.detail?.kind == .undo ? whenUndoable(app) : .disabled("that is for the list of undo") },
            run: { $0.history?.redoSelected() }),
        Command(
            "detail.open", "Open the line under the cursor", section: "History", keys: ["enter"], scope: .detail, isListed: false,
            availability: { app in
                app.detail?.selected == nil || app.detail?.onOpen == nil ? .disabled("there is nothing to open here") : .enabled
            },
            run: { app in if let detail = app.detail, let id = detail.selected { detail.onOpen?(id) } }),
        Command("detail.save", "Save the text to a file", section: "Text", keys: ["ctrl-s"], scope: .detail, isListed: false) { $0.saveDetail() },
        Command("detail.copyAll", "Copy the whole text", section: "Text", keys: ["Y"], scope: .detail, isListed: false) { $0.copyDetail() },
        Command(
            "log.kubectl", "Copy it as a kubectl command", section: "History", keys: ["c"], scope: .detail, isListed: false,
            availability: whenCommand, run: { copy(\.kubectl, $0) }),
        Command(
            "log.curl", "Copy it as a curl command", section: "History", keys: ["x"], scope: .detail, isListed: false,
            availability: whenCommand, run: { copy(\.curl, $0) }),
        Command(
            "log.reads", "Record reads, too, or no longer", section: "History", keys: ["a"], scope: .detail, isListed: false,
            availability: { $0.detail?.kind == .commandLog ? .enabled : .disabled("that is for the command log") },
            run: { $0.history?.toggleRecordedReads() }),
    ]

    private static func whenCommand(_ app: AppModel) -> Availability {
        app.history?.commandForms() == nil ? .disabled("no command is under the cursor") : .enabled
    }

    private static func whenChanges(_ app: AppModel) -> Availability {
        app.detail?.kind == .changes ? .enabled : .disabled("that is for the list of changes")
    }

    private static func whenUndoable(_ app: AppModel) -> Availability {
        app.history?.undoAvailability ?? .disabled("no cluster is connected")
    }

    private static func copy(_ form: KeyPath<CommandForms, String>, _ app: AppModel) {
        guard let forms = app.history?.commandForms() else { return }
        if forms.isIncomplete {
            _ = app.copy(forms[keyPath: form], "copied; fill in what the notes name before you run it", .warning)
            return
        }
        app.copy(forms[keyPath: form], "copied")
    }
}
