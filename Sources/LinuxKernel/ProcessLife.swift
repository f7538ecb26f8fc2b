internal import Glibc

/// What can be told of any process by its number.
package enum ProcessLife {
    /// Whether it was killed or has exited: what it holds goes, one thing after the other, or it is gone. The link to its program is there until
    /// the last of it is, and leads nowhere.
    package static func isEnding(_ pid: Int32) -> Bool { access("/proc/\(pid)/exe", F_OK) < 0 && errno == ENOENT }
}
