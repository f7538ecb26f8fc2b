import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Logging

extension PodContext {
    /// Gives a pod and its running containers the resources that their spec names now, when the node has them.
    func applyResize(_ state: inout PodWorker.State) {
        state.resizeRetryAt = nil
        let containers = state.pod.spec.initContainers + state.pod.spec.containers
        let isNew = containers.contains { PodResize.change($0, has: state.allocated[$0.name] ?? .object([:])) != .nothing }
        if isNew || PodResize.changes(state.pod, has: state.allocated[Pod.whole] ?? .object([:])) {
            let inbox = state.inbox
            switch ledger.resize(state.pod, whenRoom: { [weak inbox] in inbox?.poke() }) {
            case .granted: state.allocated = state.pod.wantedResources
            case .refused(let reason, let message):
                state.resize = .pending(reason, message)
                return
            }
        } else {
            ledger.forgetWish(of: state.pod.uid)
        }
        var changes: [(container: Container, change: PodResize.Change)] = []
        for container in containers {
            guard let history = state.histories[container.name], history.isRunning, history.stop == nil, let has = history.resources else { continue }
            let change = PodResize.change(container, has: has)
            if change != .nothing { changes.append((container, change)) }
        }
        state.resize = PodResize()
        guard !changes.isEmpty || PodResize.changes(state.pod, has: state.ownResources) else { return }
        do throws(RuntimeError) {
            try actuate(changes, &state)
        } catch {
            state.resize = .failed(error.message)
            // What stands against it, most often memory in use, tells nobody when it goes.
            state.resizeRetryAt = time.monotonic() + .seconds(10)
            logger.warning("could not resize a pod", metadata: ["pod": "\(state.pod.name)", "error": "\(error.message)"])
        }
    }

    /// Grows the pod before its containers and shrinks it after them. Source: the kubelet's doPodResizeAction.
    private func actuate(_ changes: [(container: Container, change: PodResize.Change)], _ state: inout PodWorker.State) throws(RuntimeError) {
        let pod = state.pod
        let wanted = ResourceLimits(pod: pod)
        if let cgroups {
            for (container, change) in changes where change == .inPlace { try checkUsage(container, state, cgroups) }
            try checkUsage(wanted, state, cgroups)
            try cgroups.apply(wanted.orLarger(than: limitsInForce(state)), to: placement(of: pod), isContainer: false)
        }
        for (container, change) in changes {
            guard let id = state.histories[container.name]?.current?.id else { continue }
            if change == .restart {
                state.histories[container.name]?.stop = ContainerStop(
                    grace: pod.gracePeriod, hasHook: container.lifecycle.preStop != nil, isOrdered: false, now: time.monotonic())
                state.histories[container.name]?.backOff.succeeded()
                events.record(
                    .normal, reason: "Killing", "Container \(container.name) resize requires restart", about: pod.object,
                    fieldPath: pod.fieldPath(ofContainer: container.name))
                state.inbox.poke()
                continue
            }
            if let cgroups { try cgroups.apply(ResourceLimits(container), to: placement(of: id, pod), isContainer: true) }
            state.histories[container.name]?.resources = container.value["resources"] ?? .object([:])
        }
        if let cgroups { try cgroups.apply(wanted, to: placement(of: pod), isContainer: false) }
        state.ownResources = pod.ownResources
    }

    /// The same for the limit of the pod as a whole.
    private func checkUsage(_ wanted: ResourceLimits, _ state: PodWorker.State, _ cgroups: CgroupTree) throws(RuntimeError) {
        guard PodResize.changes(state.pod, has: state.ownResources), let limit = wanted.memoryLimit,
            limitsInForce(state).memoryLimit.map({ limit < $0 }) ?? true,
            let usage = cgroups.usage(of: placement(of: state.pod)), usage.workingSet >= limit
        else { return }
        throw RuntimeError(.invalid, "attempting to set pod memory limit (\(limit.value)) below current usage (\(usage.workingSet.value))")
    }

    /// A memory limit below what is in use would kill: refused until less is used.
    private func checkUsage(_ container: Container, _ state: PodWorker.State, _ cgroups: CgroupTree) throws(RuntimeError) {
        guard let id = state.histories[container.name]?.current?.id, let limit = ResourceLimits(container).memoryLimit,
            let usage = cgroups.usage(of: placement(of: id, state.pod)), usage.workingSet >= limit
        else { return }
        throw RuntimeError(
            .invalid, "attempting to set pod memory limit (\(limit.value)) below current usage (\(usage.workingSet.value)) of container \(container.name)")
    }

    private func limitsInForce(_ state: PodWorker.State) -> ResourceLimits {
        let inForce = state.histories.compactMapValues(\.resources).merging([Pod.whole: state.ownResources]) { container, _ in container }
        return ResourceLimits(pod: state.pod.withResources(inForce))
    }
}

extension ResourceLimits {
    /// For each value the larger of both; no limit is larger than any.
    fileprivate func orLarger(than other: ResourceLimits) -> ResourceLimits {
        func larger<T: Comparable>(_ a: T?, _ b: T?) -> T? {
            guard let a, let b else { return nil }
            return max(a, b)
        }
        return ResourceLimits(
            cpuRequest: larger(cpuRequest, other.cpuRequest) ?? cpuRequest ?? other.cpuRequest, cpuLimit: larger(cpuLimit, other.cpuLimit),
            memoryRequest: larger(memoryRequest, other.memoryRequest) ?? memoryRequest ?? other.memoryRequest,
            memoryLimit: larger(memoryLimit, other.memoryLimit), hugePages: hugePages.merging(other.hugePages) { max($0, $1) })
    }
}
