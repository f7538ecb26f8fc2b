extension ResourceConfiguration {
    /// What is written to the hierarchy that has `controller`, in this order. Source: config-linux.md of the runtime-spec.
    func version1(_ controller: String) -> [CgroupFile] {
        switch controller {
        case "memory": memory1
        case "cpu": processor1
        case "cpuset": [cpus.flatMap { Self.text("cpuset.cpus", $0) }, memoryNodes.flatMap { Self.text("cpuset.mems", $0) }].compactMap { $0 }
        case "pids": processLimit.flatMap { $0 == 0 ? nil : [CgroupFile(name: "pids.max", value: $0 < 0 ? "max" : "\($0)")] } ?? []
        case "blkio": block1
        case "hugetlb": hugePageFiles("limit_in_bytes")
        case "net_cls": networkClass.map { [CgroupFile(name: "net_cls.classid", value: "\($0)")] } ?? []
        case "net_prio": networkPriorities.map { CgroupFile(name: "net_prio.ifpriomap", value: "\($0.name) \($0.priority)") }
        case "devices":
            devices.flatMap(\.ofOneType).map { CgroupFile(name: $0.isAllowed ? "devices.allow" : "devices.deny", value: $0.version1) }
        case "rdma": rdmaFiles
        default: []
        }
    }

    private static func text(_ name: String, _ value: String) -> CgroupFile? { value.isEmpty ? nil : CgroupFile(name: name, value: value) }

    private var memory1: [CgroupFile] {
        var files: [CgroupFile] = []
        // Kernels take the bound of memory first, unless it grows above the one of both; the writer tries the other order then.
        if let memoryLimit, memoryLimit != 0 { files.append(CgroupFile(name: "memory.limit_in_bytes", value: "\(memoryLimit)")) }
        if let memorySwap, memorySwap != 0 { files.append(CgroupFile(name: "memory.memsw.limit_in_bytes", value: "\(memorySwap)")) }
        if let memoryReservation, memoryReservation != 0 { files.append(CgroupFile(name: "memory.soft_limit_in_bytes", value: "\(memoryReservation)")) }
        // Gone from kernels since 6.1, which count it as memory.
        if let kernelMemory { files.append(CgroupFile(name: "memory.kmem.limit_in_bytes", value: "\(kernelMemory)", isOptional: true)) }
        if let kernelTCPMemory { files.append(CgroupFile(name: "memory.kmem.tcp.limit_in_bytes", value: "\(kernelTCPMemory)", isOptional: true)) }
        if let swappiness { files.append(CgroupFile(name: "memory.swappiness", value: "\(swappiness)")) }
        if disablesOOMKiller == true { files.append(CgroupFile(name: "memory.oom_control", value: "1")) }
        return files
    }

    private var processor1: [CgroupFile] {
        var files: [CgroupFile] = []
        if let cpuShares, cpuShares > 0 { files.append(CgroupFile(name: "cpu.shares", value: "\(min(max(cpuShares, 2), 262_144))")) }
        if let cpuPeriod, cpuPeriod > 0 { files.append(CgroupFile(name: "cpu.cfs_period_us", value: "\(cpuPeriod)")) }
        if let cpuQuota, cpuQuota != 0 { files.append(CgroupFile(name: "cpu.cfs_quota_us", value: "\(cpuQuota)")) }
        if let cpuBurst { files.append(CgroupFile(name: "cpu.cfs_burst_us", value: "\(cpuBurst)", isOptional: cpuBurst == 0)) }
        if let realtimePeriod, realtimePeriod > 0 { files.append(CgroupFile(name: "cpu.rt_period_us", value: "\(realtimePeriod)")) }
        // A twentieth of a second in each. Kernels without groups of real-time processes have no such file, and need none.
        if needsRealtime, realtimeRuntime ?? 0 == 0 { files.append(CgroupFile(name: "cpu.rt_runtime_us", value: "50000", isOptional: true)) }
        if let realtimeRuntime, realtimeRuntime != 0 { files.append(CgroupFile(name: "cpu.rt_runtime_us", value: "\(realtimeRuntime)")) }
        if let cpuIdle { files.append(CgroupFile(name: "cpu.idle", value: "\(cpuIdle)", isOptional: cpuIdle == 0)) }
        return files
    }

    private var block1: [CgroupFile] {
        var files: [CgroupFile] = []
        if let blockWeight, blockWeight > 0 {
            // Which of them there is depends on the kernel's schedulers of disks.
            files.append(CgroupFile(name: "blkio.weight", value: "\(blockWeight)", isOptional: true))
            files.append(CgroupFile(name: "blkio.bfq.weight", value: "\(blockWeight)", isOptional: true))
        }
        if let blockLeafWeight, blockLeafWeight > 0 { files.append(CgroupFile(name: "blkio.leaf_weight", value: "\(blockLeafWeight)")) }
        for one in blockWeights {
            if let weight = one.weight { files.append(CgroupFile(name: "blkio.weight_device", value: "\(one.major):\(one.minor) \(weight)")) }
            if let weight = one.leafWeight { files.append(CgroupFile(name: "blkio.leaf_weight_device", value: "\(one.major):\(one.minor) \(weight)")) }
        }
        func throttle(_ name: String, _ values: [DeviceValue]) -> [CgroupFile] {
            values.map { CgroupFile(name: "blkio.throttle.\(name)_device", value: "\($0.major):\($0.minor) \($0.value)") }
        }
        return files + throttle("read_bps", readBytes) + throttle("write_bps", writeBytes) + throttle("read_iops", readOperations)
            + throttle("write_iops", writeOperations)
    }

    /// What is used, and where the kernel counts that what is reserved.
    func hugePageFiles(_ name: String) -> [CgroupFile] {
        hugePages.flatMap { page in
            [
                CgroupFile(name: "hugetlb.\(page.size).\(name)", value: "\(page.limit)"),
                CgroupFile(name: "hugetlb.\(page.size).rsvd.\(name)", value: "\(page.limit)", isOptional: true),
            ]
        }
    }

    var rdmaFiles: [CgroupFile] {
        rdma.map { one in
            let parts = [one.handles.map { "hca_handle=\($0)" }, one.objects.map { "hca_object=\($0)" }].compactMap { $0 }
            return CgroupFile(name: "rdma.max", value: "\(one.device) \(parts.joined(separator: " "))")
        }
    }
}

extension ResourceConfiguration.DeviceRule {
    /// For all devices v1 takes numbers and access for all as well, so a rule that has some is written for both types.
    var ofOneType: [Self] {
        guard type == "a", major != nil || minor != nil || access != "rwm" else { return [self] }
        return (["b", "c"] as [Character]).map { type in
            var one = self
            one.type = type
            return one
        }
    }

    /// As devices.allow and devices.deny of v1 read it.
    var version1: String { "\(type) \(major.map { "\($0)" } ?? "*"):\(minor.map { "\($0)" } ?? "*") \(access)" }
}
