import LinuxKernel

/// The directories that the daemon writes on the host and the supervisor reads inside its node.
package struct NodePaths: Sendable {
    /// The cluster's data directory on the host: images and volumes are all nodes'.
    package let data: String
    /// Where the node's own pods and logs are: `data` or a directory below it.
    package let own: String

    /// - Parameter own: nil for `data` itself.
    package init(data: String, own: String? = nil) {
        self.data = data
        self.own = own ?? data
    }

    /// Where the node sees them; `binds` of the supervisor's configuration must match.
    package static let nodeBase = "/var/lib/kdash"

    /// `images`, `pods`, `volumes` and `logs`: where they are on the host and in the node. Images are all pods' and the machine's: nobody in the
    /// node changes them.
    package var binds: [(host: String, node: String, isReadOnly: Bool)] {
        ["images", "pods", "volumes", "logs"].map { name in
            let base = name == "pods" || name == "logs" ? own : data
            return ("\(base)/\(name)", "\(Self.nodeBase)/\(name)", name == "images")
        }
    }

    /// The node's path of a host path below the data directory.
    func node(_ host: String) -> String {
        let base = host.hasPrefix(own + "/") ? own : data
        return host.hasPrefix(base + "/") ? Self.nodeBase + host.dropFirst(base.count) : host
    }

    /// Where the user puts the system call filters that `localhostProfile` names.
    var seccomp: String { "\(data)/seccomp" }
    /// Where the user puts the files of this node's static pods: the first node's in the folder itself, others' in one of the node's name below it,
    /// which stays when the node goes.
    var manifests: String { own == data ? "\(data)/manifests" : "\(data)/manifests/\(FileSystem.name(of: own))" }
    func pod(_ uid: String) -> String { "\(own)/pods/\(uid)" }
    func volume(_ uid: String, _ name: String) -> String { "\(pod(uid))/volumes/\(name)" }
    func container(_ uid: String, _ name: String) -> String { "\(pod(uid))/containers/\(name)" }
    /// One instance's writable layer and files.
    func instance(_ uid: String, _ name: String, _ attempt: Int) -> String { "\(container(uid, name))/\(attempt)" }

    /// A path of the host below the data directory, relative to it. What pods can see is only reached so, with ``SafeDirectory``.
    func relative(_ path: String) -> String { String(path.dropFirst(data.count + 1)) }

    var logs: LogDirectory { LogDirectory(root: own + "/logs") }
}
