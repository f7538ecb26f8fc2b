import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Logging

/// Carries one pod from its binding to its end: decides, does one thing at a time, reports.
///
/// All state is local to `run`; the outside reaches it through `inbox` only. Probes and hooks run beside it and answer into the inbox.
struct PodWorker: Sendable {
    let inbox: PodInbox
    let context: PodContext

    /// Everything the worker knows; lives in its task.
    struct State: Sendable {
        let inbox: PodInbox
        var pod: Pod
        var histories: [String: ContainerHistory]
        var volumes = PodVolumes()
        var storage = StorageWatch()
        var volumeProgress = PodLifecycle.VolumeProgress.wanted
        /// Something that the files of volumes are made from has changed.
        var volumesAreStale = false
        var sandbox: PodSandbox?
        /// The supervisor holds namespaces that are not used again (``PodRecovery/keepsSandbox(of:records:)``); they go before anything else.
        var hasHalfMadeSandbox = false
        var settled: PodLifecycle.Ending?
        var sandboxBackOff = BackOff()
        /// Monotonic time before which a failed sandbox is not tried again.
        var sandboxRetryAt: Duration?
        /// Monotonic time at which the API server is told again that the pod may go.
        var deletionRetryAt: Duration?
        var resize = PodResize()
        /// The resources that the node has granted to each container; what a spec asks for since is only a wish.
        var allocated: [String: JSONValue]
        /// The pod's own resources, beside its containers', as its cgroup has them.
        var ownResources: JSONValue
        /// Monotonic time at which a resize that could not be carried out is tried again.
        var resizeRetryAt: Duration?
        /// The status last accepted by the API server.
        var written: JSONValue?
        var startTime: Timestamp
        /// The pod ends because the node ends it: at once, and with a condition that says so.
        var isEvicted = false
        var isFinished = false
        var isShuttingDown = false
        /// Work to run beside the worker: probes and hooks.
        var jobs: [@Sendable () async -> Void] = []
    }

    /// Works until the pod is gone and everything of it is cleaned up, or the node went down.
    func run(_ initial: State) async {
        var state = initial
        if state.hasHalfMadeSandbox { await context.removeSandbox(&state) }
        await withDiscardingTaskGroup { group in
            var timers: [Duration] = []
            for await _ in inbox.wakeUps {
                take(into: &state)
                let wakeAt = await work(&state)
                for job in state.jobs { group.addTask { await job() } }
                state.jobs = []
                if state.isFinished { break }
                let now = context.time.monotonic()
                timers.removeAll { $0 <= now }
                guard let wakeAt, !timers.contains(where: { $0 <= wakeAt }) else { continue }
                timers.append(max(wakeAt, now))
                group.addTask {
                    try? await context.time.sleep(for: max(wakeAt - now, .zero))  // best effort: cancelled when the worker ends
                    inbox.poke()
                }
            }
            group.cancelAll()
        }
    }

    private func take(into state: inout State) {
        let news = inbox.take()
        if let pod = news.pod, pod.uid == state.pod.uid { replace(with: pod, &state) }
        for exit in news.exits { context.recordExit(exit.id, exit.record, &state) }
        for result in news.probes { context.recordProbe(result, &state) }
        for result in news.hooks { context.recordHook(result, &state) }
        if news.imagesChanged {
            forgetBackOffs(&state) { $0.contains("Image") }
            if case .failed = state.volumeProgress { state.volumeProgress = .wanted }
        }
        if news.objectsChanged {
            state.volumesAreStale = true
            if case .failed = state.volumeProgress { state.volumeProgress = .wanted }
            forgetBackOffs(&state) { $0 == "CreateContainerConfigError" }
        }
        if let took = news.storageCounted { state.storage.end(at: context.time.monotonic(), took: took) }
        if let message = news.eviction { context.evict(message, &state) }
        if news.isGone, state.pod.object.deletionTimestamp == nil || state.pod.object.deletionGracePeriodSeconds != 0 {
            // Removed by force: nothing is left to be graceful for.
            state.pod.object.deletionTimestamp = context.time.now()
            state.pod.object.deletionGracePeriodSeconds = 0
        }
        if let grace = news.shutdown { beginShutdown(grace, &state) }
    }

    /// Our own status comes back as well: only what others change is news.
    private func replace(with pod: Pod, _ state: inout State) {
        let old = state.pod
        state.pod = pod
        let hasNewSpec = old.object.generation != pod.object.generation
        guard hasNewSpec || old.labels != pod.labels || old.object.annotations != pod.object.annotations else { return }
        state.volumesAreStale = true
        forgetBackOffs(&state) { $0 == "CreateContainerConfigError" }
        if hasNewSpec {
            forgetBackOffs(&state) { $0.contains("Image") }
            if case .failed = state.volumeProgress { state.volumeProgress = .wanted }
        }
    }

    /// What was waited for may have come: tried again at once.
    private func forgetBackOffs(_ state: inout State, where matches: (String) -> Bool) {
        for (name, history) in state.histories where history.waiting.map({ matches($0.reason) }) ?? false {
            var history = history
            history.retryAt = nil
            history.backOff.succeeded()
            state.histories[name] = history
        }
    }

    // MARK: Deciding and doing

    /// Takes steps until nothing is left to do now; returns when to look again.
    private func work(_ state: inout State) async -> Duration? {
        for _ in 0..<64 {
            if state.isShuttingDown { return await continueShutdown(&state) }
            let now = context.time.monotonic()
            let decision = lifecycle(state).decide(at: now, wall: context.time.now())
            if let ending = decision.ending { state.settled = ending }
            var didSomething = false
            for action in decision.actions { didSomething = await perform(action, &state) || didSomething }
            if state.isFinished { return nil }
            await advanceStops(&state)
            startProbes(&state)
            if didSomething { continue }
            await bringUpToDate(&state)
            // Written once per round of work, not per step: a write costs a round trip and a flush of the disk.
            let isReported = await context.report(&state)
            let wakeAt = earliest(decision.wakeAt, ownWakeAt(state))
            return isReported ? wakeAt : earliest(wakeAt, context.time.monotonic() + .seconds(1))
        }
        await context.report(&state)
        return context.time.monotonic() + .seconds(1)
    }

    private func lifecycle(_ state: State) -> PodLifecycle {
        PodLifecycle(
            pod: state.pod, histories: state.histories, volumes: state.volumeProgress, hasSandbox: state.sandbox != nil,
            sandboxRetryAt: state.sandboxRetryAt, startTime: state.startTime, settled: state.settled, isEvicted: state.isEvicted)
    }

    /// True when deciding again makes sense.
    private func perform(_ action: PodLifecycle.Action, _ state: inout State) async -> Bool {
        switch action {
        case .mountVolumes:
            await context.mountVolumes(&state)
            return true
        case .createSandbox: return await context.createSandbox(&state)
        case .start(let name): return await context.start(container: name, &state)
        case .stop(let name, let grace, let reason):
            stop(name, grace: grace, reason: reason, &state)
            return false
        case .removeSandbox:
            await context.removeSandbox(&state)
            return true
        case .finishDeletion:
            state.isFinished = await context.finishDeletion(&state)
            if !state.isFinished { state.deletionRetryAt = context.time.monotonic() + .seconds(1) }
            return false
        }
    }

    /// What changes while containers run: files of volumes, tokens, resources.
    private func bringUpToDate(_ state: inout State) async {
        guard state.settled == nil, state.pod.object.deletionTimestamp == nil else { return }
        if case .mounted = state.volumeProgress {
            let isTokenDue = state.volumes.refreshAt.map { $0 <= context.time.now() } ?? false
            if state.volumesAreStale || isTokenDue {
                state.volumesAreStale = false
                await context.refreshVolumes(&state)
            }
        }
        context.applyResize(&state)
        context.watchStorage(&state)
    }

    /// When stops, probes and tokens want to be looked at.
    private func ownWakeAt(_ state: State) -> Duration? {
        var wakeAt = earliest(state.deletionRetryAt, state.settled == nil ? earliest(state.storage.dueAt, state.resizeRetryAt) : nil)
        for history in state.histories.values where history.isRunning {
            wakeAt = earliest(wakeAt, history.stop?.wakeAt)
            wakeAt = earliest(wakeAt, history.probes?.wakeAt(isStopping: history.stop != nil))
        }
        if let refreshAt = state.volumes.refreshAt, state.settled == nil {
            wakeAt = earliest(wakeAt, context.time.monotonic() + max(refreshAt - context.time.now(), .milliseconds(100)))
        }
        return wakeAt
    }

    // MARK: Probes

    private func startProbes(_ state: inout State) {
        let now = context.time.monotonic()
        for container in state.pod.allContainers {
            guard var history = state.histories[container.name], history.isRunning, !history.isInPostStart else { continue }
            let isStopping = history.stop != nil || state.pod.object.deletionTimestamp != nil
            guard let due = history.probes?.begin(at: now, isStopping: isStopping), !due.isEmpty, let current = history.current else { continue }
            state.histories[container.name] = history
            let target = context.target(container, state)
            for probe in due {
                state.jobs.append { [context, inbox] in
                    let outcome = await ActionRunner(context: context).probe(probe.probe, target)
                    inbox.put {
                        $0.probes.append(.init(container: container.name, instance: current.id, kind: probe.kind, outcome: outcome))
                    }
                }
            }
        }
    }

    // MARK: Stopping

    /// Begins to stop a container, or shortens the time it has.
    private func stop(_ name: String, grace: Duration, reason: PodLifecycle.StopReason, _ state: inout State) {
        guard var history = state.histories[name], history.isRunning else { return }
        let now = context.time.monotonic()
        if history.stop == nil {
            let hasHook = state.pod.allContainers.first { $0.name == name }?.lifecycle.preStop != nil
            history.stop = ContainerStop(grace: grace, hasHook: hasHook, isOrdered: reason == .pod, now: now)
            context.eventKilling(name, reason, state.pod)
        } else {
            history.stop?.tighten(grace: grace, now: now)
        }
        state.histories[name] = history
    }

    private func advanceStops(_ state: inout State) async {
        let lifecycle = lifecycle(state)
        let now = context.time.monotonic()
        for (name, history) in state.histories where history.isRunning && history.stop != nil {
            var history = history
            guard let id = history.current?.id else { continue }
            switch history.stop?.step(isItsTurn: lifecycle.isTurn(of: name), now: now) {
            case .runHook(let timeout): context.runPreStop(name, timeout: timeout, &state)
            case .signal: await context.signal(id, history.stopSignal)
            case .kill: await context.kill(id)
            case nil: continue
            }
            state.histories[name]?.stop = history.stop
        }
    }

    // MARK: The node goes down

    private func beginShutdown(_ grace: Duration, _ state: inout State) {
        guard !state.isShuttingDown else { return }
        state.isShuttingDown = true
        for (name, history) in state.histories where history.isRunning {
            state.histories[name]?.isGoingDown = state.pod.object.deletionTimestamp == nil && state.pod.role(of: name) != .ephemeral
            stop(name, grace: min(grace, state.pod.gracePeriod), reason: .pod, &state)
        }
    }

    private func continueShutdown(_ state: inout State) async -> Duration? {
        guard state.histories.values.contains(where: \.isRunning) else {
            if state.settled == nil, state.pod.spec.restartPolicy == "Never",
                (state.pod.spec.initContainers + state.pod.spec.containers).contains(where: { state.histories[$0.name]?.isInterrupted ?? false })
            {
                state.settled = PodLifecycle.Ending.nodeShutdown
            }
            await context.report(&state)  // Once: when this does not arrive, the next start finds the containers gone.
            state.isFinished = true
            return nil
        }
        await advanceStops(&state)
        return ownWakeAt(state)
    }
}
