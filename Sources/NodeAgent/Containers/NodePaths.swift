/// The directories that the daemon writes on the host and the supervisor reads inside its node.
package struct NodePaths: Sendable {
    /// The cluster's data directory on the host.
    package let data: String

    package init(data: String) {
        self.data = data
    }

    /// Where the node sees them; `binds` of the supervisor's configuration must match.
    package static let nodeBase = "/var/lib/kdash"

    /// `images`, `pods`, `volumes` and `logs`: where they are on the host and in the node. Images are all pods' and the machine's: nobody in the
    /// node changes them.
    package var binds: [(host: String, node: String, isReadOnly: Bool)] {
        ["images", "pods", "volumes", "logs"].map { ("\(data)/\($0)", "\(Self.nodeBase)/\($0)", $0 == "images") }
    }

    /// The node's path of a host path below the data directory.
    func node(_ host: String) -> String {
        host.hasPrefix(data + "/") ? Self.nodeBase + host.dropFirst(data.count) : host
    }

    /// Where the user puts the system call filters that `localhostProfile` names.
    var seccomp: String { "\(data)/seccomp" }
    /// Where the user puts the files of static pods.
    var manifests: String { "\(data)/manifests" }
    func pod(_ uid: String) -> String { "\(data)/pods/\(uid)" }
    func volume(_ uid: String, _ name: String) -> String { "\(pod(uid))/volumes/\(name)" }
    func container(_ uid: String, _ name: String) -> String { "\(pod(uid))/containers/\(name)" }
    /// One instance's writable layer and files.
    func instance(_ uid: String, _ name: String, _ attempt: Int) -> String { "\(container(uid, name))/\(attempt)" }

    /// A path of the host below the data directory, relative to it. What pods can see is only reached so, with ``SafeDirectory``.
    func relative(_ path: String) -> String { String(path.dropFirst(data.count + 1)) }

    var logs: LogDirectory { LogDirectory(root: data + "/logs") }
}
