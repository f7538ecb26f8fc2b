internal import CLinux
internal import Glibc
internal import LinuxKernel

/// One mounted cgroup hierarchy: a v1 set of controllers, or v2.
struct CgroupHierarchy: Sendable, Hashable {
    /// Mount options in the kernel's words: `memory`, `cpu,cpuacct`, `name=systemd`; empty for v2.
    let options: String
    let controllers: Set<String>
    /// The node's directory.
    let base: String
    let isVersion2: Bool

    /// All hierarchies in which a node gets cgroups. `own` is the text of /proc/self/cgroup, `path` starts with a slash.
    static func all(_ layout: CgroupLayout, own: String, path: String) -> (CgroupVersion, [CgroupHierarchy]) {
        if layout.mode == .v2, let root = layout.unified {
            let names = CgroupDirectory.read("\(root)/cgroup.controllers").split(separator: " ").map(String.init)
            return (.v2, [CgroupHierarchy(options: "", controllers: Set(names), base: root + path, isVersion2: true)])
        }
        // In a hybrid layout the limits are v1's; the unified tree only tracks processes, which the supervisor does itself.
        let version1: [CgroupHierarchy] = own.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, !parts[1].isEmpty else { return nil }
            let names = parts[1].split(separator: ",").map(String.init)
            guard let mount = names.compactMap({ layout.controllers[$0] }).first else { return nil }
            return CgroupHierarchy(options: String(parts[1]), controllers: Set(names), base: mount + path, isVersion2: false)
        }
        return (.v1, version1)
    }

    /// Makes one directory; harmless when it exists.
    func make(at path: String) throws(SystemError) {
        try CgroupDirectory.make(path, isCpuset: !isVersion2 && controllers.contains("cpuset"))
    }

    /// v2: lets the children of `path` have limits. One by one, as some may be missing.
    func enableControllers(at path: String) {
        guard isVersion2 else { return }
        let enabled = Set(CgroupDirectory.read("\(path)/cgroup.subtree_control").split(separator: " ").map(String.init))
        var missing = path
        // The whole way down from the first ancestor that does not pass them on.
        var chain: [String] = []
        while missing.utf8.count >= FileSystem.directory(of: FileSystem.directory(of: base)).utf8.count {
            chain.append(missing)
            missing = FileSystem.directory(of: missing)
        }
        guard !enabled.isSuperset(of: Self.wanted.intersection(controllers)) else { return }
        for directory in chain.reversed() {
            for controller in Self.wanted.intersection(controllers) {
                do throws(SystemError) { try FileSystem.write("+\(controller)", to: "\(directory)/cgroup.subtree_control") } catch {
                    continue  // best effort: `enforcement` says which limits hold
                }
            }
        }
    }

    private static let wanted: Set<String> = ["cpu", "memory", "pids", "cpuset", "io", "hugetlb"]

    /// Writes the limits that this hierarchy carries.
    func apply(_ limits: ResourceLimits, at path: String, isContainer: Bool) throws(SystemError) {
        for (file, value) in isVersion2 ? limits.version2(isContainer: isContainer) : limits.version1(controllers: controllers) {
            guard FileSystem.exists("\(path)/\(file)") else { continue }
            do throws(SystemError) { try FileSystem.write(value, to: "\(path)/\(file)") } catch  where error.errno == EINVAL && file.hasPrefix("memory.") {
                // v1 keeps limit <= memory+swap at every moment: the one to write first depends on the direction.
                try FileSystem.write(value, to: "\(path)/memory.memsw.limit_in_bytes")
                try FileSystem.write(value, to: "\(path)/\(file)")
            }
        }
    }

    /// The node and everything in it, privileged containers included, reaches no device of the machine but these.
    func denyDevices(at path: String) {
        if isVersion2 {
            _ = kd_restrict_devices(path)
            return
        }
        guard controllers.contains("devices") else { return }
        let allowed = [
            "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm",
            "c 136:* rwm", "c 10:200 rwm", "c 10:229 rwm",
        ]
        do throws(SystemError) {
            try FileSystem.write("a", to: "\(path)/devices.deny")
            for rule in allowed { try FileSystem.write(rule, to: "\(path)/devices.allow") }
        } catch { return }  // best effort: refused when the cgroup has children, which then were restricted with it
    }

    /// Sends SIGKILL to every process in `path` and below.
    func kill(below path: String) {
        liftQuotas(below: path)
        killListed(below: path)
    }

    private func killListed(below path: String) {
        if isVersion2, write(best: "1", to: "\(path)/cgroup.kill") { return }
        // Frozen while it is listed, so that nothing forks faster than it is killed; thawed afterwards, or it could not die.
        let freezer = controllers.contains("freezer") ? "\(path)/freezer.state" : nil
        if let freezer { _ = write(best: "FROZEN", to: freezer) }
        defer { if let freezer { _ = write(best: "THAWED", to: freezer) } }
        for pid in CgroupDirectory.read("\(path)/cgroup.procs").split(separator: "\n").compactMap({ pid_t($0) }) where pid > 1 {
            _ = Glibc.kill(pid, SIGKILL)
        }
        for child in CgroupDirectory.children(of: path) { killListed(below: child) }
    }

    /// Dying costs processor time, too: what may use little of it would take minutes to go with everything it has forked.
    private func liftQuotas(below path: String) {
        guard isVersion2 || controllers.contains("cpu") else { return }
        _ = isVersion2 ? write(best: "max", to: "\(path)/cpu.max") : write(best: "-1", to: "\(path)/cpu.cfs_quota_us")
        for child in CgroupDirectory.children(of: path) { liftQuotas(below: child) }
    }

    /// Removes `path` and everything below, killing what holds it. Waits for dying processes at most about a second.
    func remove(_ path: String) throws(SystemError) {
        guard FileSystem.exists(path) else { return }
        for attempt in 0..<60 {
            if CgroupDirectory.remove(path) { return }
            let number = errno
            guard number == EBUSY, attempt < 59 else { throw SystemError(call: "rmdir", errno: number, arguments: path) }
            kill(below: path)
            usleep(attempt < 10 ? 1000 : 20_000)
        }
    }

    private func write(best text: String, to path: String) -> Bool {
        do throws(SystemError) {
            try FileSystem.write(text, to: path)
            return true
        } catch { return false }  // best effort: the caller falls back
    }
}
