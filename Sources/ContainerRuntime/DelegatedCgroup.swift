internal import Glibc
internal import LinuxKernel

/// Where an ordinary user may make cgroups.
enum DelegatedCgroup {
    /// The highest cgroup on the way from the process's own to the root that is the user's and has no process of its own, from the root of
    /// the tree, for example `/user.slice/user-1000.slice/user@1000.service`; nil when there is none. Processes may go from one to another
    /// only below it. Source: Linux's cgroup-v2 documentation, "Delegation" and "No Internal Process Constraint".
    ///
    /// - Parameters:
    ///   - own: the text of /proc/self/cgroup.
    ///   - isUsable: whether the cgroup may be written and is free of processes.
    static func find(own: String, _ isUsable: (String) -> Bool) -> String? {
        guard var path = own.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }).map({ String($0.dropFirst(3)) }) else { return nil }
        var found: String?
        while path.utf8.count > 1 {
            if isUsable(path) { found = path } else if found != nil { break }
            path = FileSystem.directory(of: path)
        }
        return found
    }

    /// Where a process whose /proc/<pid>/cgroup is `text` has the cgroup that ends in `leaf` below; nil when it lives elsewhere.
    static func parent(of text: String, leaf: String) -> String? {
        guard let path = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })?.dropFirst(3), path.hasSuffix(leaf) else { return nil }
        return String(path.dropLast(leaf.utf8.count))
    }

    /// The same on this machine, whose cgroup v2 is mounted at `root`.
    static func find(own: String, root: String) -> String? {
        find(own: own) { path in
            let places = ["", "/cgroup.procs", "/cgroup.subtree_control"].map { root + path + $0 }
            return places.allSatisfy { access($0, W_OK) == 0 } && CgroupDirectory.read(root + path + "/cgroup.procs").isEmpty
        }
    }
}
