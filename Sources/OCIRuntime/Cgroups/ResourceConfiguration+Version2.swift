internal import ContainerRuntime

extension ResourceConfiguration {
    /// What is written to the files of a cgroup of v2. Throws where v2 cannot do what was asked. Sources: crun's and runc's conversions.
    func version2() throws(OCIError) -> [CgroupFile] {
        var files = try memory2() + processor2()
        if let processLimit, processLimit != 0 { files.append(CgroupFile(name: "pids.max", value: processLimit < 0 ? "max" : "\(processLimit)")) }
        if let cpus, !cpus.isEmpty { files.append(CgroupFile(name: "cpuset.cpus", value: cpus)) }
        if let memoryNodes, !memoryNodes.isEmpty { files.append(CgroupFile(name: "cpuset.mems", value: memoryNodes)) }
        files += block2
        files += hugePageFiles("max")
        files += rdmaFiles
        // Last, so that what is said in v2's own words wins.
        files += unified.map { CgroupFile(name: $0.key, value: $0.value) }
        return files
    }

    private static func bytes(_ value: Int64) -> String { value < 0 ? "max" : "\(value)" }

    private func memory2() throws(OCIError) -> [CgroupFile] {
        var files: [CgroupFile] = []
        if let swap = memorySwap, swap != 0 {
            if swap < 0 {
                files.append(CgroupFile(name: "memory.swap.max", value: "max", isOptional: true))
            } else {
                guard let limit = memoryLimit, limit > 0 else {
                    throw OCIError(.invalidConfiguration, "config.json: linux.resources.memory.swap is \(swap), which on cgroup v2 needs memory.limit, too")
                }
                guard swap >= limit else {
                    throw OCIError(
                        .invalidConfiguration,
                        "config.json: linux.resources.memory.swap (\(swap)) is memory and swap together, and less than memory.limit (\(limit))")
                }
                // The kernel counts swap by itself. One without swap has no such file, and nothing to forbid.
                files.append(CgroupFile(name: "memory.swap.max", value: "\(swap - limit)", isOptional: swap == limit))
            }
        }
        if let memoryLimit, memoryLimit != 0 { files.append(CgroupFile(name: "memory.max", value: Self.bytes(memoryLimit))) }
        if let memoryReservation, memoryReservation != 0 { files.append(CgroupFile(name: "memory.low", value: Self.bytes(memoryReservation))) }
        return files
    }

    private func processor2() -> [CgroupFile] {
        var files: [CgroupFile] = []
        if cpuIdle == 1 { files.append(CgroupFile(name: "cpu.idle", value: "1")) }
        if let shares = cpuShares, shares > 0, cpuIdle != 1 {
            files.append(CgroupFile(name: "cpu.weight", value: "\(CPUValues.weight(shares: Int64(clamping: shares)))"))
        }
        if (cpuQuota ?? 0) != 0 || (cpuPeriod ?? 0) != 0 {
            let quota = (cpuQuota ?? 0) > 0 ? "\(cpuQuota ?? 0)" : "max"
            files.append(CgroupFile(name: "cpu.max", value: "\(quota) \((cpuPeriod ?? 0) > 0 ? cpuPeriod ?? 0 : 100_000)"))
        }
        if let cpuBurst { files.append(CgroupFile(name: "cpu.max.burst", value: "\(cpuBurst)", isOptional: cpuBurst == 0)) }
        return files
    }

    private var block2: [CgroupFile] {
        var files: [CgroupFile] = []
        if let weight = blockWeight, weight > 0 {
            // 10 … 1000 become 1 … 10000. BFQ keeps the old numbers.
            files.append(CgroupFile(name: "io.bfq.weight", value: "\(weight)", isOptional: true))
            files.append(CgroupFile(name: "io.weight", value: "default \(Self.weight2(weight))", isOptional: true))
        }
        for one in blockWeights {
            if let weight = one.weight { files.append(CgroupFile(name: "io.bfq.weight", value: "\(one.major):\(one.minor) \(weight)")) }
        }
        func limits(_ key: String, _ values: [DeviceValue]) -> [CgroupFile] {
            values.map { CgroupFile(name: "io.max", value: "\($0.major):\($0.minor) \(key)=\($0.value == 0 ? "max" : "\($0.value)")") }
        }
        return files + limits("rbps", readBytes) + limits("wbps", writeBytes) + limits("riops", readOperations) + limits("wiops", writeOperations)
    }

    static func weight2(_ weight: UInt64) -> UInt64 { weight <= 10 ? 1 : min(1 + (weight - 10) * 9999 / 990, 10_000) }
}
