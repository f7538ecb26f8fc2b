import APIMachinery
import KubeSchemas
import LinuxKernel

/// Decides what a pod needs next. Pure: reads the pod and what is known of its containers, returns what to do.
struct PodLifecycle: Sendable {
    /// One step for the worker.
    enum Action: Sendable, Hashable {
        /// Make what the pod's volumes hold.
        case mountVolumes
        /// Create the pod's namespaces and address.
        case createSandbox
        /// Start the next instance of the named container.
        case start(container: String)
        /// Ask a running container to stop: hook, signal, and a kill when the grace period is over. May be repeated.
        case stop(container: String, grace: Duration, reason: StopReason)
        /// Give namespaces, address and cgroup back; logs and status stay.
        case removeSandbox
        /// Confirm the deletion to the API server.
        case finishDeletion
    }

    /// Why a container is stopped.
    enum StopReason: Sendable, Hashable {
        /// With the whole pod; sidecars wait for the others.
        case pod
        /// A probe has failed.
        case probe(ProbeKind)
        /// The postStart hook has failed.
        case postStartHook
    }

    /// The steps to take now, and when to look again although nothing happened.
    struct Decision: Sendable, Hashable {
        var actions: [Action] = []
        /// Monotonic time.
        var wakeAt: Duration?
        /// Set when the pod has come to its end.
        var ending: Ending?
    }

    /// How far the pod's volumes are.
    enum VolumeProgress: Sendable, Hashable {
        case wanted
        /// Tried again at a monotonic time; nil: when an object that is missing appears.
        case failed(retryAt: Duration?)
        case mounted
    }

    /// The terminal phase of a pod.
    enum Ending: Sendable, Hashable {
        case succeeded
        case failed(reason: String, message: String)

        /// A pod that ran when its node went down, and may not be started again.
        static let nodeShutdown = failed(reason: "NodeShutdown", message: "the node stopped while the pod ran, and its restartPolicy is Never")
    }

    var pod: Pod
    var histories: [String: ContainerHistory]
    var volumes: VolumeProgress
    var hasSandbox: Bool
    /// Monotonic time before which a failed sandbox is not tried again.
    var sandboxRetryAt: Duration?
    /// When the node accepted the pod.
    var startTime: Timestamp
    /// An ending that was already decided, for example by an earlier run of the daemon.
    var settled: Ending?
    /// The node needs the pod gone: it has no time of its own.
    var isEvicted = false

    func decide(at now: Duration, wall: Timestamp) -> Decision {
        if pod.object.deletionTimestamp != nil { return deletion() }
        if settled != nil || pod.isTerminated { return cleanUp() }
        if let remaining = remaining(wall: wall), remaining <= .zero {
            return Decision(
                actions: stopAll(pod.gracePeriod),
                ending: .failed(reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline"))
        }
        var decision = preparation(at: now) ?? containers(at: now)
        if let remaining = remaining(wall: wall) { decision.wakeAt = earliest(decision.wakeAt, now + remaining) }
        return decision
    }

    private func history(_ container: Container) -> ContainerHistory { histories[container.name] ?? ContainerHistory() }

    private func preparation(at now: Duration) -> Decision? {
        switch volumes {
        case .mounted: break
        case .wanted: return Decision(actions: [.mountVolumes])
        case .failed(let retryAt):
            guard let retryAt else { return Decision() }
            return retryAt > now ? Decision(wakeAt: retryAt) : Decision(actions: [.mountVolumes])
        }
        if !hasSandbox {
            if let sandboxRetryAt, sandboxRetryAt > now { return Decision(wakeAt: sandboxRetryAt) }
            return Decision(actions: [.createSandbox])
        }
        return nil
    }

    // MARK: Ends

    private func stopAll(_ grace: Duration) -> [Action] {
        pod.allContainers.filter { history($0).isRunning }.map { .stop(container: $0.name, grace: grace, reason: .pod) }
    }

    private func deletion() -> Decision {
        let stops = stopAll(.seconds(pod.object.deletionGracePeriodSeconds ?? 30))
        if !stops.isEmpty { return Decision(actions: stops) }
        return Decision(actions: (hasSandbox ? [.removeSandbox] : []) + [.finishDeletion])
    }

    private func cleanUp() -> Decision {
        // Source: the kubelet's immediateEvictionGracePeriodSeconds.
        let stops = stopAll(isEvicted ? .seconds(1) : pod.gracePeriod)
        return Decision(actions: stops.isEmpty && hasSandbox ? [.removeSandbox] : stops, ending: settled)
    }

    private func remaining(wall: Timestamp) -> Duration? {
        pod.spec.activeDeadlineSeconds.map { .seconds($0) - (wall - startTime) }
    }

    // MARK: Containers

    private func containers(at now: Duration) -> Decision {
        var decision = Decision(actions: failedProbes())
        if !isInitialized {
            merge(initialization(at: now), into: &decision)
            return decision
        }
        for container in pod.spec.initContainers where container.isSidecar && !history(container).isRunning {
            merge(starting(container, at: now), into: &decision)
        }
        merge(main(at: now), into: &decision)
        return decision
    }

    private func failedProbes() -> [Action] {
        pod.allContainers.compactMap { container in
            let history = history(container)
            guard history.isRunning, history.stop == nil, let failure = history.probes?.failure else { return nil }
            return .stop(
                container: container.name, grace: failure.grace.map { .seconds($0) } ?? pod.gracePeriod, reason: .probe(failure.kind))
        }
    }

    /// Every init container has done its part, or a main container has run since, which proves it.
    private var isInitialized: Bool {
        if pod.spec.containers.contains(where: { history($0).hasRunHere }) { return true }
        return pod.spec.initContainers.allSatisfy { container in
            let history = history(container)
            return container.isSidecar ? history.isStarted : history.isCompleted
        }
    }

    private func initialization(at now: Duration) -> Decision {
        for container in pod.spec.initContainers {
            let history = history(container)
            if container.isSidecar {
                if history.isStarted { continue }
                return history.isRunning ? Decision() : starting(container, at: now)
            }
            if history.isRunning { return Decision() }
            guard let termination = history.termination else { return starting(container, at: now) }
            if history.isInterrupted || history.isOfEarlierSandbox { return starting(container, at: now) }
            if history.isCompleted { continue }
            if pod.restarts(container, role: .initial, after: termination.exitCode) { return starting(container, at: now) }
            return Decision(ending: .failed(reason: "", message: ""))
        }
        return Decision()
    }

    private func main(at now: Duration) -> Decision {
        var decision = Decision()
        var allDone = true
        for container in pod.spec.containers {
            let history = history(container)
            if history.isRunning {
                allDone = false
                // The kubelet starts containers one after the other, each with its hook.
                if history.isInPostStart { return decision }
                continue
            }
            if let termination = history.termination, !history.isInterrupted, !pod.restarts(container, role: .main, after: termination.exitCode) {
                continue
            }
            allDone = false
            merge(starting(container, at: now), into: &decision)
            // Its hook holds the next ones back; whether it runs is seen in the next round.
            if container.lifecycle.postStart != nil { return decision }
        }
        if allDone {
            let failed = pod.spec.containers.contains { (history($0).termination?.exitCode ?? 0) != 0 }
            return Decision(actions: stopAll(pod.gracePeriod), ending: failed ? .failed(reason: "", message: "") : .succeeded)
        }
        for container in pod.spec.ephemeralContainers where history(container).current == nil {
            merge(starting(container, at: now), into: &decision)
        }
        return decision
    }

    private func starting(_ container: Container, at now: Duration) -> Decision {
        if let retryAt = history(container).retryAt, retryAt > now { return Decision(wakeAt: retryAt) }
        return Decision(actions: [.start(container: container.name)])
    }

    private func merge(_ other: Decision, into decision: inout Decision) {
        decision.actions += other.actions
        decision.wakeAt = earliest(decision.wakeAt, other.wakeAt)
        decision.ending = other.ending ?? decision.ending
    }
}

extension PodLifecycle {
    /// Whether a container that stops with its pod may be signalled: sidecars go last, in reverse order.
    /// Source: the kubelet's terminationOrdering.
    func isTurn(of name: String) -> Bool {
        guard let place = pod.spec.initContainers.firstIndex(where: { $0.name == name && $0.isSidecar }) else { return true }
        let later = pod.spec.containers + pod.spec.initContainers[(place + 1)...].filter(\.isSidecar)
        return !later.contains { history($0).isRunning }
    }
}

/// The smaller of two moments, where nil is never.
func earliest(_ a: Duration?, _ b: Duration?) -> Duration? {
    guard let a else { return b }
    return b.map { min(a, $0) } ?? a
}

extension Pod {
    /// The pod's own grace period.
    var gracePeriod: Duration { .seconds(spec.terminationGracePeriodSeconds) }
}
