import APIServer
import Glibc
import KubeClient
import LinuxKernel

/// Lets the user behind sudo use the cluster without sudo: certificate, key and kubeconfig of their own below `users/<uid>`.
struct SudoUserAccess: Sendable {
    let directory: DataDirectory
    let user: Environment.User

    /// Writes the files, readable by that user only, and returns where a kubeconfig entry finds them.
    func grant(_ pki: ClusterPKI, server: String) throws(CommandError) -> KubeconfigMerge.Credentials {
        let folder = FileSystem.directory(of: directory.userKubeconfig(user.uid))
        let credentials = KubeconfigMerge.Credentials(
            server: server, authorityPath: folder + "/ca.crt", certificatePath: folder + "/client.crt", keyPath: folder + "/client.key")
        do {
            let pair = try pki.issueClient(user: ClusterPKI.adminUser, groups: ["system:masters"])
            try FileSystem.makeDirectories(folder, mode: 0o711)
            try own(credentials.authorityPath, try pki.authorityPEM())
            try own(credentials.certificatePath, pair.certificate)
            try own(credentials.keyPath, pair.key)
            let entry = KubeconfigMerge.entry(credentials).standaloneFile
            try own(directory.userKubeconfig(user.uid), String(decoding: entry, as: UTF8.self))
        } catch {
            throw CommandError("cannot give user \(user.uid) access to the cluster: \(error)")
        }
        return credentials
    }

    private func own(_ path: String, _ text: String) throws(SystemError) {
        try FileSystem.writeAtomically(path, Array(text.utf8), mode: 0o600)
        let (uid, gid) = (user.uid, user.gid)
        try SystemError.check("chown", path) { chown(path, uid, gid) }
    }
}
