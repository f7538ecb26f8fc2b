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
import SimulatedNodes
import Synchronization

/// Store, API server and the controllers and agent that are its clients.
final class ControlPlane: Sendable {
    private let store: ObjectStore
    let server: APIServer
    let nodes: NodeDirectory
    let images: ImageStore
    let informers: SharedInformers
    /// Nodes that are only pretended.
    let fleet: SimulatedFleet
    /// Held while the number of simulated nodes is written and taken over.
    let simulationChange = Mutex(())
    let options: DaemonOptions
    let settings: ClusterSettings
    let logger: Logger
    let time: any TimeSource
    /// The cluster's nodes, by name.
    let known = Mutex(KnownNodes())
    /// What cluster DNS was asked.
    let dnsQueries = DNSQueryLog()
    /// The administrator's, for the cluster's own kubeconfig.
    let credentials: KubeconfigMerge.Credentials
    /// What goes into the user's kubeconfig: those of the user behind sudo, when there is one.
    let userCredentials: KubeconfigMerge.Credentials
    private let sudoUser: SudoUserAccess?
    let instance: ClusterInstance

    /// How long pods may take to end when the cluster stops, whatever they ask for.
    static let shutdownGrace: Duration = .seconds(60)

    /// Opens the store and serves. Fills in the API port when it was not chosen before.
    static func start(
        options: DaemonOptions, settings: ClusterSettings, instance: inout ClusterInstance, shares: NodeShares, stop: StopSignal, logger: Logger,
        time: any TimeSource
    ) async throws(CommandError) -> ControlPlane {
        let directory = options.directory
        let store: ObjectStore
        let images: ImageStore
        do {
            var storeOptions = ObjectStore.Options()
            storeOptions.onFault = { logger.error("the store has a fault", metadata: ["error": "\($0)"]) }
            store = try ObjectStore.open(directory: directory.path, time: time, options: storeOptions)
            images = try ImageStore(directory: directory.images, time: time)
        } catch {
            throw CommandError("\(error)")
        }
        let nodes = NodeDirectory()
        var configuration = APIServerConfiguration(
            pkiDirectory: directory.pki, clusterID: instance.id, schemas: builtinSchemas, time: time, logger: logger)
        configuration.hostName = SystemFacts.hostname
        configuration.programVersion = Version.number
        configuration.listen = []
        configuration.mountsServiceAccountTokens = true
        if settings.hasAuditLog { configuration.auditLog = directory.auditLog }
        if let ranges = instance.ranges, let range = AddressRange(ranges.serviceCIDR.description) {
            configuration.serviceAddress = ranges.apiAddress.description
            configuration.serviceRange = range
            configuration.dnsAddress = ranges.dnsAddress.description
        }
        let box = PlaneBox()
        let endpoints = KdashEndpoints(
            images: images, nodes: nodes, shares: shares, status: { await box.plane?.status() ?? .null }, down: { stop.raise() },
            imagesChanged: { for agent in box.plane?.agents ?? [] { agent.imagesChanged() } },
            tryPlacement: { (question) throws(APIStatus) in
                guard let plane = box.plane else { throw .serviceUnavailable("the cluster is starting: try again") }
                return try plane.tryPlacement(question)
            },
            simulate: { (count) throws(APIStatus) in
                guard let plane = box.plane else { throw .serviceUnavailable("the cluster is starting: try again") }
                try await plane.simulate(count)
            }, refusal: { box.plane?.fleet.refusal($0) }, network: { box.plane?.networkEndpoints })
        if !OwnProcess.raiseOpenFiles() {
            logger.warning("the limit of open files stays what it was", metadata: ["limit": "\(OwnProcess.openFilesLimit)"])
        }
        let server = APIServer(configuration: configuration, store: store, nodes: nodes, extensions: [endpoints])
        do {
            try await server.start()
        } catch {
            throw CommandError("the API server cannot start: \(error)")
        }
        instance.apiPort = try await bind(server, options: options, preferred: instance.apiPort)
        guard let pki = server.pki else { throw CommandError("the API server has no certificates") }
        let address = "https://127.0.0.1:\(instance.apiPort)"
        let credentials = KubeconfigMerge.Credentials(
            server: address, authorityPath: pki.authorityPath, certificatePath: pki.adminCertificatePath, keyPath: pki.adminKeyPath)
        let sudoUser = Environment.current.sudoUser.map { SudoUserAccess(directory: directory, user: $0) }
        let merged = try sudoUser?.grant(pki, server: address)
        let plane = ControlPlane(
            store: store, server: server, nodes: nodes, images: images, options: options, settings: settings, logger: logger, time: time,
            credentials: credentials, userCredentials: merged ?? credentials, sudoUser: sudoUser, instance: instance)
        box.plane = plane
        return plane
    }

    /// Lets the endpoints, which the server is made with, reach the plane, which is made with the server.
    /// Weakly, since the plane holds the server.
    private final class PlaneBox: Sendable {
        private struct Held {
            weak var plane: ControlPlane?
        }
        private let held = Mutex(Held())
        var plane: ControlPlane? {
            get { held.withLock { $0.plane } }
            set { held.withLock { $0.plane = newValue } }
        }
    }

    /// Binds the API to the wanted port; a port that nobody asked for may be replaced by a free one.
    private static func bind(_ server: APIServer, options: DaemonOptions, preferred: Int) async throws(CommandError) -> Int {
        let candidates = preferred == 0 ? [6443, 0] : options.takesAnyPort ? [preferred, 0] : [preferred]
        var failure = ""
        for port in candidates {
            do {
                return try await server.add(.init(address: "127.0.0.1", port: port))
            } catch {
                failure = "\(error)"
            }
        }
        throw CommandError("port \(preferred) of 127.0.0.1 is not free (\(failure)); choose another with --api-port")
    }

    private init(
        store: ObjectStore, server: APIServer, nodes: NodeDirectory, images: ImageStore, options: DaemonOptions, settings: ClusterSettings,
        logger: Logger, time: any TimeSource, credentials: KubeconfigMerge.Credentials,
        userCredentials: KubeconfigMerge.Credentials, sudoUser: SudoUserAccess?, instance: ClusterInstance
    ) {
        self.store = store
        self.server = server
        self.nodes = nodes
        self.images = images
        self.options = options
        self.settings = settings
        self.logger = logger
        self.time = time
        self.credentials = credentials
        self.userCredentials = userCredentials
        self.sudoUser = sudoUser
        self.instance = instance
        informers = SharedInformers(client: KubeClient(transport: InProcessTransport(pipeline: server, user: .loopback)), time: time)
        fleet = SimulatedFleet(
            client: KubeClient(transport: InProcessTransport(pipeline: server, user: .loopback)), informers: informers,
            count: instance.simulatedNodes, time: time, logger: logger)
        nodes.findOthers { [weak fleet] in fleet?.connection(named: $0) }
        // Weakly: the informers reach the server.
        server.onQuiet { [weak informers] in informers?.shrink() }
        server.onQuiet { store.shrink() }
    }

    func client(_ user: UserInfo) -> KubeClient {
        KubeClient(transport: InProcessTransport(pipeline: server, user: user))
    }

    // MARK: Running

    /// Runs controllers and scheduler until cancelled.
    func runControllers() async {
        let authority: String
        do {
            authority = try server.pki?.authorityPEM() ?? ""
        } catch {
            logger.error("controllers have no certificate authority", metadata: ["error": "\(error)"])
            authority = ""
        }
        var configuration = ControllerManager.Configuration(schemas: builtinSchemas, certificateAuthority: authority)
        configuration.sign = { self.sign($0) }
        configuration.storage = volumeStorage
        let manager = ControllerManager(
            configuration, informers: informers, client: { self.client($0) }, time: time, logger: logger)
        let scheduler = Scheduler(client: client(.scheduler), informers: informers, time: time, logger: logger)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.informers.run() }
            group.addTask { await manager.run() }
            group.addTask { await scheduler.run() }
            group.addTask { await self.fleet.run() }
        }
    }

    /// Gives the user behind sudo a new certificate every week, so that none expires however long the daemon runs; ends at once without one.
    func renewUserAccess() async {
        guard let sudoUser, let pki = server.pki else { return }
        while !Task.isCancelled {
            do {
                try await time.sleep(for: .seconds(7 * 86400))
                _ = try sudoUser.grant(pki, server: credentials.server)
            } catch is CancellationError {
                return
            } catch {
                logger.error("the sudo user's certificate cannot be renewed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Has the cluster's authority sign an approved request.
    private func sign(_ request: SigningRequest) -> SigningAnswer {
        guard let pki = server.pki else { return .none }
        do throws(PKIError) {
            let answer = try pki.sign(request: request.request, signer: request.signer, usages: request.usages, seconds: request.seconds)
            return switch answer {
            case .certificate(let pem): .certificate(pem)
            case .refused(let why): .refused(why)
            case .notOurs: .none
            }
        } catch {
            logger.error("a certificate cannot be signed", metadata: ["signer": "\(request.signer)", "error": "\(error)"])
            return .none
        }
    }

    /// Closes the API and the store.
    func stop() async {
        await server.stop()
        store.close()
    }
}
