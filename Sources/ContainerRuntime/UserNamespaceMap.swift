internal import Glibc
internal import LinuxKernel

/// The ids of a rootless node: the user's own becomes 0, and the user's range of /etc/subuid follows when the system's
/// setuid helpers can map it. Without them only id 0 exists inside, and images that own files as others do not unpack.
enum UserNamespaceMap {
    /// One line of /etc/subuid or /etc/subgid.
    struct Range: Sendable, Hashable {
        let start: UInt32
        let count: UInt32
    }

    static func write(for pid: pid_t) throws(SystemError) {
        let (user, group) = (geteuid(), getegid())
        let name = userName(of: user)
        if let users = range(in: "/etc/subuid", name: name, id: user), let groups = range(in: "/etc/subgid", name: name, id: user),
            help("newuidmap", pid, user, users), help("newgidmap", pid, group, groups)
        {
            return
        }
        // The kernel wants setgroups refused before an ordinary user may map a group.
        try FileSystem.write("deny", to: "/proc/\(pid)/setgroups")
        try FileSystem.write("0 \(group) 1\n", to: "/proc/\(pid)/gid_map")
        try FileSystem.write("0 \(user) 1\n", to: "/proc/\(pid)/uid_map")
    }

    /// The largest range that a file of `name:start:count` lines gives to a user named or numbered so.
    static func parse(_ text: String, name: String, id: UInt32) -> Range? {
        var best: Range?
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0] == name || parts[0] == "\(id)", let start = UInt32(parts[1]), let count = UInt32(parts[2]),
                count > (best?.count ?? 0)
            else { continue }
            best = Range(start: start, count: count)
        }
        return best
    }

    private static func range(in path: String, name: String, id: UInt32) -> Range? {
        do throws(SystemError) { return parse(try FileSystem.readText(path), name: name, id: id) } catch { return nil }  // No file, no range.
    }

    private static func userName(of id: uid_t) -> String {
        do throws(SystemError) {
            for line in try FileSystem.readText("/etc/passwd").split(separator: "\n") {
                let parts = line.split(separator: ":", omittingEmptySubsequences: false)
                if parts.count > 2, parts[2] == "\(id)" { return String(parts[0]) }
            }
        } catch { return "" }  // The number alone may still be listed.
        return ""
    }

    private static func help(_ helper: String, _ pid: pid_t, _ id: UInt32, _ range: Range) -> Bool {
        // Without it, or when it refuses, the own id is all there is.
        do throws(SystemError) {
            try IDMapHelper.map([(0, id, 1), (1, range.start, range.count)], by: helper, of: pid)
            return true
        } catch { return false }
    }
}
