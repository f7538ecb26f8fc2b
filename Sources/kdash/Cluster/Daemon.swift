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

    /// Serves until stopped. Throws when the start fails, with everything undone that was done.
    func run() async throws(CommandError) {
        let settings = try ClusterSettings.load(directory)
        var instance = try loadInstance(settings)
        let ranges = try chooseRanges(&instance, settings)
        try save(instance)
        let place = NodeLauncher.Place(directory: directory, instance: instance, ranges: ranges, settings: settings)
        let launcher = NodeLauncher(place: place, logger: logger, time: time)
        async let launched = launcher.launch()
        let control: ControlPlane
        do throws(CommandError) {
            control = try await ControlPlane.start(
                options: options, settings: settings, instance: &instance, stop: stop, logger: logger, time: time)
            try save(instance)
            try writeKubeconfig(control.credentials)
        } catch {
            await (await launched).undo()
            throw error
        }
        await serve(control, await launched, instance)
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

    private func serve(_ control: ControlPlane, _ node: LaunchedNode, _ instance: ClusterInstance) async {
        let credentials = control.credentials
        let merged = options.mergesKubeconfig ? await KubeconfigMerge(directory: directory).add(control.userCredentials) : []
        let notes = merged + node.notes
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await control.runControllers() }
            group.addTask { await control.renewUserAccess() }
            group.addTask {
                await control.runNode(node) {
                    options.announcement.ready(server: credentials.server, kubeconfig: directory.kubeconfig, notes: notes)
                    logger.info("cluster is ready", metadata: ["server": "\(credentials.server)", "id": "\(instance.id)"])
                }
            }
            await stop.wait()
            logger.info("cluster is stopping")
            await control.stopPods()
            group.cancelAll()
        }
        await node.shutdown()
        await control.stop()
        logger.info("cluster has stopped")
    }

    // MARK: Identity

    private func loadInstance(_ settings: ClusterSettings) throws(CommandError) -> ClusterInstance {
        let wanted = options.apiPort ?? settings.apiPort
        var instance = try ClusterInstance.load(directory) ?? ClusterInstance.make(apiPort: 0)
        if let wanted { instance.apiPort = wanted }
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
