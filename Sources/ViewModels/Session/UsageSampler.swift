import KubeClient
import LinuxKernel

/// Turns counters of CPU time into what pods use now.
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
                if pod.usage.isMeasured { fresh[pod.uid] = reading }
                let samples = [pod.usage] + pod.containers.map(\.usage)
                result[pod.uid] = PodUsage(
                    cpu: !pod.usage.isMeasured ? nil : readings[pod.uid].flatMap { Self.milliCPU($0, reading) },
                    memory: pod.usage.isMeasured ? pod.usage.workingSet.value : nil,
                    isCPULimitEnforced: samples.allSatisfy(\.isCPULimitEnforced),
                    isMemoryLimitEnforced: samples.allSatisfy(\.isMemoryLimitEnforced))
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
