import Glibc
import JSONCore
import KubeClient
import LinuxKernel

/// Adds the context `kdash` to the user's kubeconfig and takes exactly that out again.
struct KubeconfigMerge: Sendable {
    let directory: DataDirectory
    var environment = Environment.current
    /// Name of the cluster, user and context.
    static let name = "kdash"

    /// Credentials that the entry points to, by file, so that a renewal needs no second write.
    struct Credentials: Sendable, Hashable {
        var server: String
        var authorityPath: String
        var certificatePath: String
        var keyPath: String
    }

    /// The first file of $KUBECONFIG, else ~/.kube/config; of the user behind sudo, when there is one.
    var target: String {
        if let listed = environment["KUBECONFIG"]?.split(separator: ":").first, environment.sudoUser == nil { return String(listed) }
        return (environment.sudoUser?.home ?? environment.home) + "/.kube/config"
    }

    /// The entry that is added.
    static func entry(_ credentials: Credentials) -> KubeconfigEntry {
        KubeconfigEntry(
            name: name, server: credentials.server, certificateAuthority: credentials.authorityPath,
            clientCertificate: credentials.certificatePath, clientKey: credentials.keyPath)
    }

    /// Merges; returns what the user should know, for example that an entry of theirs has the name already.
    func add(_ credentials: Credentials) async -> [String] {
        let path = target
        let entry = Self.entry(credentials)
        do {
            let record: JSONValue = [
                "path": .string(path), "name": .string(entry.name), "server": .string(entry.server),
                "certificateAuthority": .string(entry.certificateAuthority), "clientCertificate": .string(entry.clientCertificate),
                "clientKey": .string(entry.clientKey),
            ]
            if try load() != record {
                try await remove()
                _ = try await file(path).add(entry)
                try FileSystem.writeAtomically(directory.mergedKubeconfig, JSON.encode(record), mode: 0o600)
            } else {
                _ = try await file(path).add(entry)
            }
            return []
        } catch {
            return ["the context \(Self.name) was not added to \(path): \(error); use it with: export KUBECONFIG=\(directory.kubeconfig)"]
        }
    }

    /// Removes what `add` added, from the file it was added to.
    func remove() async throws {
        guard let record = try load() else { return }
        func text(_ field: String) -> String { record[field]?.stringValue ?? "" }
        let entry = KubeconfigEntry(
            name: text("name"), server: text("server"), certificateAuthority: text("certificateAuthority"),
            clientCertificate: text("clientCertificate"), clientKey: text("clientKey"))
        _ = try await file(text("path")).remove(entry)
        try FileSystem.removeFile(directory.mergedKubeconfig)
    }

    private func load() throws -> JSONValue? {
        guard FileSystem.exists(directory.mergedKubeconfig) else { return nil }
        return try JSON.parse(try FileSystem.readFile(directory.mergedKubeconfig, limit: 1 << 16))
    }

    private func file(_ path: String) -> KubeconfigFile {
        KubeconfigFile(path: path, owner: environment.sudoUser.map { .init(user: $0.uid, group: $0.gid) })
    }
}
