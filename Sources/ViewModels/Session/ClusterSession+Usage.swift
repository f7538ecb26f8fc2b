import KubeClient
import LinuxKernel

/// What pods and nodes use, for their tables and for the hour that charts show.
extension ClusterSession {
    private static let quietUsagePause = Duration.seconds(15)

    /// Samples what pods and nodes use: often while somebody sees it, and now and then otherwise, so that charts have an hour to show.
    func sampleWhileVisible() {
        guard let source = cluster.flatMap({ UsageSource($0, time: time) }) else { return tasks.cancel(.usage) }
        let isSeen = app.visiblePanes.contains(.pods) || app.detail?.kind == .charts || app.detail?.kind == .pulses || app.detail?.kind == .containers
        let scope = source.isMetricsAPI ? app.scope : .all
        guard !tasks.isRunning(.usage) || isSeen != isSampledOften || scope != sampledScope else { return }
        (isSampledOften, sampledScope) = (isSeen, scope)
        tasks.run(.usage) { [weak self, time] in
            let digest = UsageDigest(source)
            var pause = isSeen ? Duration.zero : Self.quietUsagePause
            while !Task.isCancelled {
                if pause > .zero { do { try await time.sleep(for: pause) } catch { return } }
                let begin = time.monotonic()
                var look = await digest.look(scope, for: self?.usageHistory, isSeen: isSeen)
                guard let self, !Task.isCancelled else { return }
                // Without a sample the bars go: the heading says why, or on kdash's own cluster the connection's state.
                if !source.isMetricsAPI { (look.reading.pods, look.reading.nodes) = (nil, nil) }
                usageHistory.take(look.reading.samples)
                let next = source.pause(after: time.monotonic() - begin, look.reading.pods, isFirst: pause == .zero)
                pause = isSeen ? next : max(Self.quietUsagePause, next)
                show(look)
            }
        }
    }

    private func show(_ look: UsageLook) {
        let reading = look.reading
        app.pods.usageGap = reading.pods
        nodeUse = (look.pods == nil ? nodeUse.samples : look.nodes, reading.nodes)
        if let pods = look.pods { app.pods.setUsage(pods) }
        for table in app.tables { showUsage(in: table.value, table.key) }
        // The bars of some pods stay empty: that is said once.
        if let partly = reading.partly { app.hint("usage \(app.context.name)", partly) }
    }

    /// Shows what nodes use in their table, as far as that is known already.
    func showUsage(in table: ResourcesModel, _ kindID: String) {
        guard kindID == ServedKind.nodesID else { return }
        table.usageGap = nodeUse.gap
        table.setUsage(nodeUse.samples)
    }

    /// Another cluster is shown.
    func forgetUsage() {
        usageHistory.removeAll()
        (app.pods.usageGap, nodeUse) = (nil, ([:], nil))
    }
}

extension ServedKind {
    /// The id of the kind of nodes.
    static let nodesID = "nodes"
    /// Whether the use of its objects is told.
    var isMeasured: Bool { isPods || id == Self.nodesID }
}
