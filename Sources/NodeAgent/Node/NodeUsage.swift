import APIMachinery
import ContainerRuntime
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// Reads what the node's pods use, now.
struct NodeUsage: Sendable {
    let agent: NodeAgent

    func sample() -> NodeStats {
        let context = agent.context
        var pods: [PodStats] = []
        for object in agent.pods.all() {
            let pod = Pod(object)
            guard !pod.isTerminated else { continue }
            let containers = pod.allContainers.compactMap { container in stats(container, pod) }
            guard !containers.isEmpty else { continue }
            var total = UsageSample()
            for one in containers {
                total.cpuNanoseconds += one.usage.cpuNanoseconds
                total.throttledNanoseconds += one.usage.throttledNanoseconds
                total.workingSet += one.usage.workingSet
                if let memory = one.usage.memory { total.memory = (total.memory ?? MemorySample()) + memory }
                if let disk = one.usage.disk { total.disk = (total.disk ?? TransferSample()) + disk }
                total.outOfMemoryKills += one.usage.outOfMemoryKills
                total.processes += one.usage.processes
            }
            total.isCPULimitEnforced = containers.allSatisfy(\.usage.isCPULimitEnforced)
            total.isMemoryLimitEnforced = containers.allSatisfy(\.usage.isMemoryLimitEnforced)
            total.isMeasured = containers.allSatisfy(\.usage.isMeasured)
            if containers.contains(where: { $0.usage.pressure != nil }) {
                total.pressure = context.cgroups?.usage(of: context.placement(of: pod))?.pressure.map(UsageSample.Pressure.init)
            }
            var entry = PodStats(
                namespace: pod.namespace ?? "default", name: pod.name, uid: pod.uid, usage: total, containers: containers,
                network: network(of: pod, containers))
            entry.startedAt = pod.status.startTime
            pods.append(entry)
        }
        var node = UsageSample()
        if let usage = context.cgroups?.nodeUsage() {
            node.cpuNanoseconds = usage.cpu.nanoseconds
            node.workingSet = usage.workingSet
            node.take(usage)
        } else {
            node.isMeasured = false
        }
        var whole = NodeStats(node: context.nodeName, sampledAt: context.time.now(), usage: node, pods: pods)
        whole.totalMemory = context.capacity.memory
        // best effort: then nothing is said of it
        whole.space = (try? FileSystemSpace(at: context.paths.data)).map {
            SpaceSample(capacity: $0.total, available: $0.available, availableFiles: Int64(clamping: $0.availableFiles))
        }
        return whole
    }

    private func network(of pod: Pod, _ containers: [ContainerStats]) -> TransferSample? {
        let ids = containers.compactMap { container in
            agent.running.attempt(podUID: pod.uid, container: container.name).map {
                ContainerID(podUID: pod.uid, container: container.name, attempt: $0).string
            }
        }
        return PodTraffic.read(pod, ids, agent.context)
    }

    private func stats(_ container: Container, _ pod: Pod) -> ContainerStats? {
        let context = agent.context
        guard let attempt = agent.running.attempt(podUID: pod.uid, container: container.name) else { return nil }
        let limits = ResourceLimits(container)
        var sample = UsageSample(cpuLimit: limits.cpuLimit, memoryLimit: limits.memoryLimit)
        guard let cgroups = context.cgroups else {
            // Nothing holds it and nothing counts for it, which whoever shows limits must know.
            (sample.isCPULimitEnforced, sample.isMemoryLimitEnforced, sample.isMeasured) = (false, false, false)
            return ContainerStats(name: container.name, usage: sample)
        }
        let id = ContainerID(podUID: pod.uid, container: container.name, attempt: attempt).string
        guard let usage = cgroups.usage(of: context.placement(of: id, pod)) else { return nil }
        sample.cpuNanoseconds = usage.cpu.nanoseconds
        sample.throttledNanoseconds = usage.throttledTime.nanoseconds
        sample.workingSet = usage.workingSet
        sample.take(usage)
        sample.isCPULimitEnforced = cgroups.enforcement.cpu == .enforced
        sample.isMemoryLimitEnforced = cgroups.enforcement.memory == .enforced
        var stats = ContainerStats(name: container.name, usage: sample)
        let state = pod.containerStatus(container.name)?["state"]?["running"]?["startedAt"]
        stats.startedAt = state?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        return stats
    }
}

extension UsageSample {
    /// What the cgroup says beside processors and memory.
    fileprivate mutating func take(_ usage: CgroupUsage) {
        memory = MemorySample(
            used: usage.memory, resident: usage.residentMemory, faults: usage.pageFaults, majorFaults: usage.majorPageFaults)
        disk = usage.disk.map { TransferSample(received: $0.read.value, sent: $0.written.value) }
        pressure = usage.pressure.map(Pressure.init)
        outOfMemoryKills = Int64(clamping: usage.outOfMemoryKills)
        processes = Int64(usage.processes)
    }
}

extension UsageSample.Pressure {
    fileprivate init(_ pressure: CgroupPressure) {
        func sample(_ stall: Stall) -> PressureSample {
            func line(_ line: Stall.Line) -> PressureSample.Line { PressureSample.Line(nanoseconds: line.total.nanoseconds, averages: line.averages) }
            return PressureSample(some: line(stall.some), full: line(stall.full))
        }
        self.init(cpu: sample(pressure.cpu), memory: sample(pressure.memory), io: sample(pressure.io))
    }
}

extension Duration {
    /// Whole nanoseconds; saturates after 292 years.
    var nanoseconds: Int64 {
        let (product, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product + components.attoseconds / 1_000_000_000
    }
}
