import KubeClient

extension ClusterSession {
    /// What has to be there before keys about the cluster can be carried out; nil when it is, or when what is wrong is said instead. Once all
    /// of it was there, only keys that wait already (`isQueued`) wait on, for the rows of what they went to.
    package func startWait(isQueued: Bool) -> String? {
        guard app.joined == nil, !hasStarted || isQueued else { return nil }
        switch app.connection {
        case .failed: return nil
        case .starting: return cluster == nil ? "the cluster" : "the first lists"
        case .ready, .stale: break
        }
        guard areKindsKnown else { return "the kinds of the cluster" }
        guard app.kind.isPods ? arePodsListed || podsRefusal != nil : listedTables.contains(app.kind.id) else { return app.kindPlural }
        hasStarted = true
        return nil
    }
}
