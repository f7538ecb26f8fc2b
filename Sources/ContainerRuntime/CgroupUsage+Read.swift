internal import LinuxKernel

extension CgroupUsage {
    /// Reads the files of both versions; nil when the directory is gone.
    static func read(version: CgroupVersion, hierarchies: [CgroupHierarchy], path: String) -> CgroupUsage? {
        func file(_ controller: String, _ name: String) -> String {
            guard let hierarchy = hierarchies.first(where: { $0.isVersion2 || $0.controllers.contains(controller) }) else { return "" }
            return CgroupDirectory.read("\(hierarchy.base)/\(path)/\(name)")
        }
        guard let first = hierarchies.first, FileSystem.isDirectory("\(first.base)/\(path)") else { return nil }
        return version == .v2 ? version2(file, "\(first.base)/\(path)") : version1(file)
    }

    private static func version1(_ file: (String, String) -> String) -> CgroupUsage {
        let cpu = table(file("cpu", "cpu.stat"))
        let memory = table(file("memory", "memory.stat"))
        let used = number(file("memory", "memory.usage_in_bytes"))
        let limit = number(file("memory", "memory.limit_in_bytes"))
        return CgroupUsage(
            cpu: .nanoseconds(number(file("cpuacct", "cpuacct.usage"))), throttledPeriods: UInt64(clamping: cpu["nr_throttled"] ?? 0),
            throttledTime: .nanoseconds(cpu["throttled_time"] ?? 0), memory: ByteCount(used),
            workingSet: ByteCount(max(0, used - (memory["total_inactive_file"] ?? 0))), residentMemory: ByteCount(memory["total_rss"] ?? 0),
            pageFaults: memory["total_pgfault"] ?? 0, majorPageFaults: memory["total_pgmajfault"] ?? 0,
            // "No limit" is the largest page-aligned number.
            memoryLimit: limit <= 0 || limit > 1 << 60 ? nil : ByteCount(limit),
            outOfMemoryKills: UInt64(clamping: table(file("memory", "memory.oom_control"))["oom_kill"] ?? 0),
            processes: Int(clamping: number(file("pids", "pids.current"))), disk: diskVersion1(transfers(file)))
    }

    /// Counters of the cgroup with its children where the kernel sums them up.
    private static func transfers(_ file: (String, String) -> String) -> String {
        let all = file("blkio", "blkio.throttle.io_service_bytes_recursive")
        return all.isEmpty ? file("blkio", "blkio.throttle.io_service_bytes") : all
    }

    private static func version2(_ file: (String, String) -> String, _ directory: String) -> CgroupUsage {
        let cpu = table(file("cpu", "cpu.stat"))
        let used = number(file("memory", "memory.current"))
        let memory = table(file("memory", "memory.stat"))
        let limit = number(file("memory", "memory.max"))
        return CgroupUsage(
            cpu: .microseconds(cpu["usage_usec"] ?? 0), throttledPeriods: UInt64(clamping: cpu["nr_throttled"] ?? 0),
            throttledTime: .microseconds(cpu["throttled_usec"] ?? 0), memory: ByteCount(used),
            workingSet: ByteCount(max(0, used - (memory["inactive_file"] ?? 0))), residentMemory: ByteCount(memory["anon"] ?? 0),
            pageFaults: memory["pgfault"] ?? 0, majorPageFaults: memory["pgmajfault"] ?? 0,
            memoryLimit: limit <= 0 ? nil : ByteCount(limit),
            outOfMemoryKills: UInt64(clamping: table(file("memory", "memory.events"))["oom_kill"] ?? 0),
            processes: Int(clamping: number(file("pids", "pids.current"))),
            disk: diskVersion2(file("io", "io.stat"), exists: FileSystem.exists("\(directory)/io.stat")), pressure: pressure { file("", $0) })
    }

    /// A file of `name value` lines.
    static func table(_ text: String) -> [String: Int64] {
        var values: [String: Int64] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2 { values[String(parts[0])] = Int64(parts[1]) }
        }
        return values
    }

    /// 0 when there is no number (a missing file, or v2's `max`).
    static func number(_ text: String) -> Int64 { Int64(text) ?? 0 }
}
