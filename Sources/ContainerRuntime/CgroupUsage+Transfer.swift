package import LinuxKernel

/// What a cgroup read from and wrote to disks.
package struct DiskUsage: Sendable, Hashable {
    /// Bytes read.
    package var read: ByteCount
    /// Bytes written. With cgroup v1 only what did not wait in the page cache.
    package var written: ByteCount
}

/// How long the tasks of a cgroup waited for something. Source: the kernel's `Documentation/accounting/psi.rst`.
package struct Stall: Sendable, Hashable {
    /// How long and how much of the time.
    package struct Line: Sendable, Hashable {
        /// In all.
        package var total: Duration
        /// Percent of the last 10, 60 and 300 seconds.
        package var averages: [Double]
    }
    /// When at least one task waited.
    package var some: Line
    /// When all waited.
    package var full: Line
}

/// Pressure stall information of a cgroup.
package struct CgroupPressure: Sendable, Hashable {
    /// Waiting for a processor.
    package var cpu: Stall
    /// Waiting for memory to be made free.
    package var memory: Stall
    /// Waiting for disks.
    package var io: Stall
}

extension CgroupUsage {
    /// `8:0 Read 4096` lines of v1; nil without any, as where the kernel has the file and counts nothing.
    static func diskVersion1(_ text: String) -> DiskUsage? {
        var usage = DiskUsage(read: .zero, written: .zero)
        var isCounted = false
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let bytes = Int64(parts[2]), bytes >= 0 else { continue }
            isCounted = true
            if parts[1] == "Read" { usage.read += ByteCount(bytes) }
            if parts[1] == "Write" { usage.written += ByteCount(bytes) }
        }
        return isCounted ? usage : nil
    }

    /// `8:0 rbytes=4096 wbytes=0 …` lines of v2; the file is there and empty while nothing was transferred.
    static func diskVersion2(_ text: String, exists: Bool) -> DiskUsage? {
        guard exists else { return nil }
        var usage = DiskUsage(read: .zero, written: .zero)
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            guard let equals = word.firstIndex(of: "="), let bytes = Int64(word[word.index(after: equals)...]), bytes >= 0 else { continue }
            switch word[..<equals] {
            case "rbytes": usage.read += ByteCount(bytes)
            case "wbytes": usage.written += ByteCount(bytes)
            default: continue
            }
        }
        return usage
    }

    /// The files `cpu.pressure`, `memory.pressure` and `io.pressure`; nil where the kernel has none.
    static func pressure(_ file: (String) -> String) -> CgroupPressure? {
        guard let cpu = stall(file("cpu.pressure")), let memory = stall(file("memory.pressure")), let io = stall(file("io.pressure")) else { return nil }
        return CgroupPressure(cpu: cpu, memory: memory, io: io)
    }

    /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` and the same of `full`, which an older kernel lacks for processors.
    static func stall(_ text: String) -> Stall? {
        var lines: [Substring: Stall.Line] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let name = words.first else { continue }
            var values: [Substring: Substring] = [:]
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { values[parts[0]] = parts[1] }
            }
            guard let total = values["total"].flatMap({ Int64($0) }) else { continue }
            let averages = ["avg10", "avg60", "avg300"].map { name in values[name[...]].flatMap { Double($0) }.map { $0.isFinite ? $0 : 0 } ?? 0 }
            lines[name] = Stall.Line(total: .microseconds(total), averages: averages)
        }
        guard let some = lines["some"] else { return nil }
        return Stall(some: some, full: lines["full"] ?? Stall.Line(total: .zero, averages: [0, 0, 0]))
    }
}
