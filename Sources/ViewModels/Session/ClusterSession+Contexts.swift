import APIMachinery
import KubeClient

/// The contexts that can be opened, the way from one into another, and clusters that were reached.
extension ClusterSession {
    package func refreshContexts() {
        guard let listContexts else { return }
        isListingContexts = true
        tasks.run(.contexts) { [weak self] in
            let listing = await listContexts()
            guard let self, !Task.isCancelled else { return }
            isListingContexts = false
            take(listing)
            if case .palette(let palette)? = app.modal { palette.refresh() }
            app.signal.touch()
        }
    }

    /// Which contexts there are, as was read.
    package func take(_ listing: ContextListing) {
        (contexts, contextProblems) = (listing.names, listing.problems)
        if !home.isEmpty { offerHome() }
    }

    /// The way back from another context is among those to choose from.
    func offerHome() {
        if !contexts.isEmpty || !contextProblems.isEmpty, !contexts.contains(home) { contexts.insert(home, at: 0) }
    }

    /// Reaches a context's cluster, apart from the one that is shown.
    func reach(_ context: String) async throws -> ConnectedCluster {
        if context == home { return try await connectHome() }
        guard let connectTo, contexts.contains(context) else {
            throw ConnectionFailure(reason: "there is no context \(context) in the kubeconfig", remedy: "")
        }
        return try await connectTo(context)
    }

    package func use(context: String) {
        if app.joined != nil { return app.workspace?.openContexts([context], app) ?? () }
        guard context != app.context.name, context == home || connectTo != nil else { return }
        saveDraftNow()
        saveViews()
        tasks.cancelSlots()
        if isListingContexts { refreshContexts() }
        left.keep(LeftContexts.Left(usage: usageHistory, visited: app.visited), of: app.context.name)
        let before = left.take(context)
        if context == home {
            connect = connectHome
        } else if let connectTo {
            connect = { try await connectTo(context) }
        }
        (cluster, feed, hasAskedAtStart, isFirstOfContext) = (nil, nil, true, true)
        shownKeptLog = nil
        keptPods.removeAll()
        logEvents = nil
        (namespaceRows, clusterID) = ([:], nil)
        forgetUsage()
        if let before { usageHistory = before.usage }
        (pulses, changeMemory) = ([], ChangeMemory())
        app.namespaces.rows = []
        app.pods.removeAll()
        forgetTables()
        if let before { app.visited = before.visited }
        placesAtOpening = app.visited.back.count
        app.logs.clear()
        app.logs.target = nil
        app.logs.state = .idle("select a pod")
        app.detail = nil
        app.namespace = nil
        app.namespaces.point(to: nil)
        app.context = ContextState(name: context, access: .protected, isEmbedded: false)
        app.connection = .starting("opening \(context)")
        if !app.editor.isDirty { closeEditor() }
        tasks.run(.session) { [weak self] in await self?.run() }
    }

    /// The cluster of a context that was reached, through its newest connection; nil for a context that was not.
    func client(ofContext name: String) -> KubeClient? {
        // Panes that are open know of a cluster that was started again; those that were closed do not.
        let open = app.workspace?.sessions ?? []
        return ([self] + open).last { $0.reached[name] != nil }?.reached[name]?.client
    }

    /// Reaches the cluster a text was opened from. Throws why it cannot be reached.
    func client(of target: EditorTarget) async throws(ConnectionFailure) -> KubeClient {
        let context = target.binding.context
        if context == app.context.name, let cluster { return cluster.client }
        if let known = reached[context] { return known.client }
        do {
            let found: ConnectedCluster
            if context == home {
                found = try await connectHome()
            } else if contexts.contains(context), let connectTo {
                found = try await connectTo(context)
            } else {
                throw ConnectionFailure(
                    reason: "this text belongs to context \(context), which is not in the kubeconfig", remedy: "start kdash with --context \(context)")
            }
            reached[context] = observed(found)
            return reached[context]?.client ?? found.client
        } catch {
            throw ConnectionFailure(error)
        }
    }
}
