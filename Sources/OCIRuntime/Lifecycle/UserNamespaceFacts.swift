internal import ContainerRuntime
internal import LinuxKernel

/// Whether this process is the machine's root, or only a user namespace's.
enum UserNamespaceFacts {
    /// Whether ids of this process are not the machine's.
    static let isInside: Bool = {
        let map = CgroupDirectory.read("/proc/self/uid_map").split(whereSeparator: { $0 == " " || $0 == "\n" })
        return map != ["0", "0", "4294967295"]
    }()

    /// Whether setgroups is refused in it.
    static let deniesGroups: Bool = CgroupDirectory.read("/proc/self/setgroups") == "deny"
}
