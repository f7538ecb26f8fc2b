import APIMachinery
import KubeClient

/// What the connection to the shown cluster brings.
extension ClusterSession {
    /// A new connection lists everything again: what it does not list is gone.
    func adoptFeed() {
        isFirstSync = true
        (arePodsListed, podsRefusal) = (false, nil)
        namespaceRows = [:]
    }

    /// Shows what changed; returns why the connection is to be made anew, if it is.
    func apply(_ batch: ClusterFeed.Batch, _ feed: ClusterFeed) -> APIStatus? {
        for uid in batch.goneNamespaces { namespaceRows[uid] = nil }
        namespaceRows.merge(batch.namespaces) { _, new in new }
        if let id = batch.namespaces.values.first(where: { $0.name == "kube-system" })?.uid {
            clusterID = id
            undoJournal.setCluster(id, of: app.context.name)
        }
        if isFirstSync, batch.knowsNamespaces, arePodsListed || podsRefusal != nil { finishFirstSync() }
        if !batch.namespaces.isEmpty || !batch.goneNamespaces.isEmpty || batch.isStateChanged { updateNamespaces() }
        noteGone(batch.goneNamespaces)
        updateNotice()
        switch batch.isStateChanged ? feed.state : .starting {
        case .following: app.connection = .ready
        case .failing(let status):
            show(ConnectionFailure(reason: status.message, remedy: "kdash tries again by itself; q quits"))
            if cluster?.isEmbedded == true, restart != nil, [0, 503, 504].contains(status.code) { return status }
        case .starting: break
        }
        return nil
    }

    private func finishFirstSync() {
        isFirstSync = false
        if app.kind.isPods { followSelected() }
        guard !hasAskedAtStart else { return }
        if let wanted = wantedNamespace, isMissing(wanted) { app.toast("there is no namespace \(wanted)", .warning) }
        hasAskedAtStart = true
        askAtStart()
    }
}
