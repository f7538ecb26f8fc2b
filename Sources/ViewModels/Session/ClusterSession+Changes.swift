import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

/// What an open view of recent changes remembers between looks.
struct ChangeMemory {
    /// The spans to choose from, in seconds.
    static let spans: [Int64] = [60, 300, 900, 3600, 6 * 3600, 24 * 3600]

    var seconds: Int64 = 300
    var seen: [String: RecentChanges.Seen] = [:]
    var deletions: [RecentChanges.Deletion] = []
    var look = ChangeScan.Look()
    var changes: [RecentChanges.Change] = []
    /// What writes changed by the cluster's own memory, by their keys; empty where it has none of them.
    var differences: [String: String] = [:]

    /// The changes of the span up to a moment, newest first, with what they really changed where the cluster remembers that.
    func recent(_ now: Timestamp) -> [RecentChanges.Change] {
        RecentChanges.since(now.advanced(by: .seconds(-seconds)), objects: look.objects, events: look.events, deletions: deletions).map { change in
            var change = change
            if change.what == .changed, let text = differences[change.key], !text.isEmpty { change.text = text }
            return change
        }
    }

    /// Takes the deletions that the cluster itself remembers, in place of those that were seen.
    mutating func take(remembered: [RecentChanges.Deletion]) {
        let known = Set(remembered.map(\.object.uid))
        deletions = Array((remembered + deletions.filter { !known.contains($0.object.uid) }).sorted { $0.at < $1.at }.suffix(RecentChanges.limit))
    }

    /// Takes what a new look found and notes what is gone since the one before.
    mutating func take(_ look: ChangeScan.Look, at now: Timestamp) {
        var present: [String: RecentChanges.Seen] = [:]
        for (object, resource) in look.objects {
            present[object.uid] = RecentChanges.Seen(
                kind: object.kind, namespace: object.namespace, name: object.name, uid: object.uid, resource: resource)
        }
        // A kind that could not be read whole says nothing about what is gone.
        let comparable = seen.filter { look.complete.contains($0.value.resource) }
        let known = Set(deletions.map(\.object.uid))
        deletions += RecentChanges.gone(comparable, now: Set(present.keys), at: now).filter { !known.contains($0.object.uid) }
        if deletions.count > RecentChanges.limit { deletions.removeFirst(deletions.count - RecentChanges.limit) }
        seen = present
        self.look = look
    }
}

extension ClusterSession {
    private static let changesPause = Duration.seconds(3)

    package func openChanges() {
        guard let client = cluster?.client else { return app.toast("no cluster is connected", .warning) }
        let namespace = app.namespace
        let model = DetailModel(title: "What changed", kind: .changes, binding: nil)
        model.hints = [("detail.open", "why"), ("changes.longer", "longer"), ("changes.shorter", "shorter")]
        model.lines = [[TextSpan("reading what changed in \(namespace ?? "all namespaces")", .pending)]]
        changeMemory = ChangeMemory(seconds: changeMemory.seconds)
        model.refresh = { [weak self, weak model] in
            guard let self, let model else { return }
            showChanges(model, namespace)
        }
        model.onOpen = { [weak self, weak model] id in
            guard let self, let model else { return }
            openChange(id, model)
        }
        app.detail = model
        let scan = ChangeScan(client: client, namespace: namespace)
        var readsDeletions = app.context.isEmbedded
        tasks.run(.history) { [weak self, weak model, time] in
            while let model, self?.app.detail?.covers(model) == true {
                guard let seconds = self?.changeMemory.seconds else { return }
                let look = await scan.look(since: time.now().advanced(by: .seconds(-seconds)))
                guard let self, !Task.isCancelled else { return }
                let remembered = readsDeletions ? await scan.deletions(since: time.now().advanced(by: .seconds(-86_400))) : nil
                guard !Task.isCancelled else { return }
                changeMemory.take(look, at: time.now())
                if let remembered { changeMemory.take(remembered: remembered) }
                if app.context.isEmbedded {
                    let unknown = changeMemory.recent(time.now()).filter { $0.what == .changed && changeMemory.differences[$0.key] == nil }
                    let differences = await scan.differences(of: unknown)
                    guard !Task.isCancelled else { return }
                    changeMemory.differences.merge(differences) { $1 }
                }
                // Those that come later are seen, and told by whom the next time that something goes.
                readsDeletions = changeMemory.deletions.contains { $0.by.isEmpty } && app.context.isEmbedded
                if app.detail === model { showChanges(model, namespace) }
                do { try await time.sleep(for: Self.changesPause) } catch { return }
            }
        }
    }

    private func showChanges(_ model: DetailModel, _ namespace: String?) {
        let now = time.now()
        changeMemory.changes = changeMemory.recent(now)
        let text = RecentChanges.list(
            changeMemory.changes, place: namespace ?? "all namespaces", span: .seconds(changeMemory.seconds), gaps: changeMemory.look.gaps,
            now: now)
        model.show(text.lines, stops: text.stops)
        app.signal.touch()
    }

    private func openChange(_ id: String, _ model: DetailModel) {
        guard let index = model.stops.firstIndex(where: { $0.id == id }), changeMemory.changes.indices.contains(index) else { return }
        let change = changeMemory.changes[index]
        if change.what == .deleted, change.text == "is gone", app.context.isEmbedded, let resource = change.resource {
            return openRevisions(
                ObjectBinding(
                    context: app.context.name, namespace: change.namespace, kind: change.kind, name: change.name, uid: change.uid, resource: resource))
        }
        if change.what == .deleted, change.text == "is gone" { return app.toast("\(change.kind) \(change.name) is gone", .warning) }
        explain(
            ObjectBinding(
                context: app.context.name, namespace: change.namespace, kind: change.kind, name: change.name, uid: change.uid.isEmpty ? nil : change.uid,
                resource: change.resource))
    }

    package func stretchChanges(by steps: Int) {
        let spans = ChangeMemory.spans
        let index = spans.firstIndex { $0 >= changeMemory.seconds } ?? spans.count - 1
        changeMemory.seconds = spans[max(0, min(spans.count - 1, index + steps))]
        app.detail?.refresh?()
    }
}
