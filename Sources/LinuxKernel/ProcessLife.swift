internal import Glibc

/// What can be told of any process by its number.
package enum ProcessLife {
    /// Whether it was killed or has exited: what it holds goes, one thing after the other, or it is gone. The link to its program is there until
    /// the last of it is, and leads nowhere.
    package static func isEnding(_ pid: Int32) -> Bool { access("/proc/\(pid)/exe", F_OK) < 0 && errno == ENOENT }

    /// State and start of a process, the start in the kernel's ticks since boot, which tells it from a later one with its number; nil when there is none.
    package static func status(_ pid: Int32) -> (state: Character, startTicks: UInt64)? {
        do throws(SystemError) { return parse(try FileSystem.readText("/proc/\(pid)/stat")) } catch { return nil }  // It ended.
    }

    /// Behind the name, which is in parentheses and may hold anything: fields 3 and 22.
    package static func parse(_ text: String) -> (state: Character, startTicks: UInt64)? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let ticks = UInt64(fields[19]) else { return nil }
        return (state, ticks)
    }

    /// Whether the process that began then is there and has not ended.
    package static func isAlive(_ pid: Int32, startTicks: UInt64) -> Bool {
        guard let status = status(pid) else { return false }
        return status.startTicks == startTicks && status.state != "Z" && status.state != "X"
    }
}
