import APIMachinery
package import KubeClient
import KubeSchemas
package import LinuxKernel
package import Logging
package import PodNetwork
import Synchronization

/// Keeps the node's policies as NetworkPolicies, pods and namespaces say: every change makes it compile anew, changes that come together once.
///
/// ## Concurrency model
/// Handlers of informers and pod workers change `state` and wake the one task of ``run()``, which alone writes the table. A pod waits until
/// what it is part of was written.
package final class PolicyEnforcer: Sendable {
    private struct Waiter {
        let number: UInt64
        let resume: CheckedContinuation<Void, Never>
    }

    private struct State {
        var facts = PolicyFacts()
        /// Counts changes; `tried` is how far the kernel was told of, successfully or not.
        var changes: UInt64 = 1
        var tried: UInt64 = 0
        var failure: PodNetworkError?
        var hasEnded = false
        var waiters: [UInt64: Waiter] = [:]
        var nextWaiter: UInt64 = 0
    }

    /// The kernel's rules.
    package let table: PolicyTable
    private let client: KubeClient
    private let informers: SharedInformers
    private let node: Set<IPv4Address>
    private let services: [PolicyPod]
    private let time: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - node: addresses from which the node reaches its pods whatever policies say.
    ///   - services: what policies can name as a pod and is none, such as the cluster's DNS server.
    package init(
        table: PolicyTable, client: KubeClient, informers: SharedInformers, node: Set<IPv4Address>, services: [PolicyPod], time: any TimeSource,
        logger: Logger
    ) {
        self.table = table
        self.client = client
        self.informers = informers
        self.node = node
        self.services = services
        self.time = time
        self.logger = logger
    }

    /// The names of pods by address, as NAMESPACE/NAME, and of the cluster's own services.
    package var names: [IPv4Address: String] {
        let pods = state.withLock { $0.facts.names }
        return pods.merging(services.map { ($0.address, "\($0.namespace)/\($0.name)") }) { pod, _ in pod }
    }

    /// Enforces until cancelled. Nothing is written before everything that policies ask for is known, so that what an earlier daemon wrote
    /// holds until then.
    package func run() async {
        let kinds: [(GroupVersionResource, @Sendable (inout PolicyFacts, InformerEvent) -> Bool)] = [
            (NetworkPolicy.resource, { $0.note(policy: $1) }), (Namespace.resource, { $0.note(namespace: $1) }), (Pod.resource, { $0.note(pod: $1) }),
        ]
        for (resource, note) in kinds {
            informers.informer(resource).addHandler { [weak self] event in self?.change { note(&$0, event) } }
        }
        for (resource, _) in kinds { await informers.informer(resource).waitUntilSynced() }
        wake.yield()
        await withTaskCancellationHandler {
            // Only a node that refuses costs a timer; changes meanwhile are tried at once.
            var again: Task<Void, Never>?
            for await _ in wakes where !Task.isCancelled {
                again?.cancel()
                guard await !update() else { continue }
                again = Task { [time, wake] in
                    do { try await time.sleep(for: .seconds(5)) } catch { return }
                    wake.yield()
                }
            }
            again?.cancel()
        } onCancel: {
            wake.finish()
        }
        let waiting = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiting { waiter.resume.resume() }
    }

    private func change(_ body: (inout PolicyFacts) -> Bool) {
        let isChanged = state.withLock { state in
            guard body(&state.facts) else { return false }
            state.changes += 1
            return true
        }
        if isChanged { wake.yield() }
    }

    /// Tells the kernel what is known now; false when it refused.
    private func update() async -> Bool {
        let (facts, number) = state.withLock { ($0.facts, $0.changes) }
        let failure: PodNetworkError?
        do throws(PodNetworkError) {
            try await KernelThread.run("kdash-policies") { [table, node, services] () throws(PodNetworkError) in
                try table.apply(facts.compile(node: node, services: services))
            }
            failure = nil
        } catch {
            logger.error("network policies are not enforced as they are", metadata: ["error": "\(error)"])
            failure = error
        }
        let done = state.withLock { state in
            state.tried = number
            state.failure = failure
            let done = state.waiters.filter { $0.value.number <= number }
            for id in done.keys { state.waiters[id] = nil }
            return done.values
        }
        for waiter in done { waiter.resume.resume() }
        return failure == nil
    }

    // MARK: Pods

    /// Returns once a pod that is about to be connected at an address is isolated as policies say. Throws when it would be and the kernel
    /// refused.
    func isolate(_ pod: KubeObject, at address: IPv4Address) async throws(ConfigurationError) {
        // Asked for, since a policy that was made before the pod may not have arrived here yet.
        let policies: [KubeObject]
        do throws(APIStatus) {
            policies = try await client.list(NetworkPolicy.resource, namespace: pod.namespace).items
        } catch {
            throw ConfigurationError("the network policies of the pod's namespace cannot be read: \(error.message)", reason: "CreatePodSandboxError")
        }
        change { facts in
            var isChanged = facts.give(address, to: pod)
            for policy in policies where facts.note(policy: policy) { isChanged = true }
            return isChanged
        }
        await waitUntilWritten()
        guard let failure = state.withLock({ $0.failure }) else { return }
        let wanted = state.withLock { $0.facts }.compile(node: node, services: services)
        guard wanted.isolations.values.contains(where: { $0[address] != nil }) else { return }
        throw ConfigurationError("network policies select the pod and cannot be enforced: \(failure)", reason: "CreatePodSandboxError")
    }

    /// The pod's address is no more the pod's.
    func forget(_ uid: String) { change { $0.takeBack(uid) } }

    /// Returns once every change so far was written, or this ended, or the task is cancelled.
    private func waitUntilWritten() async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.tried >= state.changes || state.hasEnded || Task.isCancelled { return true }
                    state.waiters[id] = Waiter(number: state.changes, resume: continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume.resume()
        }
    }
}
