package import JSONCore
import LinuxKernel

extension NodeStats {
    /// As `/kdash/v1/stats` answers.
    package var value: JSONValue {
        [
            "node": .string(node), "sampledAt": .string(sampledAt.rfc3339Nano), "usage": usage.value,
            "pods": .array(
                pods.map { pod in
                    var value: JSONValue = [
                        "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid), "usage": pod.usage.value,
                        "containers": .array(pod.containers.map { ["name": .string($0.name), "usage": $0.usage.value] }),
                    ]
                    if let network = pod.network { value["network"] = network.value }
                    return value
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
                }, network: TransferSample(pod["network"]))
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
        if let disk { result["disk"] = disk.value }
        if let pressure { result["pressure"] = ["cpu": pressure.cpu.value, "memory": pressure.memory.value, "io": pressure.io.value] }
        if outOfMemoryKills != 0 { result["outOfMemoryKills"] = .integer(outOfMemoryKills) }
        if processes != 0 { result["processes"] = .integer(processes) }
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
        disk = TransferSample(value["disk"])
        if let cpu = PressureSample(value["pressure", "cpu"]), let memory = PressureSample(value["pressure", "memory"]),
            let io = PressureSample(value["pressure", "io"])
        {
            pressure = Pressure(cpu: cpu, memory: memory, io: io)
        }
        outOfMemoryKills = value["outOfMemoryKills"]?.integerValue ?? 0
        processes = value["processes"]?.integerValue ?? 0
    }
}
