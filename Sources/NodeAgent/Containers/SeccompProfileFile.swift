import CLinux
import ContainerRuntime
import Glibc
import LinuxKernel

/// A system call filter that a pod names by its file: `localhostProfile`, below `seccomp` in the data directory.
struct SeccompProfileFile: Sendable {
    /// What is wrong with it, with its place.
    struct Failure: Error, Sendable, Hashable {
        let message: String
    }

    private static let sizeLimit = 1 << 20

    /// As the pod names it, relative to the folder.
    let name: String
    let paths: NodePaths

    /// The filter's bytes. Reads the file: it may have changed since the last container.
    func program() throws(Failure) -> [UInt8] {
        let place = "\(paths.seccomp)/\(name)"
        guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
            throw Failure(message: "localhostProfile \"\(name)\" must be a path below \(paths.seccomp), without ..")
        }
        let bytes: [UInt8]
        do throws(SystemError) {
            let folder = try FileDescriptor.open(paths.seccomp, O_RDONLY | O_DIRECTORY)
            let inFolder = UInt64(KD_RESOLVE_BENEATH | KD_RESOLVE_NO_MAGICLINKS)
            let file = try FileDescriptor.openResolving(name, O_RDONLY | O_NONBLOCK, resolve: inFolder, at: folder.raw)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "open", errno: EINVAL, arguments: "\(place) is no file") }
            bytes = try FileSystem.readAll(file, limit: Self.sizeLimit, named: place)
        } catch {
            throw Failure(message: "cannot load seccomp profile \"\(place)\": \(error); put the profile's JSON there")
        }
        do throws(RuntimeError) {
            return try SeccompRules(json: bytes).program()
        } catch {
            throw Failure(message: "cannot load seccomp profile \"\(place)\": \(error.message)")
        }
    }
}
