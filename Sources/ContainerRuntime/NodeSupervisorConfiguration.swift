internal import Glibc

/// Where a node lives and what it may see of the host.
package struct NodeSupervisorConfiguration: Sendable {
    /// A directory of the host that appears in the node.
    package struct Bind: Sendable, Hashable {
        package var source: String
        package var target: String
        package var isReadOnly: Bool
        package init(source: String, target: String, isReadOnly: Bool = false) {
            self.source = source
            self.target = target
            self.isReadOnly = isReadOnly
        }
    }

    /// The cluster's 8 hex digits.
    package var clusterID: String
    package var nodeName: String
    /// `/run/kdash/<id>/<node>`: socket and start lock; created 0700.
    package var runDirectory: String
    /// Holds the exit journal; created 0700.
    package var stateDirectory: String
    /// Becomes the node's `/`; created 0755.
    package var rootDirectory: String
    /// For example the image, pod and log directories.
    package var binds: [Bind]
    /// The node's cgroups; the supervisor lives in its `supervisor` leaf. Nil leaves it where the daemon is (no limits).
    package var cgroups: CgroupTree?
    /// Runs the node in a user namespace of an ordinary user.
    package var isRootless: Bool
    /// The program that contains the supervisor. Default: this one.
    package var executable: String
    /// How long a supervisor may take to answer the greeting, and to end before it is killed. Default 10 s.
    package var patience = Duration.seconds(10)
    /// How long a container or an exec may take until its program runs, before it is killed. Default 2 minutes.
    /// Source: the kubelet's runtimeRequestTimeout.
    package var launchLimit = Duration.seconds(120)

    package init(
        clusterID: String, nodeName: String, runDirectory: String, stateDirectory: String, rootDirectory: String,
        binds: [Bind] = [], cgroups: CgroupTree?, isRootless: Bool = false, executable: String = "/proc/self/exe"
    ) {
        self.clusterID = clusterID
        self.nodeName = nodeName
        self.runDirectory = runDirectory
        self.stateDirectory = stateDirectory
        self.rootDirectory = rootDirectory
        self.binds = binds
        self.cgroups = cgroups
        self.isRootless = isRootless
        self.executable = executable
    }

    /// Tells builds of the program apart: its size and the time it was written. Empty when it cannot be examined.
    var build: String {
        var info = stat()
        guard stat(executable, &info) == 0 else { return "" }
        return "\(info.st_size)-\(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
    }
}
