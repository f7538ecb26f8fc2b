import APIMachinery
import ContainerRuntime
import JSONCore
import KubeSchemas
import LinuxKernel
import Logging

extension PodContext {
    /// Gives running containers the resources that their spec names now.
    func applyResize(_ state: inout PodWorker.State) {
        var changes: [(container: Container, change: PodResize.Change)] = []
        for container in state.pod.spec.initContainers + state.pod.spec.containers {
            guard let history = state.histories[container.name], history.isRunning, history.stop == nil, let has = history.resources else { continue }
            let change = PodResize.change(container, has: has)
            if change != .nothing { changes.append((container, change)) }
        }
        guard !changes.isEmpty else {
            state.resize = PodResize()
            return
        }
        switch ledger.resize(state.pod) {
        case .granted: break
        case .refused(let reason, let message):
            state.resize = .pending(reason, message)
            return
        }
        state.resize = PodResize()
        do throws(RuntimeError) {
            try actuate(changes, &state)
        } catch {
            state.resize = .failed(error.message)
            logger.warning("could not resize a pod", metadata: ["pod": "\(state.pod.name)", "error": "\(error.message)"])
        }
    }

    /// Grows the pod before its containers and shrinks it after them. Source: the kubelet's doPodResizeAction.
    private func actuate(_ changes: [(container: Container, change: PodResize.Change)], _ state: inout PodWorker.State) throws(RuntimeError) {
        let pod = state.pod
        let wanted = ResourceLimits(pod: pod)
        if let cgroups {
            for (container, change) in changes where change == .inPlace { try checkUsage(container, state, cgroups) }
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
        var object = state.pod.object
        let containers = state.pod.spec.containers.map { container -> JSONValue in
            var value = container.value
            value["resources"] = state.histories[container.name]?.resources ?? value["resources"]
            return value
        }
        object["spec"]?["containers"] = .array(containers)
        return ResourceLimits(pod: Pod(object))
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
            memoryLimit: larger(memoryLimit, other.memoryLimit))
    }
}
