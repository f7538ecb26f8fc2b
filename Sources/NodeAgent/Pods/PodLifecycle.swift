import APIMachinery
import KubeSchemas
import LinuxKernel

/// Decides what a pod needs next. Pure: reads the pod and what is known of its containers, returns what to do.
struct PodLifecycle: Sendable {
    /// One step for the worker.
    enum Action: Sendable, Hashable {
        /// Create the pod's namespaces and address.
        case createSandbox
        /// Start the next instance of the named container.
        case start(container: String)
        /// Ask everything that runs to stop, then kill it when the grace period is over.
        case stop(gracePeriod: Duration, reason: String)
        /// Give namespaces, address and cgroup back; logs and status stay.
        case removeSandbox
        /// Confirm the deletion to the API server.
        case finishDeletion
    }

    /// The steps to take now, and when to look again although nothing happened.
    struct Decision: Sendable, Hashable {
        var actions: [Action] = []
        /// Monotonic time.
        var wakeAt: Duration?
        /// Set when the pod has come to its end.
        var ending: Ending?
    }

    /// The terminal phase of a pod.
    enum Ending: Sendable, Hashable {
        case succeeded
        case failed(reason: String, message: String)
    }

    var pod: Pod
    var histories: [String: ContainerHistory]
    var hasSandbox: Bool
    /// Monotonic time before which a failed sandbox is not tried again.
    var sandboxRetryAt: Duration?
    /// An ending that was already decided, for example by an earlier run of the daemon.
    var settled: Ending?

    func decide(at now: Duration, wall: Timestamp) -> Decision {
        if pod.object.deletionTimestamp != nil { return deletion() }
        if settled != nil || pod.isTerminated { return cleanUp() }
        if let deadline = deadlineDecision(wall: wall, now: now) { return deadline }
        if !hasSandbox {
            if let sandboxRetryAt, sandboxRetryAt > now { return Decision(wakeAt: sandboxRetryAt) }
            return Decision(actions: [.createSandbox])
        }
        if let initialization = initialization(at: now) { return withDeadline(initialization, wall: wall, now: now) }
        return withDeadline(main(at: now), wall: wall, now: now)
    }

    private var anyRunning: Bool { histories.values.contains(where: \.isRunning) }

    private func deletion() -> Decision {
        if anyRunning {
            return Decision(actions: [.stop(gracePeriod: .seconds(pod.object.deletionGracePeriodSeconds ?? 30), reason: "deleted")])
        }
        return Decision(actions: (hasSandbox ? [.removeSandbox] : []) + [.finishDeletion])
    }

    private func cleanUp() -> Decision {
        if anyRunning { return Decision(actions: [.stop(gracePeriod: pod.gracePeriod, reason: "ended")], ending: settled) }
        return Decision(actions: hasSandbox ? [.removeSandbox] : [], ending: settled)
    }

    // MARK: Init containers

    /// What initialization still needs; nil when it is done.
    private func initialization(at now: Duration) -> Decision? {
        for container in pod.spec.initContainers {
            let history = histories[container.name] ?? ContainerHistory()
            if container.isSidecar {
                if history.isRunning { continue }
                return starting(container, history, at: now)
            }
            if history.isRunning { return Decision() }
            if let termination = history.termination, termination.exitCode == 0 { continue }
            if mainHasStarted { continue }
            if history.termination != nil, pod.spec.restartPolicy == "Never" {
                return Decision(ending: .failed(reason: "", message: "init container \(container.name) failed"))
            }
            return starting(container, history, at: now)
        }
        return nil
    }

    private var mainHasStarted: Bool {
        pod.spec.containers.contains { histories[$0.name]?.current != nil }
    }

    // MARK: Main containers

    private func main(at now: Duration) -> Decision {
        var decision = Decision()
        var allDone = true
        for container in pod.spec.containers {
            let history = histories[container.name] ?? ContainerHistory()
            if history.isRunning {
                allDone = false
                continue
            }
            guard shouldStart(history) else { continue }
            allDone = false
            let next = starting(container, history, at: now)
            decision.actions += next.actions
            decision.wakeAt = earliest(decision.wakeAt, next.wakeAt)
        }
        guard allDone else { return decision }
        decision.ending = ending
        if anyRunning { decision.actions = [.stop(gracePeriod: pod.gracePeriod, reason: "ended")] }
        return decision
    }

    private func shouldStart(_ history: ContainerHistory) -> Bool {
        guard let termination = history.termination else { return true }
        return switch pod.spec.restartPolicy {
        case "Never": false
        case "OnFailure": termination.exitCode != 0
        default: true
        }
    }

    private var ending: Ending {
        let failed = pod.spec.containers.contains { (histories[$0.name]?.termination?.exitCode ?? 0) != 0 }
        return failed ? .failed(reason: "", message: "") : .succeeded
    }

    private func starting(_ container: Container, _ history: ContainerHistory, at now: Duration) -> Decision {
        if let retryAt = history.retryAt, retryAt > now { return Decision(wakeAt: retryAt) }
        return Decision(actions: [.start(container: container.name)])
    }

    // MARK: activeDeadlineSeconds

    private func remaining(wall: Timestamp) -> Duration? {
        guard let seconds = pod.spec.activeDeadlineSeconds, let started = pod.status.startTime else { return nil }
        return .seconds(seconds) - (wall - started)
    }

    private func deadlineDecision(wall: Timestamp, now: Duration) -> Decision? {
        guard let remaining = remaining(wall: wall), remaining <= .zero else { return nil }
        let ending = Ending.failed(
            reason: "DeadlineExceeded", message: "the pod ran longer than its activeDeadlineSeconds of \(pod.spec.activeDeadlineSeconds ?? 0)")
        return Decision(actions: anyRunning ? [.stop(gracePeriod: pod.gracePeriod, reason: "deadline")] : [], ending: ending)
    }

    private func withDeadline(_ decision: Decision, wall: Timestamp, now: Duration) -> Decision {
        guard let remaining = remaining(wall: wall) else { return decision }
        var decision = decision
        decision.wakeAt = earliest(decision.wakeAt, now + remaining)
        return decision
    }

    private func earliest(_ a: Duration?, _ b: Duration?) -> Duration? {
        guard let a else { return b }
        return b.map { min(a, $0) } ?? a
    }
}

extension Pod {
    /// The pod's own grace period.
    var gracePeriod: Duration { .seconds(spec.terminationGracePeriodSeconds) }
}
