import KubeClient
import LinuxKernel

/// Turns counters of CPU time, or means that a source tells, into what pods use now. By what a pod is known by.
struct UsageSampler {
    private struct Reading {
        var at: Timestamp
        var usage: UsageSample
    }

    private var readings: [String: Reading] = [:]

    /// What pods use since the sample before.
    mutating func take(_ nodes: [NodeStats]) -> [String: PodUsage] {
        var result: [String: PodUsage] = [:]
        var fresh: [String: Reading] = [:]
        for node in nodes {
            for pod in node.pods {
                let reading = Reading(at: node.sampledAt, usage: pod.usage)
                if pod.usage.isMeasured { fresh[pod.identity] = reading }
                let samples = [pod.usage] + pod.containers.map(\.usage)
                let told = pod.usage.cpuRate.map { $0 / 1_000_000 + ($0 % 1_000_000 >= 500_000 ? 1 : 0) }
                let counted = readings[pod.identity].flatMap { Self.milliCPU($0, reading) }
                result[pod.identity] = PodUsage(
                    cpu: pod.usage.isMeasured ? told ?? counted : nil,
                    memory: pod.usage.isMeasured ? pod.usage.workingSet.value : nil,
                    isCPULimitEnforced: samples.allSatisfy(\.isCPULimitEnforced),
                    isMemoryLimitEnforced: samples.allSatisfy(\.isMemoryLimitEnforced), measuredAt: pod.measuredAt)
            }
        }
        readings = fresh
        return result
    }

    private static func milliCPU(_ old: Reading, _ new: Reading) -> Int64? {
        let elapsed = new.at - old.at
        guard elapsed > .zero else { return nil }
        return (new.usage.nanoCPU(since: old.usage, over: elapsed) + 500_000) / 1_000_000
    }
}
