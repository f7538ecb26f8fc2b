import APIMachinery
import ContainerRuntime
import Glibc
import KubeSchemas
import LinuxKernel

/// Where one volume of a pod lies, and what the runtime must find there. Pure.
struct VolumeLocation: Sendable {
    enum Kind: Sendable, Hashable {
        /// An empty directory that lives as long as the pod.
        case emptyDirectory
        /// As before, in memory.
        case memory(ByteCount?)
        /// As before, in huge pages of a size.
        case hugePages(pageSize: ByteCount, limit: ByteCount?)
        /// Files made from API objects.
        case files
        /// A path of the node: never of the workstation.
        case nodePath(type: String)
    }

    let kind: Kind
    /// The path as the node sees it.
    let nodePath: String
    /// Whether containers may only read it, whatever their mounts say.
    let isReadOnly: Bool
    /// Whether it already shows itself to the pod's own users.
    let isMapped: Bool

    /// `claimed` is what the volume's claim or image stands for, when it has one.
    init(_ volume: Volume, pod: Pod, paths: NodePaths, claimed: ClaimedVolume? = nil) throws(VolumeProblem) {
        // Files that the node manages are read-only for containers. Source: kubelet, since 1.9.6.
        isReadOnly = claimed?.isReadOnly ?? volume.projectsFiles
        isMapped = claimed?.isMapped ?? false
        let own = paths.node(paths.volume(pod.uid, volume.name))
        switch volume.sourceKind {
        case "hostPath":
            let source = volume.hostPath ?? HostPathSource()
            guard source.path.hasPrefix("/"), !source.path.split(separator: "/").contains("..") else {
                throw VolumeProblem(message: "hostPath \(source.path) must be absolute, without ..")
            }
            (kind, nodePath) = (.nodePath(type: source.type), source.path)
        case "emptyDir":
            let source = volume.emptyDir ?? EmptyDirSource()
            (kind, nodePath) = (try Self.emptyDirectory(source, pod), own)
        case "configMap", "secret", "downwardAPI", "projected":
            (kind, nodePath) = (.files, own)
        case "persistentVolumeClaim", "ephemeral", "image":
            guard let claimed else { throw VolumeProblem(message: "volume \(volume.name) is not ready") }
            (kind, nodePath) = (.nodePath(type: claimed.type), claimed.path)
        default:
            let known = "emptyDir, hostPath, persistentVolumeClaim, ephemeral, image, configMap, secret, downwardAPI or projected"
            throw VolumeProblem(message: "volumes of type \(volume.sourceKind) are not supported; use \(known)")
        }
    }

    private static func emptyDirectory(_ source: EmptyDirSource, _ pod: Pod) throws(VolumeProblem) -> Kind {
        switch source.medium {
        case "": return .emptyDirectory
        case "Memory": return .memory(memorySize(source, pod))
        case let medium where medium == "HugePages" || medium.hasPrefix("HugePages-"):
            let limit = source.sizeLimit.flatMap { $0.isZero ? nil : ByteCount($0.value) }
            return .hugePages(pageSize: try pageSize(medium, pod), limit: limit)
        default: throw VolumeProblem(message: "emptyDir medium \(source.medium) is not supported; use Memory, HugePages, HugePages-<size> or none")
        }
    }

    /// The size of pages that a medium names, or the only one that the pod asks for. Source: the kubelet's getPageSizeMountOption.
    private static func pageSize(_ medium: String, _ pod: Pod) throws(VolumeProblem) -> ByteCount {
        let limits = PodResources(pod.spec).limits.filter { !$0.value.isZero }
        let sizes = Set(limits.keys.compactMap { HugePageResource.pageSize($0) })
        guard medium != "HugePages" else {
            guard let only = sizes.first, sizes.count == 1 else {
                throw VolumeProblem(
                    message: "medium HugePages: the pod's limits have \(sizes.count) sizes of huge pages and not one; name it, as in HugePages-2Mi")
            }
            return only
        }
        let name = HugePageResource.prefix + medium.dropFirst("HugePages-".count)
        guard let size = HugePageResource.pageSize(name), sizes.contains(size) else {
            throw VolumeProblem(message: "medium \(medium): no container of the pod has a limit of \(name)")
        }
        return size
    }

    /// The smaller of the volume's limit and the pod's, whose memory it is; nil when there is neither. Source: the kubelet's calculateEmptyDirMemorySize.
    private static func memorySize(_ source: EmptyDirSource, _ pod: Pod) -> ByteCount? {
        [source.sizeLimit.map { ByteCount($0.value) }, ResourceLimits(pod: pod).memoryLimit].compactMap { $0 }.filter { $0 > .zero }.min()
    }

    /// What the supervisor makes when the source is missing.
    var creation: Mount.Creation? {
        guard case .nodePath(let type) = kind else { return nil }
        return switch type {
        case "", "DirectoryOrCreate": .directory
        case "FileOrCreate": .file
        default: nil
        }
    }

    /// What the source must be; nil for anything.
    var requiredType: UInt32? {
        guard case .nodePath(let type) = kind else { return nil }
        return switch type {
        case "Directory", "DirectoryOrCreate": UInt32(S_IFDIR)
        case "File", "FileOrCreate": UInt32(S_IFREG)
        case "Socket": UInt32(S_IFSOCK)
        case "CharDevice": UInt32(S_IFCHR)
        case "BlockDevice": UInt32(S_IFBLK)
        default: nil
        }
    }

    /// What is wrong with a node path whose file type is `found` (nil: nothing is there); nil when it will do.
    func complaint(found: mode_t?) -> String? {
        guard case .nodePath(let type) = kind, let required = requiredType else { return nil }
        guard let found else {
            return creation == nil ? "hostPath type check failed: \(nodePath) is not a \(Self.noun(type))\(shareHint ?? "")" : nil
        }
        return UInt32(found) == required ? nil : "hostPath type check failed: \(nodePath) is not a \(Self.noun(type))"
    }

    /// For a path that the machine has and the node has not: what brings it in.
    var shareHint: String? {
        guard case .nodePath = kind, FileSystem.exists(nodePath) else { return nil }
        let folder = FileSystem.isDirectory(nodePath) ? nodePath : FileSystem.directory(of: nodePath)
        guard NodeShare(path: folder, isReadOnly: false).refusal(data: nil) == nil else { return nil }
        return " of the node, which has files of its own; `kdash share add \(folder)` brings in the machine's"
    }

    private static func noun(_ type: String) -> String {
        switch type {
        case "File", "FileOrCreate": "file"
        case "Socket": "socket file"
        case "CharDevice": "character device"
        case "BlockDevice": "block device"
        default: "directory"
        }
    }
}
