import Glibc
package import LinuxKernel

/// The directories of the local provisioner's volumes, `volumes/<name>` below the cluster's data directory. They hold what containers
/// wrote: reached by descriptors only, so that no link in them leads out.
package struct LocalVolumes: Sendable {
    /// The cluster's data directory.
    private let data: String

    /// The volumes below a cluster's data directory.
    package init(data: String) { self.data = data }

    /// Makes a volume's directory, open to every user of a container; one that is there keeps what it holds.
    package func make(_ name: String) async throws(SystemError) {
        let data = data
        try Self.check(name)
        try await KernelThread.run("kdash-volume") { () throws(SystemError) in
            let base = try SafeDirectory.make("volumes", below: data, mode: 0o700)
            let made = try SafeDirectory.make("volumes/\(name)", below: data, mode: 0o777)
            // A claim is bound to it next: it must be there after the machine lost its power.
            for raw in [made.raw, base.raw] { try SystemError.check("fsync", name) { fsync(raw) } }
        }
    }

    /// Removes a volume's directory with all it holds; one that is not there is removed already.
    package func remove(_ name: String) async throws(SystemError) {
        let data = data
        try Self.check(name)
        try await KernelThread.run("kdash-volume") { () throws(SystemError) in
            let base = try SafeDirectory.make("volumes", below: data, mode: 0o700)
            try FileSystem.removeTree(name, at: base.raw)
        }
    }

    /// Only a single name, so that nothing outside can be meant.
    private static func check(_ name: String) throws(SystemError) {
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.utf8.contains(0), name.utf8.count <= 255 else {
            throw SystemError(call: "openat2", errno: EINVAL, arguments: "the volume's name \"\(name)\" is no file name")
        }
    }
}
