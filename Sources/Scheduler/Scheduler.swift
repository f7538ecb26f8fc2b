import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel
package import Logging
import Synchronization

/// Binds pods that have no node. Driven by informers only: without changes it does nothing.
package final class Scheduler: Sendable {
    /// Pods name the scheduler that should place them; this one serves only its own.
    package static let name = "default-scheduler"

    struct State {
        var cluster = ClusterSnapshot()
        var queue = SchedulingQueue()
        /// Pods with a node whose claims are on their way to volumes, by uid.
        var waits: [String: VolumeWait] = [:]
        /// Those whose claims have got them.
        var bindable: [VolumeWait] = []

        /// How many times a pod was found to fit nowhere.
        var refusals: UInt64 = 0
        /// What that number was when a pod took its place, by uid, until its binding is known or has failed.
        var refusalsBefore: [String: UInt64] = [:]

        var hasWork: Bool { queue.hasWork || !bindable.isEmpty }

        /// Makes those worth a try that a pod with a node may help.
        mutating func retry(forArrivalOf pod: Pod) {
            let (member, labels) = (GroupMember(pod), cluster.index.namespaces)
            queue.retryAttentive { $0.mayBeHelped(byArrivalOf: member, labels) }
        }

        /// Takes back what was decided on a pod. Its place is free again for whoever was refused beside it: nobody else need be tried,
        /// or a binding that fails for good would have all that wait tried each time.
        mutating func takeBack(_ pod: Pod) {
            end(waitOf: pod.uid)
            cluster.forget(podWithUID: pod.uid)
            if refusalsBefore.removeValue(forKey: pod.uid) != refusals { queue.retryAll() }
        }

        /// Forgets that a pod waits for its claims, and lets go of the volumes that are kept for it.
        mutating func end(waitOf uid: String) {
            for name in waits.removeValue(forKey: uid)?.volumes ?? [] { cluster.promisedVolumes[name] = nil }
        }
    }

    private enum Step {
        case bind(Pod, node: String)
        case prepare(Pod, node: String, [VolumeDemand.Step])
        case report(Pod, message: String, node: String?)
        case preempt(Pod, node: String, victims: [PlacedPod], message: String)
    }

    private let pods: Informer
    private let nodes: Informer
    private let budgets: Informer
    private let namespaces: Informer
    let storage: InformerStorage
    private let services: InformerServices
    let writer: SchedulerWriter
    private let time: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// A scheduler that reads through shared informers and writes through `client`.
    package init(client: KubeClient, informers: SharedInformers, time: any TimeSource, logger: Logger) {
        pods = informers.informer(Pod.resource)
        nodes = informers.informer(Node.resource)
        budgets = informers.informer(GroupVersionResource(group: "policy", version: "v1", resource: "poddisruptionbudgets"))
        namespaces = informers.informer(Namespace.resource)
        storage = InformerStorage(informers)
        services = InformerServices(informers)
        writer = SchedulerWriter(client: client, time: time, logger: logger)
        self.time = time
        self.logger = logger
        state.withLock { [storage, services] in
            $0.cluster.storage = storage
            $0.cluster.services = services
        }
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Schedules until the task is cancelled. Call it once.
    package func run() async {
        namespaces.addHandler { self.namespaceChanged($0) }
        nodes.addHandler { self.nodeChanged($0) }
        pods.addHandler { self.podChanged($0) }
        storage.claims.addHandler { self.claimChanged($0) }
        storage.volumeInformer.addHandler { _ in self.storageChanged() }
        storage.classes.addHandler { _ in self.storageChanged() }
        // Deciding on half a list of pods would promise the same CPU twice.
        await nodes.waitUntilSynced()
        await pods.waitUntilSynced()
        await budgets.waitUntilSynced()
        await namespaces.waitUntilSynced()
        await storage.waitUntilSynced()
        await services.waitUntilSynced()
        wake.yield()
        await withDiscardingTaskGroup { group in
            for await _ in wakeUps {
                while let step = nextStep() {
                    group.addTask { await self.apply(step) }
                }
            }
            group.cancelAll()
        }
    }

    /// Decides on the next pod. What it decided counts at once, whatever the write becomes.
    private func nextStep() -> Step? {
        state.withLock { state in
            if let ready = state.bindable.popLast() { return .bind(ready.pod, node: ready.node) }
            guard let pod = state.queue.next() else { return nil }
            state.cluster.follow(pod)
            switch state.cluster.decide(pod) {
            case .bind(let node):
                let steps = state.cluster.volumeSteps(pod, on: node)
                // A node that was kept free for the pod is not kept any more if the binding fails: then all deserve a try.
                state.refusalsBefore[pod.uid] = state.cluster.nominated[pod.uid] == nil ? state.refusals : nil
                state.cluster.assume(pod, on: node)
                // A retry of all waiting pods must not meet one whose binding is under way.
                state.queue.remove(podWithUID: pod.uid)
                state.retry(forArrivalOf: pod)
                guard !steps.isEmpty else { return .bind(pod, node: node) }
                for case .keep(let volume, let claim) in steps { state.cluster.promisedVolumes[volume.name] = claim.uid }
                state.waits[pod.uid] = VolumeWait(pod, node: node, steps: steps)
                return .prepare(pod, node: node, steps)
            case .unschedulable(let message):
                state.refusals += 1
                return makeRoom(for: pod, message, &state)
            }
        }
    }

    /// What becomes of a pod that fits nowhere.
    private func makeRoom(for pod: Pod, _ message: String, _ state: inout State) -> Step {
        guard !state.cluster.nodes.isEmpty else { return .report(pod, message: message, node: nil) }
        switch state.cluster.preemption(for: pod, allowance) {
        case .preempt(let node, let victims):
            state.cluster.nominate(pod, to: node)
            return .preempt(pod, node: node, victims: victims, message: message)
        case .wait(let why):
            return .report(pod, message: "\(message) preemption: \(why)", node: state.cluster.nominated[pod.uid]?.node)
        case .impossible(let why):
            state.cluster.withdraw(podWithUID: pod.uid)
            return .report(pod, message: "\(message) preemption: \(why)", node: nil)
        }
    }

    private func allowance() -> DisruptionAllowance {
        DisruptionAllowance(budgets.all()) { [pods] pod in
            pods.get(namespace: pod.namespace, name: pod.name)?["metadata", "labels"]?.objectValue
        }
    }

    private func apply(_ step: Step) async {
        switch step {
        case .report(let pod, let message, let node):
            await writer.report(pod, message: message, nominated: node)
        case .preempt(let pod, let node, let victims, let message):
            // First what the pod waits for: once the others are gone it may be bound at any moment.
            await writer.report(pod, message: message, nominated: node)
            for victim in victims where !victim.isEnding {
                do {
                    try await writer.preempt(victim, by: pod)
                } catch {
                    logger.warning(
                        "preemption failed",
                        metadata: ["namespace": "\(victim.namespace)", "pod": "\(victim.name)", "error": "\(error.message)"])
                    await retryLater(pod)
                }
            }
        case .bind(let pod, let node):
            do {
                try await writer.bind(pod, to: node)
            } catch {
                await failed(pod, "binding failed", error)
            }
        case .prepare(let pod, let node, let steps):
            do {
                try await prepareVolumes(pod, steps, node: node)
            } catch {
                await failed(pod, "binding volumes failed", error)
            }
        }
    }

    /// Takes back what was decided on a pod.
    private func failed(_ pod: Pod, _ what: Logger.Message, _ error: APIStatus) async {
        news { $0.takeBack(pod) }
        logger.warning(what, metadata: ["namespace": "\(pod.namespace ?? "")", "pod": "\(pod.name)", "error": "\(error.message)"])
        await retryLater(pod)
    }

    /// Takes in a change, and goes to work when there is any.
    func news(_ body: (inout State) -> Void) {
        let hasWork = state.withLock { state -> Bool in
            body(&state)
            return state.hasWork
        }
        if hasWork { wake.yield() }
    }

    /// Tries a pod again after a second, if it still waits.
    private func retryLater(_ pod: Pod) async {
        do { try await time.sleep(for: .seconds(1)) } catch { return }
        guard let current = pods.get(namespace: pod.namespace, name: pod.name), current.uid == pod.uid else { return }
        let fresh = Pod(current)
        guard Self.isWaiting(fresh) else { return }
        state.withLock { $0.queue.retry(fresh) }
        wake.yield()
    }

    private func nodeChanged(_ event: InformerEvent) {
        news { state in
            if case .deleted(let object) = event {
                state.cluster.remove(nodeNamed: object.name)
            } else if !state.cluster.put(Node(event.object)) {
                return
            }
            state.queue.retryAll()
        }
    }

    private func podChanged(_ event: InformerEvent) {
        news { state in
            let pod = Pod(event.object)
            var change = PodNews.nothing
            if case .deleted = event {
                state.refusalsBefore[pod.uid] = nil
                state.queue.remove(podWithUID: pod.uid)
                state.end(waitOf: pod.uid)
                change = state.cluster.remove(podWithUID: pod.uid) ? .freed : .nothing
            } else {
                change = state.cluster.put(pod)
                if Self.isWaiting(pod), !state.cluster.isPlaced(podWithUID: pod.uid) {
                    let promised = pod.status.nominatedNodeName
                    // Promised before this process began.
                    if !promised.isEmpty, !state.queue.contains(podWithUID: pod.uid) { state.cluster.nominate(pod, to: promised) }
                    state.queue.put(pod)
                } else if !Self.isWaiting(pod) {
                    state.refusalsBefore[pod.uid] = nil
                    state.queue.remove(podWithUID: pod.uid)
                    state.end(waitOf: pod.uid)
                    state.cluster.withdraw(podWithUID: pod.uid)
                }
            }
            switch change {
            case .nothing: break
            case .placed: state.retry(forArrivalOf: pod)
            case .altered: state.queue.retryAttentive { _ in true }
            case .freed: state.queue.retryAll()
            }
        }
    }

    private func namespaceChanged(_ event: InformerEvent) {
        news { state in
            var labels: JSONObject?
            if case .deleted = event {} else { labels = event.object["metadata", "labels"]?.objectValue ?? JSONObject() }
            let name = event.object.name
            guard state.cluster.put(namespace: name, labels: labels) else { return }
            state.queue.retryAttentive { $0.mindsNamespaceLabels }
            if state.cluster.index.forbidsByNamespaceLabels { state.queue.retry { $0.namespace == name } }
        }
    }

    private static func isWaiting(_ pod: Pod) -> Bool {
        let spec = pod.spec
        return spec.nodeName.isEmpty && spec.schedulerName == name && spec.schedulingGates.isEmpty && !pod.isTerminated
            && !pod.object.isBeingDeleted
    }
}
