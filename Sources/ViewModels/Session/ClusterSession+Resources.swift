import APIMachinery
import KubeClient
import LinuxKernel

extension ClusterSession {
    /// How many kinds besides pods stay followed after something else is shown: going back to them costs nothing.
    private static let keptTables = 6

    // MARK: - Kinds

    package func refreshKinds() {
        guard let client = cluster?.client else { return }
        tasks.run(.kinds) { [weak self] in
            do throws(APIStatus) {
                let kinds = try await client.servedKinds().filter(\.isListable)
                guard let self, !Task.isCancelled else { return }
                areKindsKnown = true
                if app.kinds != kinds { app.kinds = kinds }
                restoreKind()
                showWantedPlace()
                // A new version of what is shown is taken at its next opening; a kind that is gone says so itself.
            } catch {
                guard !Task.isCancelled else { return }
                self?.areKindsKnown = true
                self?.app.toast("the kinds of this cluster cannot be listed: \(error.message)", .warning)
            }
        }
    }

    // MARK: - Tables

    package func kindChanged() {
        if app.joined != nil { return joinedKindChanged() }
        saveViews()
        awaitedUID = nil
        app.detail = nil
        if case .idle = app.logs.state { app.logs.state = .idle(app.logHint) }
        followList()
        followSelected()
        updateNotice()
    }

    /// Follows the shown kind; pods are always followed.
    func followList() {
        let kind = app.kind
        guard !kind.isPods else { return }
        recentKinds.removeAll { $0.id == kind.id }
        recentKinds.append(kind)
        if recentKinds.count > Self.keptTables { stopTable(recentKinds.removeFirst()) }
        if !tasks.isRunning(.table(kind.id)) { runTable(kind) }
    }

    /// After a new connection: what was followed is followed there.
    func resumeTables() {
        for kind in [.pods] + recentKinds { runTable(kind) }
        for kind in recentKinds + [.pods] { followSelectors(app.table(kind), kind) }
        refreshKinds()
    }

    /// Another cluster is shown.
    func forgetTables() {
        for kind in recentKinds { stopTable(kind) }
        tasks.cancel(.selectors(ServedKind.pods.id))
        recentKinds = []
        (narrowTables, refusedTables) = ([:], [])
        (hasRestoredKind, areKindsKnown, hasStarted) = (false, false, false)
        listedTables = []
        app.forgetTables()
    }

    private func stopTable(_ kind: ServedKind) {
        tasks.cancel(.table(kind.id))
        tasks.cancel(.selectors(kind.id))
        (narrowTables[kind.id], tablePaths[kind.id]) = (nil, nil)
        app.tables[kind.id] = nil
        listedTables.remove(kind.id)
    }

    private func runTable(_ kind: ServedKind) {
        guard let client = cluster?.client else { return }
        narrowTables[kind.id] = nil
        refusedTables.remove(kind.id)
        let table = app.table(kind)
        table.onSelectors = { [weak self, weak table] _ in if let table { self?.followSelectors(table, kind) } }
        let paths = table.view.paths
        tablePaths[kind.id] = paths
        var parts: [String?: TablePart] = [:]
        let makeFeed: (String?) -> ResourceFeed = { [keptPods, time] namespace in
            if let namespace { parts[namespace] = TablePart(isOwn: { _, own in own == namespace }) }
            let reader: any RowReader = kind.isPods ? PodReader(kept: keptPods, paths: paths) : TableReader(kind, paths: paths)
            return ResourceFeed(client: client, kind: kind, namespace: namespace, reader: reader, time: time)
        }
        let feeds = NamespaceFeeds(isNamespaced: kind.isNamespaced, scope: { [app] in app.scope }, time: time, makeFeed: makeFeed)
        tasks.run(.table(kind.id)) { [weak self] in
            await feeds.follow { feed in
                guard let self, !Task.isCancelled else { return false }
                self.apply(feed, feeds, parts, to: table)
                return true
            }
        }
    }

    /// Shows what a feed brought: everything, or the objects of one of several namespaces.
    private func apply(_ feed: ResourceFeed, _ feeds: NamespaceFeeds, _ parts: [String?: TablePart], to table: ResourcesModel) {
        let batch = feed.take()
        if let columns = batch.columns { table.layout = columns }
        var gone: Set<String>
        if let part = parts[feed.namespace] {
            narrow(table, feed.kind, to: feeds.namespaces ?? [])
            gone = Set(part.apply(batch, to: table, now: time.now()))
        } else {
            if batch.isListBegun { table.beginList() }
            table.upsert(batch.rows.values, now: time.now())
            table.remove(uids: batch.gone)
            gone = batch.gone
            if batch.isListEnded { gone.formUnion(table.endList()) }
        }
        if !gone.isEmpty { noteGone(gone) }
        if feed.state.isRefusal, feed.kind.isNamespaced { refusedTables.insert(feed.kind.id) }
        let trouble = feeds.isNarrow && !feeds.isRefused ? feeds.trouble : nil
        if table.trouble != trouble { table.trouble = trouble }
        show(feed, feeds, isListEnded: batch.isListEnded && (parts.isEmpty || feeds.isListed(parts)), in: table)
    }

    /// Namespaces are followed one by one: of others nothing is known any more.
    private func narrow(_ table: ResourcesModel, _ kind: ServedKind, to names: Set<String>) {
        guard narrowTables[kind.id] != names else { return }
        narrowTables[kind.id] = names
        table.remove(uids: table.uids { !names.contains($1) })
    }

    private func show(_ feed: ResourceFeed, _ feeds: NamespaceFeeds, isListEnded: Bool, in table: ResourcesModel) {
        if isListEnded || feed.state.failure != nil, listedTables.insert(feed.kind.id).inserted { app.signal.touch() }
        if feed.kind.isPods { return podsChanged(feed, refusal: feeds.isRefused ? feeds.trouble : nil, isListEnded: isListEnded) }
        if case .failing = feed.state, let trouble = feeds.trouble {
            table.notice = "\(feed.kind.resource.resource): \(trouble)"
        } else if table.total == 0 {
            let place = feed.kind.isNamespaced ? " in \(app.scope == .all ? "any namespace" : app.scope.text)" : ""
            table.notice = feed.state == .starting ? "waiting for the cluster" : "no \(feed.kind.resource.resource)\(place)"
        } else if table.notice != nil {
            table.notice = nil
        }
        if app.list === table, let uid = awaitedUID, table.row(uid: uid) != nil {
            awaitedUID = nil
            table.select(uid: uid)
        }
        if app.list === table, let uid = table.selectedUID, uid != followedUID { followSelected() }
        runAwaitedCommand()
    }

    /// Tables have other columns: what is read of their objects may be something else.
    package func columnsChanged() {
        if app.joined != nil { return joinedColumnsChanged() }
        for kind in recentKinds + [.pods] where tasks.isRunning(.table(kind.id)) {
            if app.table(kind).view.paths != tablePaths[kind.id] ?? CellPaths() { runTable(kind) }
        }
    }

    /// Other namespaces are shown: a table that was read for one of them alone, and what was asked about that one, are read anew.
    func scopeChanged() {
        for kind in recentKinds + [.pods] {
            app.table(kind).scope = app.scope
            let isNarrow = narrowTables[kind.id].map { NamespaceScope.only($0) != app.scope } ?? false
            if isNarrow || refusedTables.contains(kind.id) { runTable(kind) }
        }
        app.applyViews()
        for kind in recentKinds + [.pods] where kind.isNamespaced { followSelectors(app.table(kind), kind) }
    }

    // MARK: - Selectors

    /// Asks the server which objects match the selectors of a table's filter, for as long as they are set.
    func followSelectors(_ table: ResourcesModel, _ kind: ServedKind) {
        let filter = RowFilter(table.filter)
        guard filter.labels != nil || filter.fields != nil, let client = cluster?.client else { return tasks.cancel(.selectors(kind.id)) }
        let feed = ResourceFeed(
            client: client, kind: kind, namespace: kind.isNamespaced ? app.scope.single : nil, labels: filter.labels ?? .everything,
            fields: filter.fields ?? .everything, time: time)
        tasks.run(.selectors(kind.id)) { [weak self, weak table] in
            async let _: Void = feed.run()
            var matching: Set<String> = []
            var listed: Set<String>?
            for await _ in feed.wake {
                guard let self, let table, !Task.isCancelled else { return }
                let batch = feed.take()
                if batch.isListBegun { listed = [] }
                listed?.formUnion(batch.rows.keys)
                matching.formUnion(batch.rows.keys)
                matching.subtract(batch.gone)
                if batch.isListEnded, let whole = listed {
                    matching.formIntersection(whole)
                    listed = nil
                }
                table.setMatches(Array(matching))
                if case .failing(let status) = feed.state { app.toast("filter \(table.filter): \(status.message)", .error) }
            }
        }
    }
}
