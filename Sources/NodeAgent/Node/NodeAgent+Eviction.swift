import APIMachinery
import ContainerRuntime
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import Synchronization

extension NodeAgent {
    /// Looks at what is left of the machine, tells when that changes what the node's conditions say, and ends one pod when something is short.
    /// Called as often as the lease is renewed, which is as often as the kubelet looks.
    func watchPressure(_ registration: NodeRegistration) async {
        let data = configuration.paths.data
        let used = configuration.capacity.isPart ? cgroups?.nodeUsage()?.workingSet : nil
        let reading = await KernelThread.run("kdash-pressure") { [capacity = configuration.capacity] in
            NodePressure.Reading(data: data).bounded(by: capacity.memory, used: used)
        }
        let (short, now, thresholds) = pressure.withLock { pressure in
            let short = pressure.observe(reading, at: context.time.monotonic())
            return (short, pressure.pressures, pressure)
        }
        let told = toldPressures.withLock { $0 }
        if told != now {
            context.logger.warning("what the node is short of has changed", metadata: ["reason": "\(now.map(\.condition).sorted().joined(separator: " "))"])
            // What the server did not take is told again at the next look.
            if await registration.tell(pressures: now, changed: told.symmetricDifference(now), at: context.time.now()) {
                toldPressures.withLock { $0 = now }
            }
        }
        await collectImages(reading)
        guard let resource = short.first else { return }
        // What nobody uses goes first.
        if resource == .disk {
            if await removeKeptLogs() { return }
            if await removeEndedRoots() { return }
            if await removeUnusedImages() { return }
        }
        guard let chosen = EvictionCandidate.first(of: await candidates(resource)) else { return }
        let message = chosen.message(resource, threshold: thresholds.threshold(resource, of: reading), available: thresholds.amount(resource, of: reading))
        tell(chosen.uid) { $0.eviction = message }
    }

    private func candidates(_ resource: NodePressure.Resource) async -> [EvictionCandidate] {
        let pods = pods.all().map { Pod($0) }.filter { !$0.isTerminated && $0.object.deletionTimestamp == nil && !$0.isCritical }
        return switch resource {
        case .memory: pods.compactMap(memoryUse)
        case .disk: await diskUse(of: pods)
        case .processes: pods.compactMap(processes)
        }
    }

    /// Nobody asks for processes: the least important pod goes first, and of those the one that has most. Source: rankPIDPressure.
    private func processes(_ pod: Pod) -> EvictionCandidate? {
        guard let usage = context.cgroups?.usage(of: context.placement(of: pod)), usage.processes > 0 else { return nil }
        return EvictionCandidate(uid: pod.uid, priority: pod.spec.priority, usage: Int64(usage.processes), request: 0)
    }

    private func memoryUse(_ pod: Pod) -> EvictionCandidate? {
        guard let usage = context.cgroups?.usage(of: context.placement(of: pod)) else { return nil }
        let excesses = pod.allContainers.compactMap { container -> EvictionCandidate.Excess? in
            guard let attempt = running.attempt(podUID: pod.uid, container: container.name) else { return nil }
            let id = ContainerID(podUID: pod.uid, container: container.name, attempt: attempt).string
            let request = ResourceLimits(container).memoryRequest ?? .zero
            guard let used = context.cgroups?.usage(of: context.placement(of: id, pod))?.workingSet, used > request else { return nil }
            return .init(container: container.name, usage: used.value, request: request.value)
        }
        return EvictionCandidate(
            uid: pod.uid, priority: pod.spec.priority, usage: usage.workingSet.value, request: PodResources(pod.spec).memoryRequest.value,
            excesses: excesses)
    }

    /// Writable layers, volumes and logs, counted only while the disk is short.
    private func diskUse(of pods: [Pod]) async -> [EvictionCandidate] {
        let context = context
        return await KernelThread.run("kdash-usage") {
            pods.map { pod in
                let request = PodResources(pod.spec).requests["ephemeral-storage"]?.value ?? 0
                return EvictionCandidate(uid: pod.uid, priority: pod.spec.priority, usage: context.count(pod).total.size.value, request: request)
            }
        }
    }
}
