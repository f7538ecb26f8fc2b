import APIMachinery
import APIServer
import ContainerImages
import ContainerRuntime
import Controllers
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

    /// How a time of service ended.
    private enum Ending {
        case stopped
        /// The node's supervisor died, and every container with it, as if the machine had been reset.
        case nodeEnded
    }

    /// Serves until stopped. A node that dies is started anew, with everything that holds on to it: what the store and the pods' statuses
    /// say is what the new one goes by. Throws when a start fails, with everything undone that was done.
    func run() async throws(CommandError) {
        while try await serveOnce() == .nodeEnded {
            logger.warning("starting the node anew")
            // A node that cannot live must not keep the machine busy.
            await stop.wait(atMost: .seconds(1), time)
            if stop.isRaised { return }
        }
    }

    private func serveOnce() async throws(CommandError) -> Ending {
        let settings = try ClusterSettings.load(directory)
        var instance = try loadInstance(settings)
        let ranges = try chooseRanges(&instance, settings)
        try save(instance)
        let shares = try loadShares()
        let identity = NodeIdentity(instance, index: 0, in: directory)
        let launcher = NodeLauncher(identity: identity, ranges: ranges, shares: shares, logger: logger, time: time)
        async let launched = launcher.launch()
        let control: ControlPlane
        do throws(CommandError) {
            control = try await ControlPlane.start(
                options: options, settings: settings, instance: &instance, shares: shares, stop: stop, logger: logger, time: time)
            try save(instance)
            try writeKubeconfig(control.credentials)
        } catch {
            await (await launched).undo()
            throw error
        }
        return await serve(control, await launched, instance)
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

    private func serve(_ control: ControlPlane, _ node: LaunchedNode, _ instance: ClusterInstance) async -> Ending {
        let credentials = control.credentials
        let merged = options.mergesKubeconfig ? await KubeconfigMerge(directory: directory).add(control.userCredentials) : []
        let notes = merged + node.notes
        let (over, isLost) = (StopSignal(), StopSignal())
        let ending = await withTaskGroup(of: Void.self, returning: Ending.self) { group in
            group.addTask { await control.runControllers() }
            group.addTask { await control.renewUserAccess() }
            group.addTask { await control.runServices(node) }
            group.addTask {
                await control.runNode(node) {
                    options.announcement.ready(server: credentials.server, kubeconfig: directory.kubeconfig, notes: notes)
                    logger.info("cluster is ready", metadata: ["server": "\(credentials.server)", "id": "\(instance.id)"])
                } nodeEnded: {
                    isLost.raise()
                    over.raise()
                }
            }
            stop.whenRaised { over.raise() }
            await over.wait()
            defer { group.cancelAll() }
            guard !isLost.isRaised else { return stop.isRaised ? .stopped : .nodeEnded }
            logger.info("cluster is stopping")
            await control.stopPods()
            return .stopped
        }
        await node.shutdown()
        await control.stop()
        logger.info("cluster has stopped")
        return ending
    }

    // MARK: Identity

    private func loadInstance(_ settings: ClusterSettings) throws(CommandError) -> ClusterInstance {
        let wanted = options.apiPort ?? settings.apiPort
        var instance = try ClusterInstance.load(directory) ?? ClusterInstance.make(apiPort: 0)
        if let wanted { instance.apiPort = wanted }
        if let simulated = options.simulatedNodes { instance.simulatedNodes = simulated }
        return instance
    }

    private func chooseRanges(_ instance: inout ClusterInstance, _ settings: ClusterSettings) throws(CommandError) -> ClusterRanges {
        do {
            let socket = try NetlinkSocket.open(.route)
            let routes = try ClusterRanges.hostRoutes(socket, ownPrefix: NodeLink.interfacePrefix(instance.id))
            let ranges = try ClusterRanges.choose(
                avoiding: routes, stored: instance.ranges, wantedPods: settings.podCIDR, wantedServices: settings.serviceCIDR)
            instance.ranges = ranges
            return ranges
        } catch let error as PodNetworkError {
            throw CommandError(error.message)
        } catch {
            throw CommandError("cannot read the host's routes: \(error)")
        }
    }
}
