import Glibc
import LinuxKernel
import ViewModels

/// Which cluster of this machine a command is about, and how its user reaches it.
struct ClusterAccess: Sendable, Hashable {
    let directory: DataDirectory
    /// The kubeconfig that this user may read.
    let kubeconfig: String
    /// This user may start, stop and remove the cluster; otherwise it was started through sudo.
    let isOwn: Bool

    /// The cluster that `--data-dir` names, else the user's own; without one, the cluster that this user started through sudo.
    init(option: String?) {
        let own = DataDirectory(option: option)
        let system = DataDirectory(path: DataDirectory.systemPath)
        let granted = system.userKubeconfig(getuid())
        if option != nil, geteuid() != 0, Self.isRoots(own.path) {
            // Named, and yet not this user's: it is reached as whoever started it through sudo was allowed to.
            (directory, kubeconfig, isOwn) = (own, own.userKubeconfig(getuid()), false)
            return
        }
        isOwn = option != nil || geteuid() == 0 || FileSystem.exists(own.instance) || access(granted, R_OK) != 0
        directory = isOwn ? own : system
        kubeconfig = isOwn ? own.kubeconfig : granted
    }

    private static func isRoots(_ path: String) -> Bool {
        // best effort: a directory that cannot be looked at says so when it is used.
        guard let status = (try? FileSystem.status(path)) ?? nil, status.st_uid == 0 else { return false }
        return access(path, W_OK) != 0
    }

    /// The cluster of a directory that is the caller's.
    init(own directory: DataDirectory) {
        self.directory = directory
        kubeconfig = directory.kubeconfig
        isOwn = true
    }

    /// What to type for a verb on this cluster, in the shell that kdash was started from.
    func command(_ verb: String) -> String {
        // Behind sudo the shell is not root's.
        let needsRoot = !isOwn || Environment.current.sudoUser != nil
        let isFoundUnnamed = directory == (needsRoot ? DataDirectory(path: DataDirectory.systemPath) : DataDirectory(option: nil))
        return ShellText.line(
            (needsRoot ? ["sudo"] : []) + ["kdash"] + verb.split(separator: " ").map(String.init) + (isFoundUnnamed ? [] : ["--data-dir", directory.path]))
    }

    /// Throws, naming what root has to run, when the cluster is not this user's to start and stop.
    func requireOwn(_ verb: String) throws(CommandError) {
        guard !isOwn else { return }
        throw CommandError(
            "the cluster in \(directory.path) was started through sudo; run `\(command(verb))`, or use --data-dir for a cluster of your own")
    }
}
