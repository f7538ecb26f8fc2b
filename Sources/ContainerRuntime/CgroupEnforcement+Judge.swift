internal import Glibc
internal import LinuxKernel

extension CgroupEnforcement {
    /// Looks at which controllers can be used where the node's cgroups will be.
    static func judge(version: CgroupVersion, hierarchies: [CgroupHierarchy]) -> CgroupEnforcement {
        func verdict(_ controller: String) -> Verdict {
            version == .v2
                ? version2(controller, hierarchies.first) : version1(controller, hierarchies.first { $0.controllers.contains(controller) })
        }
        return CgroupEnforcement(cpu: verdict("cpu"), memory: verdict("memory"), pids: verdict("pids"))
    }

    private static func version1(_ controller: String, _ hierarchy: CgroupHierarchy?) -> Verdict {
        guard let hierarchy else {
            return .notEnforced(
                reason: "the kernel's \(controller) cgroup controller is not mounted",
                remedy: "mkdir -p /sys/fs/cgroup/\(controller) && mount -t cgroup -o \(controller) cgroup /sys/fs/cgroup/\(controller)")
        }
        let root = existing(hierarchy.base)
        guard access(root, W_OK) == 0 else {
            return .notEnforced(reason: "\(root) belongs to root, and cgroup v1 cannot be delegated", remedy: "sudo kdash up")
        }
        return .enforced
    }

    private static func version2(_ controller: String, _ hierarchy: CgroupHierarchy?) -> Verdict {
        guard let hierarchy else { return .notEnforced(reason: "no cgroup file system is mounted", remedy: "mount -t cgroup2 cgroup2 /sys/fs/cgroup") }
        guard hierarchy.controllers.contains(controller) else {
            return .notEnforced(
                reason: "the kernel does not offer the \(controller) controller on cgroup v2",
                remedy: controller == "memory" ? "add cgroup_enable=memory to the kernel command line and reboot" : nil)
        }
        let root = existing(hierarchy.base)
        let offered = CgroupDirectory.read("\(root)/cgroup.controllers").split(separator: " ").map(String.init)
        guard access(root, W_OK) == 0 else {
            return .notEnforced(
                reason: "this session's cgroup is not the user's, and its processes cannot go into one that is",
                remedy: "systemd-run --user --scope kdash up")
        }
        guard offered.contains(controller) else {
            return .notEnforced(
                reason: "systemd does not delegate the \(controller) controller to this user",
                remedy: "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | "
                    + "sudo tee /etc/systemd/system/user@.service.d/kdash.conf && sudo systemctl daemon-reload && loginctl terminate-user $USER")
        }
        return .enforced
    }

    /// The nearest directory on the way up that exists.
    private static func existing(_ path: String) -> String {
        var path = path
        while path != "/", !FileSystem.isDirectory(path) { path = FileSystem.directory(of: path) }
        return path
    }
}
