import KubeClient
import LinuxKernel

/// Turns counters of CPU time into what pods use now.
struct UsageSampler {
    private struct Reading {
        var at: Timestamp
        var cpuNanoseconds: Int64
    }

    private var readings: [String: Reading] = [:]

    /// What pods use since the sample before.
    mutating func take(_ nodes: [NodeStats]) -> [String: PodUsage] {
        var result: [String: PodUsage] = [:]
        var fresh: [String: Reading] = [:]
        for node in nodes {
            for pod in node.pods {
                let reading = Reading(at: node.sampledAt, cpuNanoseconds: pod.usage.cpuNanoseconds)
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
        let (seconds, attoseconds) = (new.at - old.at).components
        let elapsed = Double(seconds) * 1e9 + Double(attoseconds) / 1e9
        // A counter that went back belongs to a new cgroup.
        guard elapsed > 0, new.cpuNanoseconds >= old.cpuNanoseconds else { return nil }
        return Int64(exactly: (Double(new.cpuNanoseconds - old.cpuNanoseconds) / elapsed * 1000).rounded())
    }
}
