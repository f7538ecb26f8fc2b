import KubeClient
import LinuxKernel

extension ClusterSession: HistoryActions {
    /// A cluster whose requests stand in the command log, and whose writes can be undone.
    func observed(_ cluster: ConnectedCluster) -> ConnectedCluster {
        var cluster = cluster
        let client = cluster.client.observed(context: cluster.contextName, log: requests, time: time)
        let keeping = KeepingTransport(client.transport, context: cluster.contextName, journal: undoJournal, time: time)
        cluster.client = KubeClient(transport: keeping, gate: client.gate)
        return cluster
    }

    package func openCommandLog() {
        let model = DetailModel(title: "Command log", kind: .commandLog, binding: nil)
        model.hints = [("detail.open", "details"), ("log.kubectl", "copy kubectl"), ("log.curl", "copy curl"), ("undo.undo", "undo"), ("log.reads", "reads")]
        model.refresh = { [weak self, weak model] in
            guard let self, let model else { return }
            let text = CommandLogText.list(requests.entries, context: app.context.name, recordsReads: requests.recordsReads)
            model.show(text.lines, stops: text.stops)
            app.signal.touch()
        }
        model.onOpen = { [weak self, weak model] id in
            guard let self, let model, let id = Int(id) else { return }
            openSent(id, from: model)
        }
        model.refresh?()
        app.detail = model
        keepCurrent(model, requests.changes())
    }

    /// Makes the shown text again whenever `changes` says so, until `model` is closed.
    private func keepCurrent(_ model: DetailModel, _ changes: AsyncStream<Void>) {
        tasks.run(.history) { [weak self, weak model] in
            for await _ in changes {
                guard let self, let model, let shown = app.detail, shown.covers(model) else { return }
                shown.refresh?()
            }
        }
    }

    private func openSent(_ id: Int, from list: DetailModel) {
        guard requests.entry(id) != nil else { return app.toast("that request is not kept any more", .warning) }
        let model = DetailModel(title: "Sent request", kind: .sentRequest, binding: nil)
        model.parent = list
        model.hints = [("log.kubectl", "copy kubectl"), ("log.curl", "copy curl"), ("undo.undo", "undo")]
        model.refresh = { [weak self, weak model] in
            guard let self, let model, let entry = requests.entry(id) else { return }
            model.lines = CommandLogText.detail(entry, undo: undoEntry(entry), now: time.now())
            app.signal.touch()
        }
        model.refresh?()
        app.detail = model
    }

    package func toggleRecordedReads() {
        requests.recordsReads.toggle()
        app.toast(requests.recordsReads ? "reads and dry runs are recorded from now on" : "only changes are recorded from now on", .dim)
        app.detail?.refresh?()
    }

    /// The request that the open command log points at; nil when there is none.
    var selectedRequest: SentRequest? {
        guard let detail = app.detail, let list = detail.kind == .sentRequest ? detail.parent : detail, list.kind == .commandLog else { return nil }
        return list.selected.flatMap { Int($0) }.flatMap(requests.entry)
    }

    package func commandForms() -> CommandForms? {
        guard let entry = selectedRequest else { return nil }
        let form = KubectlForm(entry)
        return CommandForms(kubectl: form.command, curl: CurlForm.command(entry), isIncomplete: entry.hidesValues || entry.lacksBody)
    }
}
