/// A further program to run in a running container.
package struct ExecSpec: Sendable, Hashable {
    package var containerID: String
    /// Runs with exactly these settings; take the container's own `process` and change its arguments.
    package var process: ProcessSpec
    /// The container's cgroup.
    package var cgroup: CgroupPlacement
    /// Connects standard input; otherwise /dev/null.
    package var hasInput: Bool

    package init(containerID: String, process: ProcessSpec, cgroup: CgroupPlacement, hasInput: Bool = false) {
        self.containerID = containerID
        self.process = process
        self.cgroup = cgroup
        self.hasInput = hasInput
    }
}
