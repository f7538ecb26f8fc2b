import APIMachinery
import ArgumentParser
import Glibc
import JSONCore
import KubeClient
import KubeClientHTTP
import LinuxKernel
import Synchronization
import TerminalUI
import ViewModels

/// `kdash` alone: the screen.
struct ScreenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "screen", abstract: "Open the screen (what `kdash` alone does).", shouldDisplay: false)

    @OptionGroup var data: DataDirectoryOption
    @OptionGroup var options: ServeOptions

    @Option(help: ArgumentHelp("Open this context of your kubeconfig instead of the embedded cluster.", valueName: "name"))
    var context: String?

    @Option(help: ArgumentHelp("Open the cluster of this kubeconfig.", valueName: "file"))
    var kubeconfig: String?

    @Option(name: [.customShort("n"), .long], help: "The namespace to show first. Default: all.")
    var namespace: String?

    @Flag(help: "Change nothing, whatever is typed.")
    var readonly = false

    @Option(help: ArgumentHelp("A theme's name (`kdash theme list`) or file.", valueName: "name"))
    var theme: String?

    @Option(name: .customLong("as"), help: ArgumentHelp("Make every request as this user, if you may.", valueName: "user"))
    var impersonatedUser: String?

    @Option(name: .customLong("as-group"), help: ArgumentHelp("With --as: a group of that user; may be given several times.", valueName: "group"))
    var impersonatedGroups: [String] = []

    @Flag(help: "Answer commands line by line, for screen readers: no screen, no colours, no cursor movement.")
    var plain = false

    @Flag(help: "Use a temporary directory and remove the cluster on quit.")
    var ephemeral = false

    func validate() throws {
        if impersonatedUser == nil, !impersonatedGroups.isEmpty { throw ValidationError("--as-group needs --as, the user who is in the group.") }
        if let impersonatedUser, impersonation == nil {
            throw ValidationError("--as \(impersonatedUser.debugDescription) cannot be sent: a user and groups are texts without line breaks.")
        }
        if ephemeral, data.path != nil || context != nil || kubeconfig != nil {
            throw ValidationError("--ephemeral makes its own cluster; leave out --data-dir, --context and --kubeconfig.")
        }
    }

    private var impersonation: Impersonation? { impersonatedUser.flatMap { Impersonation(user: $0, groups: impersonatedGroups) } }

    func run() throws {
        guard plain || isatty(0) == 1 && isatty(1) == 1 else {
            throw CommandError("the screen needs a terminal; `kdash up` starts the cluster without one, `kdash status` shows it")
        }
        if context == nil, kubeconfig == nil, !ephemeral { try ClusterSize.checkRunning(ClusterAccess(option: data.path), wanted: options.nodes) }
        let isReadOnly = readonly || UserSettings.load(ConfigCommand.directory).screen.isReadOnly
        if isReadOnly, let wanted = options.simulatedNodes {
            let reason = readonly ? "--readonly forbids" : "`readonly: true` in screen.yaml forbids"
            throw CommandError("--simulated-nodes \(wanted) changes the cluster, which \(reason); `kdash up --simulated-nodes \(wanted)` does it")
        }
        let temporary = ephemeral ? "/tmp/kdash-ephemeral-\(SecureRandom.hex(8))" : nil
        let isForeign = context != nil || kubeconfig != nil
        let gates = ContextGates(isReadOnly: isReadOnly)
        let target: any ScreenTarget =
            isForeign
            ? try ForeignTarget(context: context, kubeconfig: kubeconfig, gates: gates, impersonation: impersonation)
            : EmbeddedTarget(
                cluster: temporary.map { ClusterAccess(own: DataDirectory(path: $0)) } ?? ClusterAccess(option: data.path),
                arguments: options.lastingArguments + (ephemeral ? ["--no-merge"] : []), simulatedNodes: options.simulatedNodes, isReadOnly: isReadOnly,
                isEphemeral: ephemeral, impersonation: impersonation)
        // A kubeconfig that is named holds what it holds: no context of it is the cluster of this machine.
        let own: EmbeddedTarget? =
            kubeconfig == nil && !ephemeral
            ? EmbeddedTarget(
                cluster: ClusterAccess(option: data.path), arguments: options.lastingArguments,
                simulatedNodes: isForeign ? options.simulatedNodes : nil, isReadOnly: isReadOnly, impersonation: impersonation)
            : nil
        let window = ScreenWindow(
            target: target, own: own, namespace: namespace, theme: theme, kubeconfig: kubeconfig, gates: gates, stopCommand: stopCommand,
            impersonation: impersonation)
        // Commands run on the process's first thread, which the main actor belongs to.
        let code = plain ? try PlainWindow(target: target, namespace: namespace).run() : MainActor.assumeIsolated { window.show() }
        if let temporary {
            let teardown = ClusterTeardown(directory: DataDirectory(path: temporary))
            if FileSystem.exists(temporary) { try teardown.purge() }
        }
        throw ExitCode(code)
    }
}

extension ScreenCommand {
    /// What stops the cluster that goes on after the screen; nil when none does.
    private var stopCommand: String? {
        guard !ephemeral, context == nil, kubeconfig == nil else { return nil }
        return ClusterAccess(option: data.path).command("down")
    }
}

/// The screen with everything behind it.
struct ScreenWindow: Sendable {
    let target: any ScreenTarget
    /// The cluster of this machine, which a context of the user's kubeconfig may name; nil when none does.
    let own: EmbeddedTarget?
    let namespace: String?
    let theme: String?
    let kubeconfig: String?
    /// The locks of contexts that kdash did not create, for all places of the window.
    let gates: ContextGates
    /// What stops the cluster that goes on after the window; nil when none does.
    let stopCommand: String?
    /// Who requests are made as; nil for the user of the kubeconfig.
    let impersonation: Impersonation?

    /// Shows it until the user quits; returns the exit status.
    @MainActor func show() -> Int32 {
        let time = SystemTimeSource()
        let app = AppModel(clock: { time.now() })
        app.namespace = namespace ?? target.namespace
        app.context = ContextState(
            name: target.name, access: target.access, isEmbedded: target.isEmbedded, isEphemeral: target.isEphemeral,
            impersonated: impersonation?.text)
        let open = opener(home: app.context)
        let session = open(app, nil)
        let workspace = Workspace(app: app, session: session) { open($0, session) }
        let settings = SettingsDriver(app: app, directory: ConfigCommand.directory)
        settings.apps = { [weak workspace] in workspace?.apps ?? [] }
        let (embedded, home, explicit) = ((target as? EmbeddedTarget)?.cluster.kubeconfig, target.name, kubeconfig)
        app.preferences.kubeconfigOf = { $0 == home ? embedded ?? explicit : explicit }
        app.logs.zone = TimeZoneRules.local(variable: Environment.current["TZ"])
        settings.start()
        app.preferences.chosenTheme = theme.map { .named($0) }
        workspace.start()
        let code = runTerminalUI(workspace: workspace)
        workspace.stop()
        settings.stop()
        return code
    }

    /// Makes the sessions of panes; those after the first share with it what is the user's.
    @MainActor private func opener(home: ContextState) -> (AppModel, ClusterSession?) -> ClusterSession {
        // Names only: nothing of a context is contacted before it is picked. Read once before there is a screen, and then beside it.
        let listing = ForeignTarget.listing(kubeconfig: kubeconfig)
        return { [self] app, first in
            var restart: (@Sendable () async throws -> Void)?
            if target.isEmbedded { restart = { [target] in try await target.restart() } }
            let session = ClusterSession(
                app: app, connect: { [target] in try await target.connect() }, restart: restart, time: SystemTimeSource(),
                stateDirectory: Environment.current.stateHome + "/kdash", sharing: first)
            session.homeContext = home.name
            session.take(first.map { ContextListing(names: $0.contexts, problems: $0.contextProblems) } ?? listing)
            session.listContexts = { [kubeconfig] in
                await KernelThread.run("kdash-contexts") { () throws(Never) in ForeignTarget.listing(kubeconfig: kubeconfig) }
            }
            session.connectTo = { [gates, kubeconfig, own, impersonation] name in
                let foreign = try await KernelThread.run("kdash-contexts") { () throws(CommandError) in
                    try ForeignTarget(context: name, kubeconfig: kubeconfig, gates: gates, impersonation: impersonation)
                }
                if name == KubeconfigMerge.name, let own, own.isServed(at: foreign.server) { return try await own.connect() }
                return try await foreign.connect()
            }
            session.localPorts = LoopbackPorts()
            session.stopCommand = stopCommand
            return session
        }
    }
}

/// What the screen shows: the embedded cluster or somebody's.
protocol ScreenTarget: Sendable {
    var name: String { get }
    var access: ContextState.Access { get }
    var isEmbedded: Bool { get }
    /// Whether the cluster is removed on quit.
    var isEphemeral: Bool { get }
    /// The namespace that is shown first; nil for all.
    var namespace: String? { get }
    /// Reaches the cluster, starting it when it is ours.
    func connect() async throws -> ConnectedCluster
    /// Starts our own cluster again after its daemon vanished.
    func restart() async throws
}

/// The cluster of this machine.
final class EmbeddedTarget: ScreenTarget {
    let cluster: ClusterAccess
    let arguments: [String]
    let isReadOnly: Bool
    let isEphemeral: Bool
    let impersonation: Impersonation?
    var namespace: String? { nil }
    /// It was reached before: from then on it is only started again when it crashed.
    private let wasReached = Atomic(false)
    /// The number of simulated nodes that was asked for, until the cluster has been told once.
    private let simulatedNodes: Mutex<Int?>
    var name: String { KubeconfigMerge.name }
    var access: ContextState.Access { isReadOnly ? .readonly : .writable }
    var isEmbedded: Bool { true }

    init(
        cluster: ClusterAccess, arguments: [String], simulatedNodes: Int?, isReadOnly: Bool, isEphemeral: Bool = false,
        impersonation: Impersonation? = nil
    ) {
        self.simulatedNodes = Mutex(simulatedNodes)
        self.impersonation = impersonation
        self.isEphemeral = isEphemeral
        self.cluster = cluster
        self.arguments = arguments
        self.isReadOnly = isReadOnly
    }

    func connect() async throws -> ConnectedCluster {
        if cluster.isOwn {
            try await startDaemon()
            return try await reach()
        }
        do {
            return try await reach()
        } catch let failure as ConnectionFailure {
            throw failure
        } catch {
            throw ConnectionFailure(
                reason: "\(error)", remedy: "`\(cluster.command("up"))` starts it; kdash looks for it again by itself", isCheapToRetry: true)
        }
    }

    /// Whether an address is the cluster's: a context may have its name and lead to one in another directory.
    func isServed(at server: String) -> Bool {
        // best effort: a cluster that was never started has no address.
        (try? Kubeconfig.load([cluster.kubeconfig]).context().cluster.server) == server
    }

    private func reach() async throws -> ConnectedCluster {
        let context = try Kubeconfig.load([cluster.kubeconfig]).context()
        let transport = try HTTPTransport(context: context, runsPlugins: false)
        try await refuseOlder(transport)
        if let wanted = simulatedNodes.withLock({ $0 }) {
            try await DaemonRequest.simulate(wanted, transport)
            simulatedNodes.withLock { $0 = nil }
        }
        let gate = isReadOnly ? ContextGate(context: name, mode: .readonly) : .open
        return ConnectedCluster(
            client: KubeClient(transport: transport.impersonating(impersonation), gate: gate), contextName: name, access: access, isEmbedded: true,
            server: context.cluster.server, isEphemeral: isEphemeral, impersonated: impersonation?.text, usage: { try await DaemonRequest.usage(transport) },
            keptLogs: { try await DaemonRequest.keptLogs(transport) })
    }

    /// An older daemon may lack what this screen shows.
    private func refuseOlder(_ transport: HTTPTransport) async throws {
        let response = try await transport.send(APIRequest(path: "/kdash/v1/status"))
        guard case .bytes(let bytes) = response.body, response.status == 200 else { return }
        guard let version = DaemonUpgrade.older(try JSON.parse(bytes)["version"]?.stringValue) else { return }
        throw ConnectionFailure(
            reason: "the cluster's daemon is kdash \(version), older than this screen (\(Version.number))",
            remedy: "run `\(cluster.command("up"))`: the new daemon takes over while pods keep running")
    }

    func restart() async throws {
        try cluster.requireOwn("up")
        try await startDaemon()
    }

    private func startDaemon() async throws {
        let wanted = ServeOptions.arguments(simulatedNodes: simulatedNodes.withLock { $0 })
        let launcher = DaemonLauncher(directory: cluster.directory, arguments: arguments + wanted)
        let isRevival = wasReached.load(ordering: .relaxed)
        let ready = try await KernelThread.run("kdash-start") { () throws(CommandError) -> DaemonLauncher.Ready? in
            try isRevival ? launcher.revive() : launcher.start()
        }
        guard let ready else {
            throw ConnectionFailure(
                reason: "stopped; `kdash up` starts it", remedy: "run `\(cluster.command("up"))`, or q and kdash again", isStopped: true)
        }
        // One that was started has heard it.
        if !ready.wasRunning { simulatedNodes.withLock { $0 = nil } }
        wasReached.store(true, ordering: .relaxed)
    }
}

/// A cluster that kdash did not make: protected until the user types its name.
struct ForeignTarget: ScreenTarget {
    private let chosen: KubeconfigContext
    private let gate: ContextGate
    let impersonation: Impersonation?
    var name: String { chosen.name }
    var access: ContextState.Access { gate.mode == .readonly ? .readonly : .protected }
    var isEmbedded: Bool { false }
    var isEphemeral: Bool { false }
    var namespace: String? { chosen.namespace }
    var server: String { chosen.cluster.server }

    init(context: String?, kubeconfig: String?, gates: ContextGates, impersonation: Impersonation? = nil) throws(CommandError) {
        self.impersonation = impersonation
        let environment = Environment.current
        do {
            let paths = Kubeconfig.paths(explicit: kubeconfig, environment: { environment[$0] }, home: environment.home)
            chosen = try Kubeconfig.load(paths, mustExist: kubeconfig != nil).context(named: context)
        } catch {
            let isAboutFile = [.io, .malformed].contains(error.code)
            throw CommandError("\(error)\(isAboutFile ? "; correct it, or name another file with --kubeconfig; kdash alone opens its own cluster" : "")")
        }
        gate = gates.gate(chosen.name, server: chosen.cluster.server, user: chosen.userName)
    }

    /// The contexts that can be picked, and which files cannot be read.
    static func listing(kubeconfig: String?) -> ContextListing {
        let environment = Environment.current
        let paths = Kubeconfig.paths(explicit: kubeconfig, environment: { environment[$0] }, home: environment.home)
        let survey = Kubeconfig.survey(paths)
        return ContextListing(names: survey.kubeconfig.contextNames, problems: survey.problems.map(\.message))
    }

    func connect() async throws -> ConnectedCluster {
        let transport = try HTTPTransport(context: chosen, runsPlugins: true)
        return ConnectedCluster(
            client: KubeClient(transport: transport.impersonating(impersonation), gate: gate), contextName: name, access: access, isEmbedded: false,
            server: chosen.cluster.server, namespace: chosen.namespace, impersonated: impersonation?.text, user: chosen.userName)
    }

    func restart() async throws {}
}

/// Asks the daemon what Kubernetes' own API has no words for.
enum DaemonRequest {
    /// What the pods use.
    static func usage(_ transport: HTTPTransport) async throws -> [NodeStats] {
        try await list("stats", "nodes", transport).compactMap { NodeStats($0) }
    }

    /// The logs of deleted pods, the newest first.
    static func keptLogs(_ transport: HTTPTransport) async throws -> [KeptLog] {
        try await list("logs", "logs", transport).compactMap { KeptLog($0) }
    }

    /// Wants a number of simulated nodes; they come and go soon.
    static func simulate(_ count: Int, _ transport: HTTPTransport) async throws {
        let query = [QueryItem("count", "\(count)")]
        let response = try await transport.send(APIRequest(.put, path: "/kdash/v1/simulated-nodes", query: query))
        if let failure = try await response.failure() { throw failure }
    }

    private static func list(_ route: String, _ key: String, _ transport: HTTPTransport) async throws -> [JSONValue] {
        let response = try await transport.send(APIRequest(path: "/kdash/v1/\(route)"))
        if let failure = try await response.failure() { throw failure }
        guard case .bytes(let bytes) = response.body else { return [] }
        return try JSON.parse(bytes)[key]?.arrayValue ?? []
    }
}
