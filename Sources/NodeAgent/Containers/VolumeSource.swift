import APIMachinery
import ContainerRuntime
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

    /// Makes what must exist before a container starts. Paths of the node are made inside the node, where a pod's links cannot lead out.
    func prepare(fsGroup: Int64?) throws(ConfigurationError) {
        guard case .emptyDirectory = kind else { return }
        do throws(SystemError) {
            try prepareEmptyDirectory(fsGroup: fsGroup)
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

    /// What the supervisor makes when the source is missing.
    var creation: Mount.Creation? {
        guard case .nodePath(_, let type) = kind else { return nil }
        return switch type {
        case "", "DirectoryOrCreate": .directory
        case "FileOrCreate": .file
        default: nil
        }
    }

    /// What the source must be.
    var requiredType: UInt32? {
        guard case .nodePath(_, let type) = kind else { return nil }
        return switch type {
        case "Directory", "DirectoryOrCreate": UInt32(S_IFDIR)
        case "File", "FileOrCreate": UInt32(S_IFREG)
        case "Socket": UInt32(S_IFSOCK)
        case "CharDevice": UInt32(S_IFCHR)
        case "BlockDevice": UInt32(S_IFBLK)
        default: nil
        }
    }
}
