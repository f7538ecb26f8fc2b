internal import Glibc
internal import LinuxKernel

/// What /proc says of processes.
enum ProcessFacts {
    /// A process's number in its own pid namespace; nil when it ended.
    static func innermost(_ pid: Int32) -> Int32? {
        do throws(SystemError) {
            let line = try FileSystem.readText("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("NSpid:") }
            return line.flatMap { $0.split(whereSeparator: { $0 == "\t" || $0 == " " }).last }.flatMap { Int32($0) }
        } catch { return nil }
    }
}
