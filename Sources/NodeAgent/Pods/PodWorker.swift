import APIMachinery
import ContainerRuntime
import Glibc
import JSONCore
import KubeSchemas
import LinuxKernel
import Logging

/// Carries one pod from its binding to its end: decides, does one thing at a time, reports.
///
/// All state is local to `run`; the outside reaches it through `inbox` only.
struct PodWorker: Sendable {
    let inbox: PodInbox
    let context: PodContext

    /// Everything the worker knows; lives in its task.
    struct State: Sendable {
        var pod: Pod
        var histories: [String: ContainerHistory]
        var sandbox: PodSandbox?
        var settled: PodLifecycle.Ending?
        var sandboxBackOff = BackOff()
        /// Monotonic time before which a failed sandbox is not tried again.
        var sandboxRetryAt: Duration?
        /// When what was asked to stop is killed; monotonic.
        var killAt: Duration?
        var stoppingSince: Duration?
        /// The status last accepted by the API server.
        var written: JSONValue?
        var startTime: Timestamp
        var isFinished = false
        var isShuttingDown = false
    }

    /// Works until the pod is gone and everything of it is cleaned up, or the node went down.
    func run(_ initial: State) async {
        var state = initial
        await withDiscardingTaskGroup { group in
            var timer: Duration?
            for await _ in inbox.wakeUps {
                take(into: &state)
                let wakeAt = await work(&state)
                if state.isFinished { break }
                if let wakeAt, timer.map({ wakeAt < $0 || $0 <= context.time.monotonic() }) ?? true {
                    timer = wakeAt
                    let pause = wakeAt - context.time.monotonic()
                    group.addTask {
                        try? await context.time.sleep(for: max(pause, .zero))  // best effort: cancelled when the worker ends
                        inbox.poke()
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func take(into state: inout State) {
        let news = inbox.take()
        if let pod = news.pod, pod.object.uid == state.pod.object.uid { state.pod = pod }
        for exit in news.exits { context.recordExit(exit.id, exit.record, &state) }
        if news.imagesChanged { forgetImageBackOffs(&state) }
        if news.isGone, state.pod.object.deletionTimestamp == nil || state.pod.object.deletionGracePeriodSeconds != 0 {
            // Removed by force: nothing is left to be graceful for.
            state.pod.object.deletionTimestamp = context.time.now()
            state.pod.object.deletionGracePeriodSeconds = 0
        }
        if let grace = news.shutdown { beginShutdown(grace, &state) }
    }

    /// A new image ends the waiting for it at once.
    private func forgetImageBackOffs(_ state: inout State) {
        for (name, history) in state.histories where history.waiting?.reason.contains("Image") == true {
            var history = history
            history.retryAt = nil
            history.backOff.succeeded()
            state.histories[name] = history
        }
    }

    // MARK: Deciding and doing

    /// Takes steps until nothing is left to do now; returns when to look again.
    private func work(_ state: inout State) async -> Duration? {
        if state.isShuttingDown { return await continueShutdown(&state) }
        for _ in 0..<64 {
            let now = context.time.monotonic()
            let decision = lifecycle(state).decide(at: now, wall: context.time.now())
            if let ending = decision.ending { state.settled = ending }
            var didSomething = false
            var wakeAt = decision.wakeAt
            for action in decision.actions {
                switch action {
                case .stop(let grace, let reason):
                    wakeAt = await stop(grace: grace, reason: reason, &state)
                case .finishDeletion:
                    await context.finishDeletion(&state)
                    state.isFinished = true
                    return nil
                default:
                    didSomething = await perform(action, &state) || didSomething
                }
            }
            await context.report(&state)
            if !didSomething { return earliest(wakeAt, retryTime(state)) }
        }
        return context.time.monotonic() + .seconds(1)
    }

    private func lifecycle(_ state: State) -> PodLifecycle {
        PodLifecycle(pod: state.pod, histories: state.histories, hasSandbox: state.sandbox != nil, sandboxRetryAt: state.sandboxRetryAt, settled: state.settled)
    }

    private func perform(_ action: PodLifecycle.Action, _ state: inout State) async -> Bool {
        switch action {
        case .createSandbox: return await context.createSandbox(&state)
        case .start(let name): return await context.start(container: name, &state)
        case .removeSandbox:
            await context.removeSandbox(&state)
            return true
        case .stop, .finishDeletion: return false
        }
    }

    private func retryTime(_ state: State) -> Duration? {
        let now = context.time.monotonic()
        return state.histories.values.compactMap(\.retryAt).filter { $0 > now }.min()
    }

    private func earliest(_ a: Duration?, _ b: Duration?) -> Duration? {
        guard let a else { return b }
        return b.map { min(a, $0) } ?? a
    }

    // MARK: Stopping

    /// Sends the stop signal once, then kills what is left when the grace period is over. Returns when that is.
    private func stop(grace: Duration, reason: String, _ state: inout State) async -> Duration? {
        let now = context.time.monotonic()
        if state.stoppingSince == nil {
            state.stoppingSince = now
            context.eventKilling(state)
            for instance in running(state) { await context.signal(instance, state) }
        }
        let deadline = (state.stoppingSince ?? now) + grace
        state.killAt = min(state.killAt ?? deadline, deadline)
        guard now >= state.killAt ?? deadline else { return state.killAt }
        for instance in running(state) { await context.kill(instance) }
        return now + .seconds(2)
    }

    private func running(_ state: State) -> [String] {
        state.histories.values.compactMap { $0.isRunning ? $0.current?.id : nil }
    }

    // MARK: The node goes down

    private func beginShutdown(_ grace: Duration, _ state: inout State) {
        guard !state.isShuttingDown else { return }
        state.isShuttingDown = true
        state.killAt = context.time.monotonic() + min(grace, state.pod.gracePeriod)
    }

    private func continueShutdown(_ state: inout State) async -> Duration? {
        let left = running(state)
        if left.isEmpty {
            state.isFinished = true
            return nil
        }
        if state.stoppingSince == nil {
            state.stoppingSince = context.time.monotonic()
            for instance in left { await context.signal(instance, state) }
        }
        if let killAt = state.killAt, context.time.monotonic() >= killAt {
            for instance in left { await context.kill(instance) }
            return context.time.monotonic() + .seconds(2)
        }
        return state.killAt
    }
}
