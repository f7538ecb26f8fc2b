internal import LinuxKernel

/// Why this kernel does not let an ordinary user make a node, and what lifts it.
struct RootlessObstacle: Sendable, Hashable {
    let reason: String
    /// The exact command for an administrator.
    let remedy: String

    /// The settings that forbid user namespaces, read by `setting` (nil: the kernel does not have it).
    static func find(_ setting: (String) -> String?) -> RootlessObstacle? {
        if setting("kernel/unprivileged_userns_clone") == "0" {
            return RootlessObstacle(
                reason: "this kernel lets only root make user namespaces", remedy: "sudo sysctl -w kernel.unprivileged_userns_clone=1")
        }
        if setting("user/max_user_namespaces") == "0" {
            return RootlessObstacle(reason: "user namespaces are limited to 0", remedy: "sudo sysctl -w user.max_user_namespaces=28633")
        }
        if setting("kernel/apparmor_restrict_unprivileged_userns") == "1" {
            return RootlessObstacle(
                reason: "AppArmor restricts user namespaces", remedy: "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
        }
        return nil
    }

    /// The same from this machine's settings.
    static func find() -> RootlessObstacle? {
        find { name in
            let path = "/proc/sys/\(name)"
            return FileSystem.exists(path) ? CgroupDirectory.read(path) : nil
        }
    }

    /// What a failed rootless start means for the user.
    static func explain(_ cause: SystemError) -> RuntimeError {
        guard let obstacle = find() else {
            return RuntimeError(
                .notPermitted, "this machine does not let an ordinary user run a node (\(cause.call)); run it as root: sudo kdash up", cause: cause)
        }
        return RuntimeError(.notPermitted, "\(obstacle.reason); lift it with: \(obstacle.remedy)", cause: cause)
    }
}
