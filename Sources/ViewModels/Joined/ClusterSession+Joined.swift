import APIMachinery
import KubeClient
import LinuxKernel

/// Following one kind in several contexts. Each context has a task of its own: what one of them refuses, or how slow it is, is no matter of the others.
extension ClusterSession {
    /// Starts what makes a joined table current; nothing of its contexts was contacted before.
    func startJoined(at place: SavedPlace) {
        (app.cluster, app.history, app.time, app.gatekeeper) = (self, self, self, self)
        app.connection = .ready
        app.scope = place.scope
        app.namespaces.mayBeOthers = true
        app.onVisibilityChange = { [weak self] in self?.sampleJoined() }
        followJoined()
    }

    /// Another kind is shown: in all contexts.
    func joinedKindChanged() {
        guard let joined = app.joined else { return }
        // A saved table has learned what its kind is: who told that follows it already.
        let isNew = joined.kindID != app.kind.id
        app.rejoin(isNew: isNew)
        if isNew { followJoined() } else { listenJoined() }
    }

    /// Other namespaces are shown: those that are followed one by one are others.
    func show(joinedScope scope: NamespaceScope) {
        app.scope = scope
        for (place, member) in (app.joined?.members ?? []).enumerated() where member.isNarrow || member.trouble != nil { followMember(place) }
        app.applyViews()
        app.followRowContext()
        sampleJoined()
        tellJoined()
    }

    /// Other columns are wanted, or other selectors.
    func followJoined() {
        listenJoined()
        for place in (app.joined?.members ?? []).indices { followMember(place) }
        tellJoined()
    }

    private func listenJoined() {
        guard let joined = app.joined else { return }
        joined.table.onSelect = { [weak self] in
            self?.app.joined?.awaitedUID = nil
            self?.app.followRowContext()
        }
        joined.table.onSelectors = { [weak self] _ in self?.followJoined() }
    }

    private func followMember(_ place: Int) {
        app.joined?.members[place].isListed = false
        tasks.run(.member(place)) { [weak self] in await self?.follow(member: place) }
    }

    // MARK: - A context

    /// How long a context that lacks the kind is left alone before it is asked again.
    private static let kindPause = Duration.seconds(30)
    /// The pause before a cluster of this machine is looked for again, where looking costs next to nothing.
    private static let cheapPause = Duration.seconds(1)

    private func follow(member place: Int) async {
        var backoff = Backoff(first: .milliseconds(250), maximum: .seconds(10), jitter: 0.2)
        while !Task.isCancelled {
            var pause = backoff.next()
            do {
                try await connect(member: place)
                if let kind = try await kind(ofMember: place) {
                    let started = time.monotonic()
                    await follow(kind, ofMember: place)
                    if time.monotonic() - started > .seconds(30) { backoff.reset() }
                } else {
                    pause = Self.kindPause
                }
            } catch {
                if Task.isCancelled { return }
                app.joined?.members[place].cluster = nil
                let failure = (error as? APIStatus).map { ConnectionFailure(reason: $0.message, remedy: "") } ?? ConnectionFailure(error)
                if failure.isStopped || failure.isCheapToRetry { pause = min(pause, Self.cheapPause) }
                note(failure.reason, of: place)
            }
            do { try await time.sleep(for: pause) } catch { return }
        }
    }

    private func connect(member place: Int) async throws {
        guard let joined = app.joined, joined.members[place].cluster == nil else { return }
        let cluster = observed(try await reach(joined.names[place]))
        if Task.isCancelled { throw CancellationError() }
        (joined.members[place].cluster, joined.members[place].kind) = (cluster, nil)
        joined.members[place].context = cluster.contextState
        // Of the connection before nothing is sampled any more.
        tasks.cancel(.memberUsage(place))
        sampleJoined()
        follow(cluster.client.gate, ofMember: place)
        app.followRowContext()
    }

    /// Shows whether changes pass in a context, minute by minute while that is so for a time.
    private func follow(_ gate: ContextGate, ofMember place: Int) {
        guard gate.canUnlock else { return tasks.cancel(.memberGate(place)) }
        let changes = gate.changes()
        tasks.run(.memberGate(place)) { [weak self, time] in
            for await _ in changes {
                self?.app.followRowContext()
                while let left = gate.remaining {
                    do { try await time.sleep(for: min(left, .seconds(60))) } catch { return }
                    self?.app.followRowContext()
                }
            }
        }
        app.followRowContext()
    }

    /// The shown kind as a context's server has it; nil, and said so, when it has none.
    private func kind(ofMember place: Int) async throws -> ServedKind? {
        guard let joined = app.joined, let client = joined.members[place].cluster?.client else { return nil }
        if let known = joined.members[place].kind, known.id == joined.kindID { return known }
        let kinds = try await client.servedKinds().filter(\.isListable)
        if Task.isCancelled { throw CancellationError() }
        joined.members[place].kinds = kinds
        let all = joined.kinds
        if app.kinds != all { app.kinds = all }
        guard let kind = kinds.first(where: { $0.id == joined.kindID }) else {
            joined.members[place].kind = nil
            joined.table.removeRows(of: place)
            note("it has no \(joined.kindID)", of: place)
            return nil
        }
        joined.members[place].kind = kind
        if app.kind.id != kind.id { app.kind = kind }
        sampleJoined()
        return kind
    }

    // MARK: - Rows

    /// Follows a context's objects until its connection is to be made anew.
    private func follow(_ kind: ServedKind, ofMember place: Int) async {
        guard let joined = app.joined, let client = joined.members[place].cluster?.client else { return }
        let (table, time) = (joined.table, time)
        let (filter, paths) = (RowFilter(table.filter), table.view.paths)
        joined.paths = paths
        var parts: [String?: TablePart] = [:]
        let makeFeed: (String?) -> ResourceFeed = { namespace in
            parts[namespace] = table.part(of: place, in: namespace)
            return ResourceFeed(
                client: client, kind: kind, namespace: namespace, labels: filter.labels ?? .everything, fields: filter.fields ?? .everything,
                reader: kind.isPods ? PodReader(kept: KeptPods(), paths: paths) : TableReader(kind, paths: paths), time: time)
        }
        let feeds = NamespaceFeeds(isNamespaced: kind.isNamespaced, scope: { [app] in app.scope }, time: time, makeFeed: makeFeed)
        await feeds.follow { [weak self] feed in
            guard let self, !Task.isCancelled, app.joined?.table === table, let part = parts[feed.namespace] else { return false }
            return take(feed, part, feeds, place)
        }
    }

    /// Shows what a feed brought; false when the connection is to be made anew.
    private func take(_ feed: ResourceFeed, _ part: TablePart, _ feeds: NamespaceFeeds, _ place: Int) -> Bool {
        guard let joined = app.joined else { return false }
        let batch = feed.take()
        if let columns = batch.columns { joined.table.setColumns(columns, of: place) }
        _ = part.apply(batch, to: joined.table, now: time.now())
        joined.members[place].isNarrow = feeds.isNarrow
        joined.members[place].trouble = feeds.trouble
        if batch.isListEnded { joined.members[place].isListed = true }
        noteFirstRows(joined)
        tellJoined()
        if let uid = joined.awaitedUID, joined.table.row(uid: uid) != nil {
            joined.awaitedUID = nil
            joined.table.select(uid: uid)
        }
        app.followRowContext()
        // A daemon of this machine that was started again may be another one.
        guard case .failing(let status) = feed.state, joined.members[place].context.isEmbedded, [0, 503, 504].contains(status.code) else { return true }
        joined.members[place].cluster = nil
        return false
    }

    private func note(_ trouble: String, of place: Int) {
        app.joined?.members[place].trouble = trouble
        tellJoined()
    }

    func tellJoined() {
        app.joined?.tell(app.kind.isNamespaced && app.scope != .all ? " in \(app.scope.text)" : "")
    }
}

extension ClusterSession {
    /// Other columns of the objects are read.
    func joinedColumnsChanged() {
        guard let joined = app.joined, joined.paths != joined.table.view.paths else { return }
        followJoined()
    }
}
