package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel
package import Logging
import Synchronization

/// Nodes that are only pretended, for trying a cluster at a size that the machine does not have. Their pods become Running at once,
/// those of Jobs succeed, and what is deleted goes. Without nodes and without changes nothing runs.
package final class SimulatedFleet: Sendable {
    /// How the fleet stands.
    package struct Summary: Sendable, Hashable {
        /// How many nodes there shall be.
        package var wanted: Int
        /// How many there are.
        package var nodes: Int
        /// How many pods are on them.
        package var pods: Int
        /// The names of nodes that are not simulated and keep others from being made.
        package var inTheWay: [String] = []
    }

    struct PodKey: Hashable, Sendable {
        let namespace: String
        let name: String

        init(_ pod: Pod) {
            namespace = pod.namespace ?? ""
            name = pod.name
        }
    }

    struct State {
        var wanted = 0
        /// Pods on simulated nodes, by uid.
        var pods: Set<String> = []
        var addresses = SimulatedAddresses()
        var room = SimulatedRoom()
        /// Pods with a node that is not of the fleet, or not yet.
        var waiting: [SimulatedNode: Set<PodKey>] = [:]
        /// The nodes in the way that were reported.
        var strangers: Set<SimulatedNode> = []

        /// Frees what a pod has on its node.
        mutating func leave(_ uid: String, _ node: SimulatedNode) {
            addresses.free(uid)
            room.free(uid, on: node)
        }

        /// Forgets a pod that is gone.
        mutating func forget(_ uid: String, on node: SimulatedNode) {
            pods.remove(uid)
            leave(uid, node)
        }
    }

    /// Writes that are under way at once: the store commits what waits together.
    private static let writers = 32

    let client: KubeClient
    let nodes: Informer
    let time: any TimeSource
    let logger: Logger
    let pods: Informer
    let queue: WorkQueue<PodKey>
    let state = Mutex(State())
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let leases: SimulatedLeases

    /// A fleet of `count` nodes that reads through shared informers and writes through `client`. Make it before the informers run.
    package init(client: KubeClient, informers: SharedInformers, count: Int, time: any TimeSource, logger: Logger) {
        self.client = client
        self.time = time
        self.logger = logger
        nodes = informers.informer(Node.resource)
        pods = informers.informer(Pod.resource)
        queue = WorkQueue(time: time, firstDelay: .milliseconds(50), maximumDelay: .seconds(30))
        leases = SimulatedLeases(client: client, time: time, logger: logger)
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.wanted = count }
        wake.yield()
    }

    /// How many nodes and pods there are.
    package var summary: Summary {
        let (wanted, pods) = state.withLock { ($0.wanted, $0.pods.count) }
        let found = find()
        return Summary(wanted: wanted, nodes: found.ours.count, pods: pods, inTheWay: found.strangers.map(\.name).sorted())
    }

    /// Wants another number of nodes; they come and go soon. Throws BadRequest for a number that cannot be.
    package func resize(to count: Int) throws(APIStatus) {
        try Self.check(count)
        state.withLock { $0.wanted = count }
        wake.yield()
    }

    /// Throws BadRequest for a number of nodes that cannot be.
    package static func check(_ count: Int) throws(APIStatus) {
        guard (0...SimulatedNode.limit).contains(count) else {
            throw .badRequest("\(count) simulated nodes: there can be 0 to \(SimulatedNode.limit)")
        }
    }

    /// The connection to a node of the fleet; nil for other nodes.
    package func connection(named name: String) -> SimulatedConnection? {
        SimulatedNode(name: name).flatMap { isOurs($0) ? SimulatedConnection(node: name, time: time) : nil }
    }

    /// Why a container of the fleet cannot be looked into; nil for containers of other nodes.
    package func refusal(_ target: ContainerTarget) -> APIStatus? {
        guard let object = pods.get(namespace: target.namespace, name: target.pod) else { return nil }
        return connection(named: Pod(object).spec.nodeName)?.refusal("nothing to look into")
    }

    /// Pretends until the task is cancelled.
    package func run() async {
        nodes.addHandler { self.nodeChanged($0) }
        pods.addHandler { self.podChanged($0) }
        await nodes.waitUntilSynced()
        await pods.waitUntilSynced()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.queue.run(workers: Self.writers) { await self.work(on: $0) } }
            group.addTask { await self.leases.keep() }
            for await _ in wakeUps { await matchNodes() }
            group.cancelAll()
        }
    }

    // MARK: Nodes

    /// The nodes that are called as simulated ones, as far as the cache knows.
    private struct Found {
        /// Those with the mark.
        var ours: [SimulatedNode: KubeObject] = [:]
        /// What somebody else called so, where a simulated node is wanted: it stays what it is.
        var strangers: Set<SimulatedNode> = []
    }

    private var wanted: Int { state.withLock { $0.wanted } }

    private static func isMarked(_ object: KubeObject) -> Bool { object.labels[SimulatedNode.mark] != nil }

    /// Whether a node is there and pretended.
    func isOurs(_ node: SimulatedNode) -> Bool {
        node.number <= wanted && nodes.get(namespace: nil, name: node.name).map(Self.isMarked) ?? false
    }

    private func find() -> Found {
        let wanted = self.wanted
        var found = Found()
        for object in nodes.all() {
            guard let node = SimulatedNode(name: object.name) else { continue }
            if Self.isMarked(object) { found.ours[node] = object } else if node.number <= wanted { found.strangers.insert(node) }
        }
        return found
    }

    /// The cache may show a write of the fleet only after the fleet has looked, and others write too: what is not as wanted is looked at again.
    private func nodeChanged(_ event: InformerEvent) {
        guard let node = SimulatedNode(name: event.object.name) else { return }
        let (isMarked, isWanted) = (Self.isMarked(event.object), node.number <= wanted)
        switch event {
        case .deleted:
            if isWanted { wake.yield() }
        case .updated(let old, _) where Self.isMarked(old) == isMarked: return
        case .added, .updated:
            // Pods may have got the node before it was known here.
            if isMarked && isWanted { takeWaiting(for: node) } else if isMarked || isWanted { wake.yield() }
        }
    }

    /// Makes the nodes that are missing and removes those that are too many, and tries again what failed.
    private func matchNodes() async {
        let (wanted, found) = (self.wanted, find())
        report(found.strangers)
        let missing = (0..<wanted).compactMap { SimulatedNode(number: $0 + 1) }.filter { found.ours[$0] == nil && !found.strangers.contains($0) }
        let surplus = found.ours.keys.filter { $0.number > wanted }
        let isMade = await Self.each(missing) { await self.make($0) }
        leases.follow(wanted, without: found.strangers)
        let isRemoved = await Self.each(surplus) { await self.remove($0, uid: found.ours[$0]?.uid ?? "") }
        // Those that were too many before may be wanted again.
        for node in state.withLock({ Array($0.waiting.keys) }) where isOurs(node) { takeWaiting(for: node) }
        guard !isMade || !isRemoved else { return }
        do { try await time.sleep(for: .seconds(1)) } catch { return }
        wake.yield()
    }

    /// Says once of a node that it is in the way of a simulated one.
    private func report(_ strangers: Set<SimulatedNode>) {
        let new = state.withLock { state in
            defer { state.strangers = strangers }
            return strangers.subtracting(state.strangers)
        }
        for node in new {
            logger.warning("a node that is not simulated has the name of one: it stays, and none is made in its place", metadata: ["node": "\(node.name)"])
        }
    }

    /// Does something for many nodes, some at a time. False when it failed for one of them.
    private static func each(_ nodes: [SimulatedNode], _ body: @escaping @Sendable (SimulatedNode) async -> Bool) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            var isDone = true
            for (number, node) in nodes.enumerated() {
                if number >= writers, await group.next() == false { isDone = false }
                group.addTask { await body(node) }
            }
            return await group.allSatisfy { $0 } && isDone
        }
    }

    /// False when the server did not take it.
    private func make(_ node: SimulatedNode) async -> Bool {
        do throws(APIStatus) {
            _ = try await client.create(Node.resource, node.object(now: time.now()))
        } catch {
            // The cache will show it, and whose it is.
            guard error.reason != .alreadyExists else { return true }
            logger.warning("could not make a simulated node", metadata: ["node": "\(node.name)", "error": "\(error.message)"])
            return false
        }
        await leases.renew(node)
        return true
    }

    /// Removes a node; its pods go with it, as those of every node that is gone. False when the server did not take it.
    private func remove(_ node: SimulatedNode, uid: String) async -> Bool {
        do throws(APIStatus) {
            try await client.delete(Node.resource, namespace: nil, name: node.name, DeleteOptions(uid: uid))
        } catch {
            // Somebody has made another one of that name.
            if error.reason == .conflict { return true }
            guard error.reason == .notFound else {
                logger.warning("could not remove a simulated node", metadata: ["node": "\(node.name)", "error": "\(error.message)"])
                return false
            }
        }
        await leases.remove(node)
        return true
    }
}
