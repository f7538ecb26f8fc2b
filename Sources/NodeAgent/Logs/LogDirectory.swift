import Glibc
import LinuxKernel

/// Where a container's log lies: `logs/<namespace>_<pod>_<uid>/<container>/<attempt>.log`, rotated to `.log.1` (newest) and up;
/// for a moment the next file is called `.log.new`.
///
/// Source: the kubelet's /var/log/pods layout; the suffix numbers are ours, because the writer itself rotates.
struct LogDirectory: Sendable {
    /// Absolute path of `logs` on the host.
    let root: String

    /// The directory of one pod's logs, relative to the root.
    static func name(namespace: String, pod: String, uid: String) -> String {
        "\(namespace)_\(pod)_\(uid)"
    }

    func path(namespace: String, pod: String, uid: String, container: String) -> String {
        "\(root)/\(Self.name(namespace: namespace, pod: pod, uid: uid))/\(container)"
    }

    /// The attempts that still have a log, ascending.
    static func attempts(in directory: String) -> [Int] {
        let names = (try? FileSystem.names(in: directory)) ?? []  // best effort: a container that never started has no directory
        return names.compactMap { name in
            name.hasSuffix(".log") ? Int(name.dropLast(4)) : nil
        }.sorted()
    }
}
