internal import ContainerRuntime
internal import Glibc
internal import LinuxKernel

/// Writes the maps of a new user namespace: directly as root, and with the system's helpers for an ordinary user.
enum IDMapper {
    typealias Range = MountConfiguration.IDRange

    /// Whether an ordinary user's own id is all that is mapped, which the kernel allows without helpers, and without setgroups.
    static func isSingle(_ uids: [Range], _ gids: [Range], user: uid_t, group: gid_t) -> Bool {
        user != 0 && uids.count == 1 && gids.count == 1 && uids[0].size == 1 && gids[0].size == 1 && uids[0].host == user && gids[0].host == group
    }

    static func write(_ uids: [Range], _ gids: [Range], for pid: Int32) throws(OCIError) {
        try OCIError.attempt("map the container's users and groups") { () throws(SystemError) in
            let isSingle = isSingle(uids, gids, user: geteuid(), group: getegid())
            if isSingle { try FileSystem.write("deny", to: "/proc/\(pid)/setgroups") }
            try write(gids, "/proc/\(pid)/gid_map", helper: geteuid() == 0 || isSingle ? nil : "newgidmap", pid)
            try write(uids, "/proc/\(pid)/uid_map", helper: geteuid() == 0 || isSingle ? nil : "newuidmap", pid)
        }
    }

    private static func write(_ ranges: [Range], _ path: String, helper: String?, _ pid: Int32) throws(SystemError) {
        guard let helper else { return try FileSystem.write(ranges.map(\.line).joined(), to: path) }
        try IDMapHelper.map(ranges.map { ($0.container, $0.host, $0.size) }, by: helper, of: pid)
    }
}
