import Glibc
import JSONCore
import KubeClient
import LinuxKernel

/// Sends an image archive to the daemon.
struct ImageUpload: Sendable {
    let client: DaemonClient

    /// Loads `path` (`-` is standard input); returns the names of the images in it.
    func load(_ path: String) throws(CommandError) -> [String] {
        let bytes: [UInt8]
        do throws(SystemError) {
            if path == "-" {
                bytes = try FileSystem.readAll(FileDescriptor(dup(0)), limit: .max, named: "standard input")
            } else {
                bytes = try FileSystem.readFile(path, limit: .max)
            }
        } catch {
            throw CommandError("cannot read image archive \(path): \(error)")
        }
        let value = try Blocking.run { () throws(CommandError) in try await client.call(.post, "/images/load", body: bytes) }
        return (value["images"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
    }
}
