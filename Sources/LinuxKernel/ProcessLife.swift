internal import Glibc

/// What can be told of any process by its number.
package enum ProcessLife {
    /// Whether it was killed or has exited: what it holds goes, one thing after the other, or it is gone. The link to its program is there until
    /// the last of it is, and leads nowhere.
    package static func isEnding(_ pid: Int32) -> Bool { access("/proc/\(pid)/exe", F_OK) < 0 && errno == ENOENT }

    /// When a process began, in the kernel's ticks since boot: tells it from a later one with its number. Nil when there is none.
    package static func start(of pid: Int32) -> String? {
        guard let text = try? FileSystem.readText("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else { return nil }
        // The fields behind the name, which may hold anything, begin with the third.
        let fields = text[text.index(after: name)...].split(separator: " ")
        return fields.count > 19 ? String(fields[19]) : nil
    }
}
