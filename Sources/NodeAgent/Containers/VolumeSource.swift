import APIMachinery
import Glibc
import JSONCore
import KubeSchemas
import LinuxKernel

/// Where one volume of a pod lies, and how it comes into being.
struct VolumeSource: Sendable {
    enum Kind: Sendable, Hashable {
        /// An empty directory that lives as long as the pod.
        case emptyDirectory
        /// A path of the node: never of the workstation.
        case nodePath(String, type: String)
    }

    let name: String
    let kind: Kind
    /// The path as the node sees it.
    let nodePath: String
    /// The path on the host that is created for an empty directory; empty for a node path.
    let hostPath: String

    init(_ volume: JSONValue, pod: Pod, paths: NodePaths) throws(ConfigurationError) {
        name = volume["name"]?.stringValue ?? ""
        if let path = volume["hostPath"]?["path"]?.stringValue {
            guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                throw ConfigurationError("volume \(name): hostPath \(path) must be absolute, without ..")
            }
            kind = .nodePath(path, type: volume["hostPath"]?["type"]?.stringValue ?? "")
            nodePath = path
            hostPath = ""
        } else if volume["emptyDir"] != nil || volume.objectValue?.count == 1 {
            kind = .emptyDirectory
            hostPath = paths.volume(pod.object.uid, name)
            nodePath = paths.node(hostPath)
        } else {
            let type = volume.objectValue?.keys.first { $0 != "name" } ?? "unknown"
            throw ConfigurationError("volume \(name): volumes of type \(type) are not supported; use emptyDir or hostPath")
        }
    }

    /// Makes what must exist before a container starts. `nodeRoot` is the node's `/` on the host.
    func prepare(fsGroup: Int64?, nodeRoot: String) throws(ConfigurationError) {
        do throws(SystemError) {
            switch kind {
            case .emptyDirectory: try prepareEmptyDirectory(fsGroup: fsGroup)
            case .nodePath(let path, let type): try prepareNodePath(path, type: type, root: nodeRoot)
            }
        } catch {
            throw ConfigurationError("volume \(name): \(error)")
        }
    }

    private func prepareEmptyDirectory(fsGroup: Int64?) throws(SystemError) {
        if FileSystem.exists(hostPath) { return }
        try FileSystem.makeDirectories(hostPath, mode: 0o777)
        let path = hostPath
        try SystemError.check("chmod", path) { chmod(path, fsGroup == nil ? 0o777 : 0o2777) }
        if let fsGroup, let group = UInt32(exactly: fsGroup) {
            try SystemError.check("chown", path) { chown(path, 0, group) }
        }
    }

    private func prepareNodePath(_ path: String, type: String, root: String) throws(SystemError) {
        let directory = try FileDescriptor.open(root, Self.pathOnly | O_DIRECTORY)
        let exists = Self.exists(path, beneath: directory)
        switch type {
        case "Directory", "File", "Socket", "CharDevice", "BlockDevice":
            // /proc, /dev and /sys exist only inside the node; the supervisor answers for them.
            let isVirtual = ["/proc", "/dev", "/sys", "/run", "/tmp"].contains { path == $0 || path.hasPrefix($0 + "/") }
            if !exists, !isVirtual { throw SystemError(call: "open", errno: ENOENT, arguments: "hostPath \(path) in the node, type \(type)") }
        case "FileOrCreate":
            if !exists { try makeFile(path, beneath: directory) }
        default:
            if !exists { try makeDirectories(path, beneath: directory) }
        }
    }

    private static let pathOnly: CInt = 0x20_0000  // O_PATH, which Swift's Glibc module leaves out.
    private static let inRoot: UInt64 = 0x10  // RESOLVE_IN_ROOT

    private static func exists(_ path: String, beneath root: borrowing FileDescriptor) -> Bool {
        do throws(SystemError) {
            _ = try FileDescriptor.openResolving(path, pathOnly, resolve: inRoot, at: root.raw)
            return true
        } catch {
            return false
        }
    }

    /// Creates every missing part of `path` as the node would, never following a link out of its root.
    private func makeDirectories(_ path: String, beneath root: borrowing FileDescriptor) throws(SystemError) {
        var made = ""
        for part in path.split(separator: "/") {
            let parent = try FileDescriptor.openResolving(made.isEmpty ? "/" : made, Self.pathOnly | O_DIRECTORY, resolve: Self.inRoot, at: root.raw)
            let name = String(part)
            if mkdirat(parent.raw, name, 0o755) != 0, errno != EEXIST { throw .last("mkdirat", "\(made)/\(name)") }
            made += "/" + name
        }
    }

    private func makeFile(_ path: String, beneath root: borrowing FileDescriptor) throws(SystemError) {
        let folder = FileSystem.directory(of: path)
        try makeDirectories(folder, beneath: root)
        let parent = try FileDescriptor.openResolving(folder, Self.pathOnly | O_DIRECTORY, resolve: Self.inRoot, at: root.raw)
        _ = try FileDescriptor.open(FileSystem.name(of: path), O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o644, at: parent.raw)
    }
}
