import APIMachinery
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps an ``AppModel`` true to a cluster and carries out what its commands ask for.
///
/// Make one, call ``start()``, run the screen, then ``stop()``. It owns every task it starts.
@MainActor package final class ClusterSession: ClusterActions {
    let app: AppModel
    let time: any TimeSource
    let stateDirectory: String
    let drafts: DraftStore
    let requests: RequestLog
    let undoJournal: UndoJournal
    var changeMemory = ChangeMemory()
    var usageHistory = UsageHistory()
    /// What is kept of contexts that were left.
    var left = LeftContexts()
    /// How many places were behind when the context was opened.
    var placesAtOpening = 0
    var isSampledOften = false
    var sampledScope = NamespaceScope.all
    /// What nodes used as of the last sample, and why that is not known.
    var nodeUse: (samples: [String: PodUsage], gap: UsageGap?) = ([:], nil)
    /// The namespaces and the kind whose use is sampled in the contexts of a joined table, by their places.
    var sampledMembers: [Int: (scope: NamespaceScope, kindID: String)] = [:]
    var pulses: [Pulse] = []
    let timeTravel = TimeTravel()
    let tasks = TaskSlots()
    let operations: OperationState
    let logs: LogsDriver
    var cluster: ConnectedCluster?
    var feed: ClusterFeed?
    let keptPods = KeptPods()
    /// Whether the table of pods has every pod that it may read.
    var arePodsListed = false
    /// Whether the cluster has told its kinds, or refused to.
    var areKindsKnown = false
    /// The kinds besides pods whose table is there, or cannot be read.
    var listedTables: Set<String> = []
    /// Everything that keys typed at the start wait for was there once, in this context.
    var hasStarted = false
    /// Why no pods can be read; nil when some can.
    var podsRefusal: String?
    /// The events about the pod whose log has no line yet.
    var logEvents: LogEvents?
    var namespaceRows: [String: NamespaceRow] = [:]
    var editing = EditingState()
    let knowledge = EditorKnowledge()
    /// The deleted pod whose log is shown or was shown last; what its node keeps is listed once.
    var shownKeptLog: KeptLog?
    /// The pod that the logs and YAML panes were last asked to show because the cursor rests on it.
    var followedUID: String?
    /// The kinds other than pods that are followed, the one shown last at the end.
    var recentKinds: [ServedKind] = []
    /// The kinds whose objects may be read in single namespaces alone, and which are, by the kind's id.
    var narrowTables: [String: Set<String>] = [:]
    /// Whether the nodes of a server tell of the inside of containers, by its address; asked once.
    var nodeAgents: [String: Bool] = [:]
    /// What is read of the objects for columns of the user's own, by the kind's id.
    var tablePaths: [String: CellPaths] = [:]
    /// The kind whose objects are counted.
    var countedKind: String?
    /// The kinds whose objects may not be read as they were asked for.
    var refusedTables: Set<String> = []
    /// How the tables were looked at when the context was opened or saved last, and which context that is.
    var savedViews: SavedViews?
    var savedViewsContext: String?
    var hasRestoredKind = false
    /// A place to show as soon as its context has told its kinds.
    var wantedPlace: SavedPlace?
    /// The context whose first place was given, so that what it was left with is not shown.
    var placeContext: String?
    /// The object of the shown table that the cursor goes to once it is listed.
    var awaitedUID: String?
    /// What is to be done to an object of a joined table once it is listed here.
    var awaitedCommand: AwaitedCommand?
    /// The Secret whose values are shown as text once it is open.
    var awaitedDecoding: ObjectBinding?
    /// The pod that the cursor goes to once it is shown, unless the user moves the cursor before.
    var awaitedPod: ((PodRow) -> Bool)?
    var connect: @Sendable () async throws -> ConnectedCluster
    let connectHome: @Sendable () async throws -> ConnectedCluster
    var home = ""
    /// The context that ``init(app:connect:restart:time:stateDirectory:sharing:)`` reaches, where the application starts in another one.
    package var homeContext: String?
    /// The clusters that were reached, by context: a text is applied where it was opened, wherever the screen has gone.
    var reached: [String: ConnectedCluster] = [:]
    /// The command that stops the cluster which goes on after the screen; nil when none does. Default `kdash down`.
    package var stopCommand: String? = "kdash down"
    /// The shown cluster, by the uid of its kube-system; nil until that is known.
    var clusterID: String?
    let restart: (@Sendable () async throws -> Void)?
    private var mayRestart = true
    var isFirstSync = true
    var hasAskedAtStart = false
    /// A context was picked and not reached yet: the namespace that it starts in is shown then.
    var isFirstOfContext = false
    /// The namespace that the command line names, until it is there.
    var wantedNamespace: String?
    /// The other contexts that can be opened, for the picker; nothing of them is contacted before one is picked.
    package var contexts: [String] = []
    /// What is wrong with kubeconfig files that cannot be read.
    package internal(set) var contextProblems: [String] = []
    /// Reads which contexts there are, off the main actor, whenever they are listed. Nil leaves ``contexts`` alone.
    package var listContexts: (@Sendable () async -> ContextListing)?
    /// Whether they are being read.
    package internal(set) var isListingContexts = false
    /// Opens ports of this machine for forwards; without it none can be made.
    package var localPorts: (any LocalPorts)?
    /// Reaches a picked context; without it the picker is empty.
    package var connectTo: (@Sendable (String) async throws -> ConnectedCluster)?

    /// A session that has not started. `connect` reaches the cluster, starting the daemon when it has to; `restart` starts a local daemon
    /// that vanished. `stateDirectory` holds drafts and remembered answers. What is the user's and not a place's (drafts, undo, command log)
    /// is that of the session it is `sharing` with.
    package init(
        app: AppModel, connect: @escaping @Sendable () async throws -> ConnectedCluster, restart: (@Sendable () async throws -> Void)?,
        time: any TimeSource, stateDirectory: String, sharing other: ClusterSession? = nil
    ) {
        self.app = app
        self.connect = connect
        connectHome = connect
        self.restart = restart
        self.time = time
        self.stateDirectory = stateDirectory
        drafts = other?.drafts ?? DraftStore(stateDirectory: stateDirectory)
        requests = other?.requests ?? RequestLog(time: time)
        undoJournal = other?.undoJournal ?? UndoJournal(stateDirectory: stateDirectory, time: time)
        // Only what is opened first asks at the start.
        hasAskedAtStart = other != nil
        operations = OperationState(sharing: other?.operations)
        usageHistory = other?.usageHistory ?? UsageHistory()
        logs = LogsDriver(model: app.logs, time: time)
        app.logs.spillDirectory = stateDirectory
        app.logs.onStateChange = { [weak self] in self?.explainEmptyLog() }
    }

    /// Starts following the cluster. Set `app.namespace` and `app.context` before, where the command line names them.
    package func start() {
        app.cluster = self
        app.history = self
        app.gatekeeper = self
        app.time = self
        wantedNamespace = app.namespace
        if home.isEmpty { home = app.context.name }
        offerHome()
        app.onVisibilityChange = { [weak self] in self?.sampleWhileVisible() }
        app.exportObjects = { [weak self] in self?.exportObjects($0) }
        app.namespaces.onSelect = { [weak self] name in self?.show(scope: NamespaceScope(name)) }
        app.onSelect = { [weak self] in
            self?.awaitedPod = nil
            self?.awaitedUID = nil
            self?.followSelected()
        }
        app.onTable = { [weak self] table, kind in
            self?.savedViews?.apply(to: table, kind: kind)
            self?.showUsage(in: table, kind.id)
        }
        app.pods.onSelectors = { [weak self] _ in if let self { followSelectors(app.pods, .pods) } }
        if case .empty = app.editor.state { app.editor.state = emptyState }
        app.editor.onEdit = { [weak self] in self?.textChanged() }
        app.editor.onCursor = { [weak self] in self?.cursorMoved() }
        app.editor.actions = self
        app.pods.notice = "waiting for the cluster"
        tasks.run(.session) { [weak self] in await self?.run() }
    }

    /// Starts in the context of a saved place, and shows that.
    func start(at place: SavedPlace) {
        let context = place.context
        home = homeContext ?? app.context.name
        if app.joined != nil {
            offerHome()
            return startJoined(at: place)
        }
        if context != home, let connectTo { connect = { try await connectTo(context) } }
        start()
        show(place)
    }

    /// Ends what the panes need, after unsaved text is on disk; actions that must not stop half done go on.
    func retire() {
        prepareToQuit()
        tasks.cancelSlots()
        app.preferences.plugins.stop()
        app.modal = nil
        app.detail = nil
    }

    /// Ends everything, after unsaved text is on disk.
    package func stop() {
        prepareToQuit()
        tasks.cancelAll()
    }

    package func prepareToQuit() {
        saveDraftNow()
        saveViews()
        finishForwards()
        drafts.finish()
    }

    // MARK: - Connection

    func run() async {
        var backoff = Backoff(first: .milliseconds(250), maximum: .seconds(10), jitter: 0.2)
        while !Task.isCancelled {
            var isCheap = false
            do {
                let cluster = observed(try await connect())
                if Task.isCancelled { return }
                let started = time.monotonic()
                let loss = await follow(cluster)
                if Task.isCancelled { return }
                // A daemon that stayed may be started again when it vanishes; one that keeps dying is left alone.
                if time.monotonic() - started > .seconds(30) {
                    mayRestart = true
                    backoff.reset()
                }
                if let loss { await restartOnce(after: loss) }
            } catch {
                if Task.isCancelled { return }
                let failure = ConnectionFailure(error)
                isCheap = failure.isStopped || failure.isCheapToRetry
                show(failure)
            }
            let pause = backoff.next()
            do { try await time.sleep(for: isCheap ? min(pause, Self.cheapPause) : pause) } catch { return }
        }
    }

    /// The longest pause before a cluster of this machine is looked for again, where looking costs next to nothing.
    private static let cheapPause = Duration.seconds(1)

    func show(_ failure: ConnectionFailure) {
        if failure.isStopped { app.quitLine = "" }
        switch app.connection {
        case .stale(let since, _): app.connection = .stale(since: since, reason: failure.reason)
        case .ready: app.connection = .stale(since: time.now(), reason: failure.reason)
        case .starting, .failed: app.connection = .failed(reason: failure.reason, remedy: failure.remedy)
        }
    }

    private func restartOnce(after loss: APIStatus) async {
        guard mayRestart, let restart else { return }
        mayRestart = false
        if case .stale(let since, _) = app.connection {
            app.connection = .stale(since: since, reason: "the cluster's daemon is gone: starting it again")
        }
        do { try await restart() } catch { show(ConnectionFailure(error)) }
    }

    /// Follows a cluster until the task is cancelled or its local daemon is gone; returns why.
    private func follow(_ cluster: ConnectedCluster) async -> APIStatus? {
        self.cluster = cluster
        reached[cluster.contextName] = cluster
        followGate()
        if isFirstOfContext, let namespace = cluster.namespace {
            wantedNamespace = namespace
            app.namespace = namespace
        }
        isFirstOfContext = false
        updateQuitLine()
        restoreViews()
        let feed = ClusterFeed(client: cluster.client, time: time)
        self.feed = feed
        adoptFeed()
        tasks.run(.feed) { await feed.run() }
        tasks.cancel(.usage)
        sampleWhileVisible()
        resumeAfterConnect()
        resumeTables()
        // Another context may have been opened meanwhile, whose feed runs in the place of this one: that goes on.
        defer { if self.feed === feed { tasks.cancel(.feed) } }
        for await _ in feed.wake {
            if Task.isCancelled { return nil }
            if let loss = apply(feed.take(), feed) { return loss }
        }
        return nil
    }
}
