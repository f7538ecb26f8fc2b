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
    }

    private struct PodKey: Hashable, Sendable {
        let namespace: String
        let name: String
    }

    private struct State {
        var wanted = 0
        /// Pods on simulated nodes, by uid.
        var pods: Set<String> = []
        var addresses = SimulatedAddresses()
    }

    /// Writes that are under way at once: the store commits what waits together.
    private static let writers = 32

    let client: KubeClient
    let nodes: Informer
    let time: any TimeSource
    let logger: Logger
    private let pods: Informer
    private let queue: WorkQueue<PodKey>
    private let state = Mutex(State())
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
        return Summary(wanted: wanted, nodes: present.count, pods: pods)
    }

    /// Wants another number of nodes; they come and go soon. Throws BadRequest for a number that cannot be.
    package func resize(to count: Int) throws(APIStatus) {
        guard (0...SimulatedNode.limit).contains(count) else {
            throw .badRequest("\(count) simulated nodes: there can be 0 to \(SimulatedNode.limit)")
        }
        state.withLock { $0.wanted = count }
        wake.yield()
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

    private func isOurs(_ node: SimulatedNode) -> Bool { node.number <= state.withLock { $0.wanted } }

    /// The simulated nodes that are in the cluster, by their label: what somebody else called so is never removed.
    private var present: [SimulatedNode: KubeObject] {
        let found = nodes.all().compactMap { object in
            object.labels[SimulatedNode.mark] == nil ? nil : SimulatedNode(name: object.name).map { ($0, object) }
        }
        return Dictionary(found) { $1 }
    }

    /// Makes the nodes that are missing and removes those that are too many, and tries again what failed.
    private func matchNodes() async {
        let (wanted, present) = (state.withLock { $0.wanted }, self.present)
        let missing = (0..<wanted).compactMap { SimulatedNode(number: $0 + 1) }.filter { present[$0] == nil }
        let surplus = present.keys.filter { $0.number > wanted }
        let isMade = await Self.each(missing) { await self.make($0) }
        leases.follow(wanted)
        let isRemoved = await Self.each(Array(surplus)) { await self.remove($0) }
        // What a pod on a node that is new needs may have been asked for before the node was one of ours.
        for object in pods.all() where SimulatedNode(name: Pod(object).spec.nodeName).map({ present[$0] == nil }) ?? false { take(in: object) }
        guard !isMade || !isRemoved else { return }
        do { try await time.sleep(for: .seconds(1)) } catch { return }
        wake.yield()
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
            // A node of that name that is not ours stays what it is.
            guard error.reason != .alreadyExists else { return true }
            logger.warning("could not make a simulated node", metadata: ["node": "\(node.name)", "error": "\(error.message)"])
            return false
        }
        await leases.renew(node)
        return true
    }

    /// Removes a node; its pods go with it, as those of every node that is gone. False when the server did not take it.
    private func remove(_ node: SimulatedNode) async -> Bool {
        do throws(APIStatus) {
            try await client.delete(Node.resource, namespace: nil, name: node.name)
        } catch {
            guard error.reason == .notFound else {
                logger.warning("could not remove a simulated node", metadata: ["node": "\(node.name)", "error": "\(error.message)"])
                return false
            }
        }
        await leases.remove(node)
        return true
    }

    // MARK: Pods

    private func podChanged(_ event: InformerEvent) {
        let object = event.object
        if case .deleted = event {
            state.withLock { state in
                guard state.pods.remove(object.uid) != nil else { return }
                state.addresses.free(object.uid)
            }
            return
        }
        take(in: object)
    }

    private func take(in object: KubeObject) {
        let pod = Pod(object)
        guard let node = SimulatedNode(name: pod.spec.nodeName), isOurs(node) else { return }
        let known = pod.status.podIP
        state.withLock { state in
            state.pods.insert(pod.uid)
            if !known.isEmpty { state.addresses.note(known, of: pod.uid, on: node) }
        }
        if SimulatedPod(pod).step != .nothing { queue.add(PodKey(namespace: pod.namespace ?? "", name: pod.name)) }
    }

    private func work(on key: PodKey) async -> WorkOutcome {
        guard let object = pods.get(namespace: key.namespace, name: key.name) else { return .done }
        let pod = Pod(object)
        guard let node = SimulatedNode(name: pod.spec.nodeName), isOurs(node) else { return .done }
        do throws(APIStatus) {
            let step = SimulatedPod(pod).step
            switch step {
            case .nothing: return .done
            case .confirmDeletion:
                let now = DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid)
                try await client.delete(Pod.resource, namespace: key.namespace, name: key.name, now)
            case .run, .succeed, .fail:
                guard let address = address(of: pod, on: node) else {
                    logger.warning("a simulated node has no address left", metadata: ["node": "\(node.name)", "pod": "\(pod.name)"])
                    return .failed
                }
                let status = SimulatedPod(pod).status(step, address: address, host: node.address, now: time.now())
                _ = try await client.patch(
                    Pod.resource, namespace: key.namespace, name: key.name, type: .strategicMerge,
                    ["metadata": ["uid": .string(pod.uid)], "status": status], subresource: "status")
            }
        } catch {
            // Gone, or another pod of that name by now.
            if error.reason == .notFound || error.reason == .conflict { return .done }
            logger.debug("could not write for a simulated pod", metadata: ["pod": "\(key.name)", "error": "\(error.message)"])
            return .failed
        }
        return .done
    }

    private func address(of pod: Pod, on node: SimulatedNode) -> String? {
        pod.spec.hostNetwork ? node.address : state.withLock { $0.addresses.address(of: pod.uid, on: node) }
    }
}
