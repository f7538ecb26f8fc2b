extension CommandTable {
    static let editor: [Command] = [
        yaml("yaml.edit", "Edit", ["e", "i", "enter"], availability: whenTextWritable, run: edit),
        yaml("yaml.apply", "Apply, after a diff", ["a"], availability: whenApplicable) { $0.cluster?.apply() },
        Command(
            "yaml.applyF2", "Apply, after a diff", section: "YAML", keys: ["f2"], scope: .anywhere, isListed: false,
            availability: whenApplicable
        ) {
            $0.cluster?.apply()
        },
        yaml("yaml.new", "New manifest", ["c"], availability: whenWritable) { $0.cluster?.newManifest() },
        yaml("yaml.open", "Open an object by kind and name", ["o"], availability: whenConnected) { $0.askForObject("deploy/") },
        yaml("yaml.undo", "Undo", ["u"]) { $0.editor.undo() },
        yaml("yaml.redo", "Redo", ["U"]) { $0.editor.redo() },
        yaml("yaml.branch", "Let redo take another branch", ["ctrl-r"]) { app in
            app.toast(app.editor.nextUndoBranch() ? "redo goes another way now" : "there is no other way from here", .dim)
        },
        yaml("yaml.copy", "Copy the selection or line", ["y"], run: copy),
        yaml("yaml.paste", "Paste", ["P"], availability: whenEditing) { $0.editor.paste() },
        yaml("yaml.selectAll", "Select everything", ["V"]) { $0.editor.selectAll() },
        yaml("yaml.discard", "Discard the changes", ["D D"]) { $0.cluster?.discardEdits() },
        yaml("yaml.reveal", "Show or hide this secret value", ["x"], run: reveal),
        yaml("yaml.decode", "Values of Secrets as text, or as base64 again", ["X"], availability: whenTextWritable) { $0.editor.actions?.toggleDecoded() },
        yaml("yaml.help", "What the field here means", ["K", "f3"]) { $0.editor.actions?.toggleFieldHelp() },
        yaml("yaml.fix", "Quick fixes", ["f", "f4"], availability: whenEditing) { $0.editor.actions?.offerFixes() },
        yaml("yaml.template", "New from a template", ["T"], availability: whenWritable) { $0.editor.actions?.newFromTemplate() },
        yaml("yaml.save", "Save to a file", ["ctrl-s"]) { $0.editor.actions?.saveFile() },
        yaml("yaml.documents", "Go to a document", ["g D"]) { $0.editor.actions?.pickDocument() },
        Command("file.open", "Open a file or folder of manifests", section: "YAML", keys: ["g o"], scope: .browse, availability: whenConnected) {
            $0.editor.actions?.askForFile()
        },
        yaml("yaml.replace", "Replace", ["R"], availability: whenEditing) { $0.askReplace() },
        yaml("yaml.external", "Edit in $EDITOR", ["E"], availability: whenTextWritable) { $0.editor.actions?.openExternalEditor() },
        yaml("yaml.owners", "Who wrote each field", ["O"]) { $0.editor.actions?.toggleOwners() },
        yaml("yaml.diffLive", "Difference to the cluster", ["= l"]) { $0.editor.actions?.showDifference(to: .live) },
        yaml("yaml.diffApplied", "Difference to what was applied last", ["= a"]) { $0.editor.actions?.showDifference(to: .lastApplied) },
        yaml("yaml.diffOpened", "Changes since it was opened or applied", ["= o"]) { $0.editor.actions?.showDifference(to: .opened) },
        yaml("yaml.keepMine", "Keep mine here", ["M m"], availability: whenInConflict) { $0.editor.settle(.mine) },
        yaml("yaml.keepTheirs", "Keep the cluster's here", ["M c"], availability: whenInConflict) { $0.editor.settle(.theirs) },
        yaml("yaml.keepBoth", "Keep both here", ["M b"], availability: whenInConflict) { $0.editor.settle(.both) },
        yaml("yaml.nextConflict", "The next place that both changed", ["M n"], availability: whenInConflict) { $0.editor.nextConflict() },
        yaml("yaml.merge", "Merge what changed in the cluster", ["m"], availability: whenTextWritable) { $0.cluster?.merge() },
    ]

    static let typing: [Command] = [
        text("yaml.leave", "Stop typing", ["esc"]) { $0.editor.isTyping = false },
        text("yaml.complete", "What can be written here", ["ctrl-space", "ctrl-n"]) { $0.editor.actions?.completeAtCursor() },
        text("yaml.saveTyping", "Save to a file", ["ctrl-s"]) { $0.editor.actions?.saveFile() },
        text("yaml.helpTyping", "What the field here means", ["f3"]) { $0.editor.actions?.toggleFieldHelp() },
        text("yaml.fixTyping", "Quick fixes", ["f4"]) { $0.editor.actions?.offerFixes() },
        text("yaml.undoTyping", "Undo", ["ctrl-_"]) { $0.editor.undo() },
        text("yaml.redoTyping", "Redo", ["alt-_"]) { $0.editor.redo() },
        text("yaml.copyTyping", "Copy", ["ctrl-c"]) { $0.interrupt() },
        text("yaml.pasteTyping", "Paste", ["ctrl-v"]) { $0.editor.paste() },
        text("yaml.cut", "Cut", ["ctrl-x"]) { app in if let text = app.editor.cut() { app.giveToTerminal(text) } },
        text("yaml.deleteLine", "Delete the line", ["ctrl-y"]) { $0.editor.deleteLine() },
    ]

    private static func yaml(
        _ id: String, _ title: String, _ keys: [String], availability: @escaping @MainActor (AppModel) -> Availability = { _ in .enabled },
        run: @escaping @MainActor (AppModel) -> Void
    ) -> Command {
        Command(
            id, title, section: "YAML", keys: keys, scope: .pane(.yaml), isDestructive: id == "yaml.discard", availability: availability,
            run: run)
    }

    private static func text(_ id: String, _ title: String, _ keys: [String], run: @escaping @MainActor (AppModel) -> Void) -> Command {
        Command(id, title, section: "Typing", keys: keys, scope: .typing, run: run)
    }

    /// What is written where the text was opened passes that cluster's gate, whichever context is shown.
    private static func whenTextWritable(_ app: AppModel) -> Availability {
        if let target = app.editor.target, target.binding.context != app.context.name { return .enabled }
        return whenWritable(app)
    }

    private static func whenEditing(_ app: AppModel) -> Availability {
        if case .disabled(let refusal) = whenTextWritable(app) { return .disabled(refusal) }
        return app.editor.state == .editing ? .enabled : .disabled("press \(app.editKey) to edit first")
    }

    private static func whenInConflict(_ app: AppModel) -> Availability {
        app.editor.conflictCount == 0 ? .disabled("no place was changed by both") : .enabled
    }

    private static func whenApplicable(_ app: AppModel) -> Availability {
        if case .disabled(let refusal) = whenTextWritable(app) { return .disabled(refusal) }
        return app.editor.target == nil ? .disabled("there is nothing to apply") : .enabled
    }

    private static func edit(_ app: AppModel) {
        if let cluster = app.cluster { return cluster.startEditing() }
        app.editor.state = .editing
        app.editor.isTyping = true
    }

    private static func copy(_ app: AppModel) {
        app.giveToTerminal(app.editor.copy() ?? app.editor.copyLine())
    }

    private static func reveal(_ app: AppModel) {
        if app.editor.toggleReveal() == nil { app.toast("there is no secret value on this line", .dim) }
    }
}
