import Glibc
import PodNetwork

/// Where sockets and namespace files of clusters live; gone at reboot.
struct RunDirectory: Sendable, Hashable {
    /// `/run/kdash` for root, `$XDG_RUNTIME_DIR/kdash` for users (a directory below /tmp where that is not set).
    let base: String

    init(environment: Environment = .current) {
        if geteuid() == 0 {
            base = "/run/kdash"
        } else if let runtime = environment["XDG_RUNTIME_DIR"] {
            base = runtime + "/kdash"
        } else {
            base = "/tmp/kdash-\(getuid())"
        }
    }

    /// What all clusters of the user's share.
    var shared: SharedDirectory { SharedDirectory(base) }
    /// One cluster's directory.
    func cluster(_ id: String) -> String { "\(base)/\(id)" }
    /// One node's directory, with the supervisor's socket.
    func node(_ id: String, _ name: String) -> String { "\(base)/\(id)/\(name)" }
}
