package import APIMachinery
package import ContainerImages
package import ContainerRuntime
import Glibc
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel
package import Logging
import Synchronization

/// Runs the pods that are bound to one node.
///
/// ## Concurrency model
/// `run` owns one task per pod. `workers` maps a pod's uid to its inbox and is the only state shared between tasks.
package final class NodeAgent: NodeConnection, Sendable {
    /// What an agent is made of.
    package struct Configuration: Sendable {
        package var nodeName: String
        package var paths: NodePaths
        package var capacity: NodeCapacity
        /// The address pods and people reach the node at.
        package var hostIP: String
        package var podRange: String
        package var serviceAddress: String
        /// The address of cluster DNS; nil when the node has none.
        package var dnsAddress: String?
        package var version: String
        /// Size of one log file and how many are kept per container instance.
        package var logMaximumSize: ByteCount
        package var logMaximumFiles: Int
        /// Bytes kept of deleted pods' logs.
        package var deletedLogBudget: ByteCount
        /// Most processes and threads of one pod; nil for no bound. Source: the kubelet's podPidsLimit.
        package var podProcessLimit: Int64?
        /// What must be left of the machine, else pods are ended.
        package var pressureThresholds: NodePressure.Thresholds
        /// How full the disk may be before unused images go.
        package var imageGarbage: ImageGarbage
        /// The machine's ids that the node may give to pods with users of their own.
        package var userBlock: UserBlock

        package init(
            nodeName: String, paths: NodePaths, capacity: NodeCapacity, hostIP: String, podRange: String, serviceAddress: String,
            dnsAddress: String? = nil, version: String,
            logMaximumSize: ByteCount = .mebibytes(10), logMaximumFiles: Int = 5, deletedLogBudget: ByteCount = .gibibytes(1),
            podProcessLimit: Int64? = 4096, pressureThresholds: NodePressure.Thresholds = .init(),
            imageGarbage: ImageGarbage = .init(), userBlock: UserBlock = UserBlock()
        ) {
            self.nodeName = nodeName
            self.paths = paths
            self.capacity = capacity
            self.hostIP = hostIP
            self.podRange = podRange
            self.serviceAddress = serviceAddress
            self.dnsAddress = dnsAddress
            self.version = version
            self.logMaximumSize = logMaximumSize
            self.logMaximumFiles = logMaximumFiles
            self.deletedLogBudget = deletedLogBudget
            self.podProcessLimit = podProcessLimit
            self.pressureThresholds = pressureThresholds
            self.imageGarbage = imageGarbage
            self.userBlock = userBlock
        }
    }

    private struct Workers {
        var inboxes: [String: PodInbox] = [:]
        var early = EarlyEnds()
        var isShuttingDown = false
        /// The supervisor answers no more: no end of a container will be heard of.
        var isOutOfReach = false
        /// Waits for the last worker to end.
        var emptied: CheckedContinuation<Void, Never>?
    }

    let configuration: Configuration
    let context: PodContext
    let cgroups: CgroupTree?
    let poller: DescriptorPoller
    let pods: Informer
    /// The node's own object: labels, taints and what it gives to pods.
    private let nodes: Informer
    private let workers = Mutex(Workers())
    /// What the machine is short of.
    let pressure: Mutex<NodePressure>
    /// When images are collected.
    let imageRounds = Mutex(ImageRounds())
    /// When the agent was made.
    let startedAt: Timestamp
    private let otherImageUsers: @Sendable () async -> Set<Digest>
    /// What the node's conditions say as the server has taken it.
    let toldPressures = Mutex<Set<NodePressure.Resource>>([])
    private let logs: LogService
    private let retention: LogRetention
    private let watcher: FileWatcher
    private let inspection: InspectionService
    private let staticPods: StaticPods
    /// The lease was renewed: it is time to look at what is short. A walk over a full disk never keeps the lease waiting.
    private let (pressureNews, pressureFeed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    /// One element for any number of images that came or went.
    private let (imageNews, imageFeed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameter imageUsers: the images that other nodes use of the same store.
    package init(
        configuration: Configuration, client: KubeClient, runtime: NodeSupervisor, images: ImageStore, cgroups: CgroupTree?,
        network: NodeNetwork?, time: any TimeSource, logger: Logger, imageUsers: @escaping @Sendable () async -> Set<Digest> = { [] }
    ) throws(SystemError) {
        self.configuration = configuration
        startedAt = time.now()
        otherImageUsers = imageUsers
        self.cgroups = cgroups
        pressure = Mutex(NodePressure(thresholds: configuration.pressureThresholds))
        watcher = try FileWatcher()
        let poller = try DescriptorPoller()
        self.poller = poller
        let followers = LogFollowers()
        let running = RunningAttempts()
        self.running = running
        context = PodContext(
            nodeName: configuration.nodeName, client: client, runtime: runtime, images: images, cgroups: cgroups, network: network,
            paths: configuration.paths, time: time, logger: logger,
            events: EventSink(client: client, nodeName: configuration.nodeName, time: time, logger: logger),
            objects: ObjectCache(client: client, time: time), services: Informer(client: client, resource: Service.resource, time: time), poller: poller,
            resolver: .ofHost(), clusterDNS: configuration.dnsAddress.map { [$0] } ?? [],
            hostIP: configuration.hostIP, capacity: configuration.capacity, podProcessLimit: configuration.podProcessLimit,
            logSettings: .init(maximumSize: configuration.logMaximumSize, maximumFiles: configuration.logMaximumFiles), followers: followers, running: running,
            probeCounts: ProbeCounts(), users: PodUsers(paths: configuration.paths, block: configuration.userBlock, logger: logger),
            ledger: NodeLedger(
                capacity: .init(cpu: configuration.capacity.cpu, memory: configuration.capacity.memory, pods: configuration.capacity.pods),
                burstableChanged: { sum in
                    do throws(RuntimeError) { try cgroups?.setBurstableRequest(sum) } catch {
                        logger.warning("could not weigh the Burstable pods", metadata: ["error": "\(error)"])
                    }
                }),
            serviceAddress: configuration.serviceAddress)
        pods = Informer(
            client: client, resource: Pod.resource, fields: FieldSelector(requirements: [.init(field: "spec.nodeName", value: configuration.nodeName)]),
            time: time)
        nodes = Informer(
            client: client, resource: Node.resource,
            fields: FieldSelector(requirements: [.init(field: "metadata.name", value: configuration.nodeName)]), time: time)
        staticPods = StaticPods(
            folder: configuration.paths.manifests, nodeName: configuration.nodeName, client: client, pods: pods, nodes: nodes, watcher: watcher, time: time,
            logger: logger)
        inspection = InspectionService(context: context, pods: pods, running: running)
        retention = LogRetention(directory: configuration.paths.logs, budget: configuration.deletedLogBudget, logger: logger)
        logs = LogService(
            directory: configuration.paths.logs, watcher: watcher, followers: followers, time: time,
            runningAttempt: { running.attempt(podUID: $0, container: $1) })
    }

    /// Which instance of each container runs; fed by the supervisor's records and events.
    let running: RunningAttempts

    // MARK: Running

    /// Works until cancelled. `ready` is called once when the node is registered and its pods are being looked after, `nodeEnded` when the
    /// supervisor and every container with it are gone: nothing can be done then but to start the node anew.
    package func run(ready: @escaping @Sendable () -> Void, nodeEnded: @escaping @Sendable () -> Void) async throws {
        let records = try await context.runtime.list()
        let sandboxes = Set(try await context.runtime.sandboxes())
        for record in records { running.note(record) }
        workers.withLock { $0.early = EarlyEnds(of: records) }
        let registration = NodeRegistration(client: context.client, status: nodeStatus(), time: context.time, logger: context.logger)
        try await registration.register()
        // Whose end the supervisor before wrote down, and no daemon has heard of.
        let ended = context.runtime.interrupted.compactMap { container in
            container.exit.map { ContainerRecord(id: container.id, sandboxID: container.sandboxID, startedAt: container.startedAt, state: .exited($0)) }
        }
        let held = Dictionary(grouping: records, by: \.sandboxID)
        let known = Dictionary(grouping: records + ended, by: \.sandboxID)
        await withDiscardingTaskGroup { group in
            let (events, feed) = AsyncStream.makeStream(of: InformerEvent.self)
            pods.addHandler { feed.yield($0) }
            group.addTask { await self.nodes.run() }
            group.addTask { await self.context.services.run() }
            group.addTask { await self.context.objects.run() }
            await nodes.waitUntilSynced()
            await context.services.waitUntilSynced()
            group.addTask { await self.pods.run() }
            group.addTask { await self.context.events.run() }
            group.addTask { await registration.keepLease { self.pressureFeed.yield() } }
            group.addTask {
                // Until then every log would be a deleted pod's.
                await self.pods.waitUntilSynced()
                for await _ in self.pressureNews { await self.watchPressure(registration) }
            }
            group.addTask { for await _ in self.imageNews { await registration.tell(images: self.nodeStatus().imageList) } }
            group.addTask { await self.staticPods.run() }
            group.addTask { await self.deliverExits(nodeEnded) }
            group.addTask {
                await self.pods.waitUntilSynced()
                await self.removeOrphans(sandboxes, held)
                ready()
            }
            for await event in events {
                switch event {
                case .added(let object), .updated(_, let object):
                    deliver(object, records: known[object.uid] ?? [], hasSandbox: sandboxes.contains(object.uid), to: &group)
                case .deleted(let object):
                    if let inbox = workers.withLock({ $0.inboxes[object.uid] }) {
                        inbox.put { $0.isGone = true }
                    } else {
                        // It had ended before this daemon came: nobody else looks after its files.
                        group.addTask { await self.context.removeFiles(of: object.uid) }
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func nodeStatus() -> NodeStatusBuilder {
        let space = try? FileSystemSpace(at: configuration.paths.data)  // best effort: then no pod may ask for any
        return NodeStatusBuilder(
            name: configuration.nodeName, address: configuration.hostIP, podRange: configuration.podRange, version: configuration.version,
            storage: ByteCount((space?.total.value ?? 0) / Int64(configuration.capacity.diskParts)), notReadyReason: nil, now: context.time.now(),
            images: context.images.list().map { ($0.names, $0.size) }, capacity: configuration.capacity, givesUsers: context.runtime.givesUsers)
    }

    /// Hands the newest version of a pod to its worker, making one when needed.
    private func deliver(_ object: KubeObject, records: [ContainerRecord], hasSandbox: Bool, to group: inout DiscardingTaskGroup) {
        let pod = Pod(object)
        if pod.isTerminated { context.ledger.release(object.uid) }
        let (inbox, isNew) = workers.withLock { workers -> (PodInbox?, Bool) in
            if workers.isShuttingDown { return (nil, false) }
            if let known = workers.inboxes[object.uid] { return (known, false) }
            if pod.isTerminated, object.deletionTimestamp == nil, !hasSandbox { return (nil, false) }
            let made = PodInbox()
            let missed = workers.early.take(for: object.uid)
            if !missed.isEmpty { made.put { $0.exits = missed } }
            workers.inboxes[object.uid] = made
            return (made, true)
        }
        guard let inbox else { return }
        guard isNew else {
            inbox.put { $0.pod = pod }
            return
        }
        let worker = PodWorker(inbox: inbox, context: context)
        let initial = initialState(pod, records, hasSandbox: hasSandbox, inbox: inbox)
        group.addTask {
            await worker.run(initial)
            self.context.ledger.release(object.uid)
            self.context.probeCounts.forget(object.uid)
            self.context.storageFigures.forget(object.uid)
            self.forget(object.uid)
            if self.workers.withLock({ !$0.isShuttingDown }) {
                await KernelThread.run("kdash-logs") { self.retention.enforce(livePods: Set(self.pods.all().map(\.uid))) }
            }
        }
        inbox.poke()
    }

    private func initialState(_ pod: Pod, _ records: [ContainerRecord], hasSandbox: Bool, inbox: PodInbox) -> PodWorker.State {
        let keepsSandbox = hasSandbox && PodRecovery.keepsSandbox(of: pod, records: records)
        var recovered = PodRecovery.recover(
            pod, records: records, hasSandbox: keepsSandbox, now: context.time.now(), monotonic: context.time.monotonic())
        let allocated = pod.wantedResources.merging(recovered.allocated.filter { pod.wantedResources[$0.key] != nil }) { _, granted in granted }
        let isKnown = hasSandbox || !records.isEmpty
        if !pod.isTerminated, pod.object.deletionTimestamp == nil, let refusal = admit(pod.withResources(allocated), isKnown: isKnown) {
            recovered.ending = refusal
        }
        var sandbox: PodSandbox?
        if keepsSandbox {
            let address = pod.status.podIP
            let owns = !pod.spec.hostNetwork && !address.isEmpty
            if owns { context.network?.keepAddress(address, for: pod.object.uid) }
            sandbox = PodSandbox(address: address, ownsAddress: owns)
        }
        return PodWorker.State(
            inbox: inbox, pod: pod, histories: recovered.histories, sandbox: sandbox, hasHalfMadeSandbox: hasSandbox && !keepsSandbox,
            settled: recovered.ending, allocated: allocated,
            ownResources: allocated[Pod.whole] ?? .object([:]),
            startTime: pod.status.startTime ?? context.time.now())
    }

    /// Whether the node takes a pod; the ending of one that it does not. A pod that it took once is never turned away.
    private func admit(_ pod: Pod, isKnown: Bool) -> PodLifecycle.Ending? {
        if isKnown || pod.status.startTime != nil {
            context.ledger.keep(pod)
            return nil
        }
        let node = nodes.get(namespace: nil, name: configuration.nodeName).map { Node($0) }
        let pressures = pressure.withLock { $0.pressures }
        let answer =
            PodAdmission.refusal(of: pod, security: .ofHost) ?? NodePressure.refusal(of: pod, under: pressures) ?? context.ledger.admit(pod, node: node)
        guard case .refused(let reason, let message) = answer else { return nil }
        context.events.record(.warning, reason: reason, message, about: pod.object)
        context.logger.info("pod rejected", metadata: ["pod": "\(pod.name)", "reason": "\(reason)"])
        return .failed(reason: reason, message: "Pod was rejected: \(message)")
    }

    private func deliverExits(_ nodeEnded: @Sendable () -> Void) async {
        for await event in context.runtime.events {
            switch event {
            case .exited(let id, let record):
                running.noteEnd(id)
                deliver(record, of: id)
            case .lost:
                guard await context.runtime.hasEnded(within: .seconds(2)) else {
                    giveUpWaiting()
                    context.logger.error(
                        "the connection to the node's supervisor is lost, and its containers go on; end this daemon with SIGTERM, then run `kdash up`",
                        metadata: ["pid": "\(getpid())"])
                    continue
                }
                context.logger.error("the node's supervisor is gone, and its containers with it")
                giveUpWaiting()
                nodeEnded()
            }
        }
    }

    /// Nobody will tell any more how containers end: whoever waits for that would wait for ever, and keep the daemon from ending.
    private func giveUpWaiting() {
        let emptied = workers.withLock { workers in
            workers.isOutOfReach = true
            return workers.emptied.take()
        }
        emptied?.resume()
    }

    private func deliver(_ record: ExitRecord, of id: String) {
        guard let uid = ContainerID(parsing: id)?.podUID else { return }
        let inbox = workers.withLock { workers in
            if workers.inboxes[uid] == nil { workers.early.keep(record, of: id, pod: uid) }
            return workers.inboxes[uid]
        }
        inbox?.put { $0.exits.append((id, record)) }
    }

    /// Puts something into the inbox of a pod's worker, if it has one.
    func tell(_ uid: String, _ change: (inout PodInbox.Contents) -> Void) {
        workers.withLock { $0.inboxes[uid] }?.put(change)
    }

    /// Removes the logs of pods that no longer exist; false when that gave nothing back.
    func removeKeptLogs() async -> Bool {
        await KernelThread.run("kdash-logs") {
            let live = Set(self.pods.all().map(\.uid))
            func size() -> ByteCount { self.retention.kept(livePods: live).reduce(.zero) { $0 + $1.size } }
            let before = size()
            guard before > .zero else { return false }
            var strict = self.retention
            strict.budget = .zero
            strict.enforce(livePods: live)
            return size() < before
        }
    }

    /// The images that containers were made from or are about to be, of every node.
    func imageUsers() async -> Set<Digest> {
        Set(await inspection.imageUsers().keys.compactMap { Digest($0) }).union(await otherImageUsers())
    }

    /// What the user should know of the node: files that make no pod, a line each.
    package var problems: [String] { staticPods.problems }

    /// Tells waiting pods that an image was loaded or removed.
    package func imagesChanged() {
        imageFeed.yield()
        for inbox in workers.withLock({ Array($0.inboxes.values) }) { inbox.put { $0.imagesChanged = true } }
    }

    /// Stops every pod within `grace` and returns when all have ended, or when nothing can be heard of them. Their statuses say how; what may run again is started again by the
    /// next agent.
    package func shutdown(grace: Duration) async {
        let inboxes = workers.withLock { workers in
            workers.isShuttingDown = true
            return Array(workers.inboxes.values)
        }
        for inbox in inboxes { inbox.put { $0.shutdown = grace } }
        await withCheckedContinuation { continuation in
            let isOver = workers.withLock { workers in
                let isOver = workers.inboxes.isEmpty || workers.isOutOfReach
                if !isOver { workers.emptied = continuation }
                return isOver
            }
            if isOver { continuation.resume() }
        }
    }

    private func forget(_ uid: String) {
        let emptied = workers.withLock { workers in
            workers.inboxes[uid] = nil
            return workers.inboxes.isEmpty ? workers.emptied.take() : nil
        }
        emptied?.resume()
    }

    // MARK: NodeConnection

    package func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource {
        try logs.open(request)
    }

    package func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession {
        try await ExecService(agent: self).exec(request)
    }

    package func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession {
        try await AttachService(agent: self).attach(request)
    }

    package func portForward(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession {
        try await PortService(agent: self).open(podUID: podUID, port: port)
    }

    package func stats() async -> NodeStats {
        NodeUsage(agent: self).sample()
    }

    package var containers: (any ContainerInspection)? { inspection }

    package func probeCounts() async -> [ProbeCount] { context.probeCounts.all() }

    package func logInstances(_ request: LogRequest) async -> [LogInstance] {
        await KernelThread.run("kdash-logs") { self.logs.instances(request) }
    }

    package func keptLogs() async -> [KeptLog] {
        await KernelThread.run("kdash-logs") { self.retention.kept(livePods: Set(self.pods.all().map(\.uid))) }
    }
}
