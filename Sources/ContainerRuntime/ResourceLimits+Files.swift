internal import LinuxKernel

extension ResourceLimits {
    /// Files and values of cgroup v1, in the order of writing, for the hierarchy with these controllers.
    func version1(controllers: Set<String>) -> [(String, String)] {
        var files: [(String, String)] = []
        if controllers.contains("cpu") {
            if let weight = cpuRequest ?? cpuLimit { files.append(("cpu.shares", "\(CPUValues.shares(weight))")) } else { files.append(("cpu.shares", "2")) }
            if let quota = cpuLimit.flatMap({ CPUValues.quota($0) }) {
                files.append(("cpu.cfs_period_us", "\(CPUValues.period)"))
                files.append(("cpu.cfs_quota_us", "\(quota)"))
            }
        }
        if controllers.contains("memory"), let limit = memoryLimit?.value, limit > 0 {
            files.append(("memory.limit_in_bytes", "\(limit)"))
            // Memory and swap together: the same number, so no swap.
            files.append(("memory.memsw.limit_in_bytes", "\(limit)"))
        }
        if controllers.contains("pids"), let pids { files.append(("pids.max", pids < 0 ? "max" : "\(pids)")) }
        if controllers.contains("hugetlb") { files += hugePageFiles("limit_in_bytes") + hugePageFiles("rsvd.limit_in_bytes") }
        return files
    }

    /// Files and values of cgroup v2, in the order of writing.
    func version2(isContainer: Bool) -> [(String, String)] {
        var files: [(String, String)] = []
        let shares = (cpuRequest ?? cpuLimit).map { CPUValues.shares($0) } ?? 2
        files.append(("cpu.weight", "\(CPUValues.weight(shares: shares))"))
        if let quota = cpuLimit.flatMap({ CPUValues.quota($0) }) { files.append(("cpu.max", "\(quota) \(CPUValues.period)")) }
        if let limit = memoryLimit?.value, limit > 0 {
            files.append(("memory.max", "\(limit)"))
            files.append(("memory.swap.max", "0"))
        }
        if let pids { files.append(("pids.max", pids < 0 ? "max" : "\(pids)")) }
        files += hugePageFiles("max") + hugePageFiles("rsvd.max")
        // One process killed for memory takes its container along: half a container helps nobody.
        if isContainer { files.append(("memory.oom.group", "1")) }
        return files
    }

    /// Pages are limited when they are used, and (`rsvd`) when they are promised to who maps them: a promise takes them from everybody else.
    private func hugePageFiles(_ suffix: String) -> [(String, String)] {
        hugePages.sorted { $0.key < $1.key }.map { ("hugetlb.\(HugePages.cgroupName($0.key)).\(suffix)", "\($0.value.value)") }
    }
}
