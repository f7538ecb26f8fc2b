import APIMachinery
import APIServer
import ContainerImages
import ContainerRuntime
import Controllers
import Glibc
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import NodeAgent
import ObjectStore
import PodNetwork
import Scheduler
import Synchronization

/// One cluster: store, API server, controllers, scheduler and node, wired together and taken apart in order.
struct Daemon: Sendable {
    let options: DaemonOptions
    let logger: Logger
    let stop: StopSignal
    private let time: any TimeSource = SystemTimeSource()
    private var directory: DataDirectory { options.directory }

    init(options: DaemonOptions, logger: Logger, stop: StopSignal) {
        self.options = options
        self.logger = logger
        self.stop = stop
    }

    /// Serves until stopped. Throws when the start fails, with everything undone that was done.
    func run() async throws(CommandError) {
        let settings = try ClusterSettings.load(directory)
        var instance = try loadInstance(settings)
        let before = instance
        try ClusterSize(directory: directory).apply(options.nodes, to: &instance)
        let claim = try claimRanges(instance, settings)
        let ranges = if let claim { claim.ranges } else { try chooseRanges(instance, settings) }
        instance.ranges = ranges
        // A smaller number holds once the nodes that go are empty.
        var kept = instance
        kept.nodes = max(before.nodes, instance.nodes)
        let shares: NodeShares
        do throws(CommandError) {
            try ClusterSize(directory: directory).check(instance, ranges)
            try save(kept)
            shares = try loadShares()
        } catch {
            claim?.withdraw()
            throw error
        }
        claim?.holdUntilExit()
        let launchers = NodeIdentity.all(instance, in: directory).map {
            NodeLauncher(identity: $0, ranges: ranges, shares: shares, logger: logger, time: time)
        }
        async let launched = launch(launchers)
        let control: ControlPlane
        do throws(CommandError) {
            control = try await ControlPlane.start(
                options: options, settings: settings, instance: &instance, shares: shares, stop: stop, logger: logger, time: time)
            try await control.remove(NodeIdentity.all(kept, in: directory).dropFirst(instance.nodes))
            try save(instance)
            try writeKubeconfig(control.credentials)
        } catch {
            await LaunchedNode.undo(await launched)
            kept.nodes = before.nodes
            try? save(kept)  // best effort: what matters is why the start failed
            throw error
        }
        await serve(control, Array(zip(await launched, launchers)), instance)
    }

    /// One after the other: they share the cluster's cgroup and its table on the host.
    private func launch(_ launchers: [NodeLauncher]) async -> [LaunchedNode] {
        var nodes: [LaunchedNode] = []
        for launcher in launchers { nodes.append(await launcher.launch()) }
        return nodes
    }

    private func loadShares() throws(CommandError) -> NodeShares {
        do throws(NodeShares.Problem) {
            return try NodeShares(file: directory.shares, data: directory.path)
        } catch {
            throw CommandError("\(error)")
        }
    }

    private func save(_ instance: ClusterInstance) throws(CommandError) {
        do throws(SystemError) {
            try instance.save(directory)
        } catch {
            throw CommandError("cannot write \(directory.instance): \(error)")
        }
    }

    private func writeKubeconfig(_ credentials: KubeconfigMerge.Credentials) throws(CommandError) {
        do throws(SystemError) {
            try FileSystem.writeAtomically(directory.kubeconfig, KubeconfigMerge.entry(credentials).standaloneFile, mode: 0o600)
        } catch {
            throw CommandError("cannot write \(directory.kubeconfig): \(error)")
        }
    }

    private func serve(_ control: ControlPlane, _ nodes: [(LaunchedNode, NodeLauncher)], _ instance: ClusterInstance) async {
        let credentials = control.credentials
        let merged = options.mergesKubeconfig ? await KubeconfigMerge(directory: directory).add(control.userCredentials) : []
        let notes = merged + LaunchedNode.notes(nodes.map(\.0))
        let readiness = Countdown(nodes.count) {
            options.announcement.ready(server: credentials.server, kubeconfig: directory.kubeconfig, notes: notes)
            control.server.giveBackWhenQuiet()
            logger.info("cluster is ready", metadata: ["server": "\(credentials.server)", "id": "\(instance.id)"])
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await control.runControllers() }
            group.addTask { await control.renewUserAccess() }
            for (node, launcher) in nodes {
                group.addTask { await control.keep(node, launcher) { readiness.step() } }
            }
            await stop.wait()
            logger.info("cluster is stopping")
            await control.stopPods()
            group.cancelAll()
        }
        await LaunchedNode.shutdown(control.launchedNodes)
        await control.stop()
        logger.info("cluster has stopped")
    }

    // MARK: Identity

    private func loadInstance(_ settings: ClusterSettings) throws(CommandError) -> ClusterInstance {
        let wanted = options.apiPort ?? settings.apiPort
        var instance = try ClusterInstance.load(directory) ?? ClusterInstance.make(apiPort: 0)
        if let wanted { instance.apiPort = wanted }
        if let simulated = options.simulatedNodes { instance.simulatedNodes = simulated }
        return instance
    }

    /// Addresses on this machine, which no other cluster has: only root's clusters have any.
    private func claimRanges(_ instance: ClusterInstance, _ settings: ClusterSettings) throws(CommandError) -> RangeClaim? {
        guard geteuid() == 0 else { return nil }
        do throws(PodNetworkError) {
            return try RangeClaim.take(
                .init(clusterID: instance.id, directory: directory.path, shared: RunDirectory().shared),
                stored: instance.ranges, wantedPods: settings.podCIDR, wantedServices: settings.serviceCIDR)
        } catch {
            throw CommandError("\(error)")
        }
    }

    /// An ordinary user's addresses are on no link: those that were chosen once are in nobody's way.
    private func chooseRanges(_ instance: ClusterInstance, _ settings: ClusterSettings) throws(CommandError) -> ClusterRanges {
        do {
            let routes = try instance.ranges == nil ? ClusterRanges.hostObstacles(.open(.route), ownPrefix: NodeLink.interfacePrefix(instance.id)) : []
            return try ClusterRanges.choose(
                avoiding: routes, stored: instance.ranges, wantedPods: settings.podCIDR, wantedServices: settings.serviceCIDR)
        } catch {
            throw CommandError("\(error)")
        }
    }
}
