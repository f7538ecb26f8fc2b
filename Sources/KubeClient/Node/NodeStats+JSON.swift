package import JSONCore
import LinuxKernel

extension NodeStats {
    /// As `/kdash/v1/stats` answers.
    package var value: JSONValue {
        [
            "node": .string(node), "sampledAt": .string(sampledAt.rfc3339Nano), "usage": usage.value,
            "pods": .array(
                pods.map { pod in
                    [
                        "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid), "usage": pod.usage.value,
                        "containers": .array(pod.containers.map { ["name": .string($0.name), "usage": $0.usage.value] }),
                    ]
                }),
        ]
    }

    /// Reads what ``value`` wrote; nil when it has no node name and time.
    package init?(_ value: JSONValue) {
        guard let node = value["node"]?.stringValue, let time = value["sampledAt"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else {
            return nil
        }
        let pods = (value["pods"]?.arrayValue ?? []).map { pod in
            PodStats(
                namespace: pod["namespace"]?.stringValue ?? "", name: pod["name"]?.stringValue ?? "", uid: pod["uid"]?.stringValue ?? "",
                usage: UsageSample(pod["usage"] ?? .null),
                containers: (pod["containers"]?.arrayValue ?? []).map {
                    ContainerStats(name: $0["name"]?.stringValue ?? "", usage: UsageSample($0["usage"] ?? .null))
                })
        }
        self.init(node: node, sampledAt: time, usage: UsageSample(value["usage"] ?? .null), pods: pods)
    }
}

extension UsageSample {
    var value: JSONValue {
        var result: JSONObject = [
            "cpuNanoseconds": .integer(cpuNanoseconds), "throttledNanoseconds": .integer(throttledNanoseconds),
            "workingSetBytes": .integer(workingSet.value), "cpuLimitEnforced": .bool(isCPULimitEnforced),
            "memoryLimitEnforced": .bool(isMemoryLimitEnforced), "measured": .bool(isMeasured),
        ]
        if let cpuLimit { result["cpuLimitMilli"] = .integer(cpuLimit.value) }
        if let memoryLimit { result["memoryLimitBytes"] = .integer(memoryLimit.value) }
        return .object(result)
    }

    init(_ value: JSONValue) {
        self.init(
            cpuNanoseconds: value["cpuNanoseconds"]?.integerValue ?? 0,
            throttledNanoseconds: value["throttledNanoseconds"]?.integerValue ?? 0,
            workingSet: ByteCount(value["workingSetBytes"]?.integerValue ?? 0),
            cpuLimit: value["cpuLimitMilli"]?.integerValue.map { MilliCPU($0) },
            memoryLimit: value["memoryLimitBytes"]?.integerValue.map { ByteCount($0) },
            isCPULimitEnforced: value["cpuLimitEnforced"]?.boolValue ?? true,
            isMemoryLimitEnforced: value["memoryLimitEnforced"]?.boolValue ?? true, isMeasured: value["measured"]?.boolValue ?? true)
    }
}
