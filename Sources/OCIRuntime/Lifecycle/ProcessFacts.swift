internal import Glibc
internal import LinuxKernel

/// What /proc says of processes.
enum ProcessFacts {
    /// State and start of a process; nil when there is none.
    static func status(_ pid: Int32) -> (state: Character, startTicks: UInt64)? {
        do throws(SystemError) { return parse(try FileSystem.readText("/proc/\(pid)/stat")) } catch { return nil }  // It ended.
    }

    /// Behind the name, which is in parentheses and may hold anything: fields 3 and 22.
    static func parse(_ text: String) -> (state: Character, startTicks: UInt64)? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let ticks = UInt64(fields[19]) else { return nil }
        return (state, ticks)
    }

    /// A process's number in its own pid namespace; nil when it ended.
    static func innermost(_ pid: Int32) -> Int32? {
        do throws(SystemError) {
            let line = try FileSystem.readText("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("NSpid:") }
            return line.flatMap { $0.split(whereSeparator: { $0 == "\t" || $0 == " " }).last }.flatMap { Int32($0) }
        } catch { return nil }
    }

    static func isAlive(_ pid: Int32, startTicks: UInt64) -> Bool {
        guard let status = status(pid) else { return false }
        return status.startTicks == startTicks && status.state != "Z" && status.state != "X"
    }
}
