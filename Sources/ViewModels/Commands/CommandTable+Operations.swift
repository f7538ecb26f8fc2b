extension CommandTable {
    /// What can be done in an open text.
    static let details: [Command] = [
        Command(
            "detail.reveal", "Show or hide hidden values", section: "Text", keys: ["v"], scope: .detail,
            availability: { $0.detail?.isRevealed == nil ? .disabled("nothing is hidden here") : .enabled },
            run: { app in
                guard let detail = app.detail, let isRevealed = detail.isRevealed else { return }
                detail.isRevealed = !isRevealed
                detail.onReveal()
            }),
        Command(
            "detail.stop", "Stop what is going on", section: "Text", keys: ["S"], scope: .detail,
            availability: { $0.detail?.onStop == nil ? .disabled("nothing is going on here") : .enabled },
            run: { $0.detail?.onStop?() }),
        Command(
            "detail.copy", "Copy the line's value or name", section: "Text", keys: ["y"], scope: .detail,
            availability: { app in
                let link = app.detail?.selectedLink
                return link?.value == nil && link?.binding == nil ? .disabled("this line has no value") : .enabled
            },
            run: { app in
                guard let link = app.detail?.selectedLink, let text = link.value ?? link.binding?.name else { return }
                app.copy(text, "copied \(text.utf8.count) bytes")
            }),
        Command(
            "objects.findings", "Findings: what is broken or could be better here", section: "Object", keys: ["x l"], scope: .browse,
            availability: whenConnected
        ) {
            $0.cluster?.showFindings()
        },
        Command("objects.releases", "Helm releases", section: "Object", keys: ["x H"], scope: .browse, availability: whenConnected) {
            $0.cluster?.showReleases()
        },
        Command(
            "namespaces.describe", "Describe", section: "Namespace", keys: ["d"], scope: .pane(.namespaces),
            subject: { $0.namespaces.selectedRow?.name },
            availability: { $0.namespaces.selectedRow == nil ? .disabled("no namespace is selected") : .enabled },
            run: { app in if let binding = app.selectedBinding { app.cluster?.describe(binding) } }),
    ]

    /// What can be done with the object under the cursor, in the panes of objects.
    static let operations: [Command] = ObjectOperation.allCases.flatMap { operation in
        let everywhere = command(operation, "objects.\(operation.rawValue)", .pane(.pods), isListed: true)
        let namespace = ObjectBinding(context: "", namespace: nil, kind: "Namespace", name: "", uid: nil)
        guard operation.refusal(for: namespace) == nil else { return [everywhere] }
        return [everywhere, command(operation, "namespaces.\(operation.rawValue)", .pane(.namespaces), isListed: false)]
    }

    private static func command(_ operation: ObjectOperation, _ id: String, _ scope: CommandScope, isListed: Bool) -> Command {
        let entry = operation.entry
        return Command(
            id, entry.title, section: "Object", keys: entry.keys, scope: scope, isDestructive: entry.isDestructive, isListed: isListed,
            subject: { app in
                let chosen = Self.chosen(app)
                let name = chosen.count == 1 ? chosen[0].name : chosen.isEmpty ? nil : "the \(chosen.count) marked objects"
                let isForOwner = operation.isForController && chosen.first?.builtinKind == "Pod"
                return isForOwner ? name.map { "what controls \($0)" } : name
            },
            availability: { app in
                if entry.changes, let refusal = app.refusal { return .disabled(refusal) }
                let chosen = Self.chosen(app)
                guard !chosen.isEmpty else { return .disabled("no object is selected") }
                if chosen.count > 1, !entry.takesMany { return .disabled("it works on one object, and \(chosen.count) are marked") }
                return chosen.lazy.compactMap { operation.refusal(for: $0) }.first.map { .disabled($0) } ?? .enabled
            },
            run: { app in app.cluster?.perform(operation, on: Self.chosen(app)) })
    }

    /// The objects that a command acts on, in the focused pane: of the pane of objects the marked ones, where there are any.
    private static func chosen(_ app: AppModel) -> [ObjectBinding] {
        app.focus == .namespaces ? app.selectedBinding.map { [$0] } ?? [] : app.chosenBindings
    }
}
