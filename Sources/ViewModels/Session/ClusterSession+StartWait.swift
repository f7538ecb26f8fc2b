import KubeClient

extension ClusterSession {
    /// What has to be there before keys about the cluster can be carried out; nil when it is, or when what is wrong is said instead. Rows that are
    /// shown are enough for all but what goes to a kind (`needsKinds`). Once all of it was there, only keys that wait already (`isQueued`) wait on,
    /// for the rows of what they went to, and for what was asked.
    package func startWait(isQueued: Bool, needsKinds: Bool) -> String? {
        if let joined = app.joined { return joinedWait(joined, isQueued: isQueued, needsKinds: needsKinds) }
        guard !hasStarted || isQueued else { return nil }
        switch app.connection {
        case .failed: return nil
        case .starting: return cluster == nil ? "the cluster" : "the first lists"
        case .ready, .stale: break
        }
        guard areKindsKnown || !needsKinds && !isKindAwaited else { return "the kinds of the cluster" }
        guard app.kind.isPods ? arePodsListed || podsRefusal != nil : listedTables.contains(app.kind.id) else { return app.kindPlural }
        if areKindsKnown { hasStarted = true }
        return isQueued && isAsking ? "the answer" : nil
    }

    /// Another kind than the shown one is to be shown once the cluster has told its kinds: keys are about that.
    private var isKindAwaited: Bool {
        if wantedPlace != nil { return true }
        guard !hasRestoredKind, app.kind.isPods, app.visited.back.isEmpty, let kind = savedViews?.kind else { return false }
        return kind != ServedKind.pods.id
    }

    /// Something is being read that the next key may be about: a question, a shell, a text to edit.
    private var isAsking: Bool { app.editor.state == .loading || tasks.isRunning(.question) || tasks.isRunning(.pod) }
}
