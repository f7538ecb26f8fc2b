/// One write to a file of a cgroup.
struct CgroupFile: Sendable, Hashable {
    let name: String
    let value: String
    /// Whether a kernel that lacks the file may pass it over: what was asked for is then already so, or was given up by all kernels.
    var isOptional = false
}
