import Glibc
import LinuxKernel

/// The directory of one cluster and the names of everything in it.
struct DataDirectory: Sendable, Hashable {
    /// Absolute path without a trailing slash.
    let path: String

    /// The directory that `--data-dir` names, else /var/lib/kdash for root, else $XDG_DATA_HOME/kdash or ~/.local/share/kdash.
    init(option: String?, environment: Environment = .current) {
        if let option {
            path = environment.absolute(option)
        } else if geteuid() == 0 {
            path = Self.systemPath
        } else {
            path = environment.dataHome + "/kdash"
        }
    }

    init(path: String) {
        self.path = path
    }

    /// Where root's cluster lives unless told otherwise.
    static let systemPath = "/var/lib/kdash"

    /// The identity and the choices made at creation (`ClusterInstance`). Its presence makes the directory a cluster's.
    var instance: String { path + "/instance" }
    /// Held locked by the daemon for its whole life; contains its pid until it was asked to end and did.
    var lock: String { path + "/lock" }
    /// Settings of the user; command-line flags win.
    var configuration: String { path + "/config.yaml" }
    /// The administrator's kubeconfig, mode 0600.
    var kubeconfig: String { path + "/kubeconfig" }
    var pki: String { path + "/pki" }
    var store: String { path + "/store.db" }
    var images: String { path + "/images" }
    var pods: String { path + "/pods" }
    /// The local provisioner's volumes: `volumes/<name>`.
    var volumes: String { path + "/volumes" }
    var logs: String { path + "/logs" }
    /// Folders of this machine that the nodes have (`NodeShares`).
    var shares: String { path + "/shares" }
    /// Private roots of the nodes: `nodes/<name>/root`.
    var nodes: String { path + "/nodes" }
    /// Certificates of users who started the cluster through sudo: `users/<uid>/`.
    var users: String { path + "/users" }
    /// The kubeconfig of a user who started the cluster through sudo, readable by that user only.
    func userKubeconfig(_ uid: UInt32) -> String { "\(users)/\(uid)/kubeconfig" }
    /// Where the user puts the files of static pods.
    var manifests: String { path + "/manifests" }
    /// What the daemon says; rotated at its start.
    var daemonLog: String { path + "/daemon.log" }
    /// Who did what, one JSON document a line, when `auditLog` is on; up to four older ones are kept as `audit.log.1` and so on.
    var auditLog: String { path + "/audit.log" }
    /// What `up` added to a kubeconfig of the user, so that purge removes exactly that.
    var mergedKubeconfig: String { path + "/merged-kubeconfig" }

    /// Every name that kdash itself makes in the directory. Purge removes these and nothing else.
    var ownEntries: [String] {
        [
            auditLog, "\(auditLog).1", "\(auditLog).2", "\(auditLog).3", "\(auditLog).4", kubeconfig, pki, store, store + "-wal", store + "-shm", images, pods,
            volumes, logs, nodes, users, daemonLog, daemonLog + ".1",
            mergedKubeconfig, shares, configuration, lock, instance,
        ]
    }
}
