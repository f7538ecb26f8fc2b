import APIMachinery
import ContainerRuntime
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
            }
            total.isCPULimitEnforced = containers.allSatisfy(\.usage.isCPULimitEnforced)
            total.isMemoryLimitEnforced = containers.allSatisfy(\.usage.isMemoryLimitEnforced)
            total.isMeasured = containers.allSatisfy(\.usage.isMeasured)
            pods.append(PodStats(namespace: pod.namespace ?? "default", name: pod.name, uid: pod.uid, usage: total, containers: containers))
        }
        var node = UsageSample()
        if let usage = context.cgroups?.nodeUsage() {
            node.cpuNanoseconds = usage.cpu.nanoseconds
            node.workingSet = usage.workingSet
        } else {
            node.isMeasured = false
        }
        return NodeStats(node: context.nodeName, sampledAt: context.time.now(), usage: node, pods: pods)
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
        sample.isCPULimitEnforced = cgroups.enforcement.cpu == .enforced
        sample.isMemoryLimitEnforced = cgroups.enforcement.memory == .enforced
        return ContainerStats(name: container.name, usage: sample)
    }
}

extension Duration {
    /// Whole nanoseconds; saturates after 292 years.
    var nanoseconds: Int64 {
        let (product, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product + components.attoseconds / 1_000_000_000
    }
}
