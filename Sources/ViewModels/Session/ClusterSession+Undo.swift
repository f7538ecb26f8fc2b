import APIMachinery
import KubeClient
import LinuxKernel

extension ClusterSession {
    package func openUndo() {
        let context = app.context.name
        tasks.run(.history) { [weak self, undoJournal] in
            let changes = undoJournal.changes.changes()
            // The first look at a context reads its folder.
            _ = await KernelThread.run("kdash-undo") { () throws(Never) in undoJournal.entries(of: context).count }
            guard let self, !Task.isCancelled, app.modal == nil, app.context.name == context else { return }
            let model = undoList(context)
            for await _ in changes {
                guard let shown = app.detail, shown.covers(model) else { return }
                shown.refresh?()
            }
        }
    }

    private func undoList(_ context: String) -> DetailModel {
        let model = DetailModel(title: "Undo", kind: .undo, binding: nil)
        model.hints = [("undo.undo", "undo"), ("undo.redo", "redo")]
        model.onOpen = { [weak self] _ in self?.undoSelected() }
        model.refresh = { [weak self, weak model] in
            guard let self, let model else { return }
            let text = UndoText.list(undoJournal.known(of: context), now: time.now(), failure: undoJournal.failure)
            model.show(text.lines, stops: text.stops)
            app.signal.touch()
        }
        model.refresh?()
        app.detail = model
        return model
    }

    /// The journalled write that the cursor of the open list stands on; nil when there is none.
    var selectedUndo: UndoEntry? {
        guard let detail = app.detail else { return nil }
        if detail.kind == .undo { return undoJournal.known(of: app.context.name).first { $0.id == detail.selected } }
        return selectedRequest.flatMap(undoEntry)
    }

    /// What the journal has of a request.
    func undoEntry(_ request: SentRequest) -> UndoEntry? {
        undoJournal.known(of: request.context).filter { $0.method == request.method && $0.path == request.path }.map { entry in
            (entry, max(entry.at - request.sentAt, request.sentAt - entry.at))
        }.filter { $0.1 <= .seconds(5) }.min { $0.1 < $1.1 }?.0
    }

    package var undoAvailability: Availability {
        if let refusal = app.refusal { return .disabled(refusal) }
        if selectedVersion != nil { return .enabled }
        return selectedUndo == nil ? .disabled("nothing is kept that could be undone here") : .enabled
    }

    package func undoSelected() {
        if selectedVersion != nil { return undoVersion() }
        guard let entry = selectedUndo else { return app.toast("nothing is kept that could be undone here", .warning) }
        let entries = undoJournal.known(of: entry.context)
        guard !UndoText.undone(entries).contains(entry.id) else { return app.toast("that is undone already; U does it again", .dim) }
        ask(entry, title: entry.undoes == nil ? "Undo" : "Redo")
    }

    package func redoSelected() {
        guard let entry = selectedUndo else { return app.toast("nothing is kept that could be redone here", .warning) }
        let entries = undoJournal.known(of: entry.context)
        let undone = UndoText.undone(entries)
        guard let undo = entries.last(where: { $0.undoes == entry.id && !undone.contains($0.id) }) else {
            return app.toast("that was not undone", .dim)
        }
        ask(undo, title: "Redo")
    }

    /// Asks whether to take a write back. Of a deletion the object is to be as it was last, with what went with it, unless `isOlder`.
    func ask(_ entry: UndoEntry, title: String, isOlder: Bool = false) {
        if let refusal = app.refusal { return app.toast(refusal, .warning) }
        guard entry.context == app.context.name else {
            return app.toast("that was sent to context \(entry.context): open it first", .warning)
        }
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        let others = undoJournal.known(of: entry.context).filter { $0.id != entry.id }
        let restores = app.context.isEmbedded && !isOlder
        tasks.run(.undo) { [weak self] in
            let plan = await UndoPlan.make(entry, others: others, client: client, restores: restores)
            guard let self, !Task.isCancelled, app.modal == nil, app.context.name == entry.context else { return }
            if let obstacle = plan.obstacle { return app.toast("not undone: \(obstacle)", .warning) }
            show(plan, entry, title: title, client)
        }
    }

    private func show(_ plan: UndoPlan, _ entry: UndoEntry, title: String, _ client: KubeClient) {
        let binding = ObjectBinding(
            context: entry.context, namespace: entry.namespace, kind: entry.before?.kind ?? entry.after?.kind ?? entry.resource.resource,
            name: entry.name, uid: entry.uid, resource: entry.resource)
        let model = DiffModel(title: "\(title) in context \(entry.context)", binding: binding, lines: UndoText.question(plan))
        (model.confirmTitle, model.cancelTitle) = (title.lowercased(), "leave it")
        model.state = plan.refusals.isEmpty ? .ready(verdict(plan)) : .refused(plan.refusals)
        model.onCancel = { [weak self] in self?.app.modal = nil }
        model.onConfirm = { [weak self] in
            self?.app.modal = nil
            self?.carryOut(plan, entry, title, client)
        }
        app.modal = .diff(model)
    }

    private func verdict(_ plan: UndoPlan) -> String {
        let count = plan.losses.count
        let losses = count == 0 ? "" : count == 1 ? "; one thing does not come back" : "; \(count) things do not come back"
        return plan.steps.contains { if case .delete = $0 { true } else { false } } ? "it is deleted\(losses)" : "the server accepts it\(losses)"
    }

    private static func done(_ title: String) -> String { title == "Undo" ? "undone" : title == "Redo" ? "done again" : "put back" }

    private func carryOut(_ plan: UndoPlan, _ entry: UndoEntry, _ title: String, _ client: KubeClient) {
        tasks.add { [weak self] in
            do throws(APIStatus) {
                try await plan.carryOut(client)
                self?.app.toast("\(Self.done(title)): \(entry.title)", .ok)
            } catch {
                let reason = error.code == 409 ? "it changed meanwhile: look, and try again" : error.message
                self?.app.toast("not \(Self.done(title)): \(reason)", .error)
            }
        }
    }
}
