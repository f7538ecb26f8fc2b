import KubeClient
import LinuxKernel

/// Turns counters of CPU time, or means that a source tells, into what pods and nodes use now. By what a pod is known by.
struct UsageSampler {
    private struct Reading {
        var at: Timestamp
        var usage: UsageSample
    }

    private var readings: [String: Reading] = [:]
    /// What nodes used as of the last sample, known as pods of no namespace are.
    private(set) var nodes: [String: PodUsage] = [:]

    /// What pods use since the sample before.
    mutating func take(_ nodes: [NodeStats]) -> [String: PodUsage] {
        var result: [String: PodUsage] = [:]
        var fresh: [String: Reading] = [:]
        self.nodes = [:]
        for node in nodes {
            for pod in node.pods {
                var use = use(pod.identity, Reading(at: node.sampledAt, usage: pod.usage), &fresh)
                let samples = [pod.usage] + pod.containers.map(\.usage)
                use.isCPULimitEnforced = samples.allSatisfy(\.isCPULimitEnforced)
                use.isMemoryLimitEnforced = samples.allSatisfy(\.isMemoryLimitEnforced)
                use.measuredAt = pod.measuredAt
                result[pod.identity] = use
            }
            guard !node.node.isEmpty else { continue }
            let identity = PodStats.identity(namespace: "", name: node.node)
            self.nodes[identity] = use(identity, Reading(at: node.sampledAt, usage: node.usage), &fresh)
        }
        readings = fresh
        return result
    }

    private func use(_ identity: String, _ reading: Reading, _ fresh: inout [String: Reading]) -> PodUsage {
        let usage = reading.usage
        guard usage.isMeasured else { return PodUsage(cpu: nil, memory: nil) }
        fresh[identity] = reading
        let told = usage.cpuRate.map { $0 / 1_000_000 + ($0 % 1_000_000 >= 500_000 ? 1 : 0) }
        return PodUsage(cpu: told ?? readings[identity].flatMap { Self.milliCPU($0, reading) }, memory: usage.workingSet.value)
    }

    private static func milliCPU(_ old: Reading, _ new: Reading) -> Int64? {
        let elapsed = new.at - old.at
        guard elapsed > .zero else { return nil }
        return (new.usage.nanoCPU(since: old.usage, over: elapsed) + 500_000) / 1_000_000
    }
}
