internal import Glibc
internal import LinuxKernel

/// What the kernel knows of this process. Source: Prometheus' process collector.
enum ProcessMetrics {
    static func write(into text: inout MetricsText) {
        // best effort: without /proc these are missing and nothing else is.
        if let stat = try? FileSystem.readText("/proc/self/stat"), let end = stat.lastIndex(of: ")") {
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            if fields.count > 21, ticks > 0 {
                let cpu = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
                write("process_cpu_seconds_total", .counter, "User and system CPU time spent.", cpu / ticks, into: &text)
                write("process_virtual_memory_bytes", .gauge, "Virtual memory size.", Double(fields[20]) ?? 0, into: &text)
                write(
                    "process_resident_memory_bytes", .gauge, "Resident memory size.",
                    (Double(fields[21]) ?? 0) * Double(sysconf(Int32(_SC_PAGESIZE))), into: &text)
                if let boot = bootTime() {
                    write(
                        "process_start_time_seconds", .gauge, "Start of the process since the Unix epoch.",
                        boot + (Double(fields[19]) ?? 0) / ticks, into: &text)
                }
            }
        }
        if let descriptors = try? FileSystem.names(in: "/proc/self/fd") {
            // One of them lists the others.
            write("process_open_fds", .gauge, "Open file descriptors.", Double(max(descriptors.count - 1, 0)), into: &text)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            write("process_max_fds", .gauge, "Maximum number of open file descriptors.", Double(limit.rlim_cur), into: &text)
        }
    }

    private static func write(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: Double, into text: inout MetricsText) {
        text.begin(name, kind, help)
        text.sample(name, [], value)
    }

    /// When the machine started, in seconds since the Unix epoch.
    private static func bootTime() -> Double? {
        // best effort: see above.
        guard let stat = try? FileSystem.readText("/proc/stat") else { return nil }
        let line = stat.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) }
    }
}
