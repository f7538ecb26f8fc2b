import APIMachinery
import CLinux
import ContainerRuntime
import Glibc
import KubeClient
import LinuxKernel

/// The root directory of a container, as its programs see it; of one that has ended, what it left, read-only.
struct ContainerRoot: ~Copyable {
    let descriptor: FileDescriptor
    let isRunning: Bool
    /// The users of its pod's own, as the machine numbers them; nil for the node's.
    var users: HostIDRange?

    private static let inRoot = UInt64(KD_RESOLVE_IN_ROOT | KD_RESOLVE_NO_MAGICLINKS)

    /// Opens a path inside, following links inside of the root only, wherever they point.
    func open(_ path: FilePath, _ flags: CInt, mode: mode_t = 0) throws(SystemError) -> FileDescriptor {
        try Self.open(path.bytes, flags, mode: mode, at: descriptor.raw)
    }

    /// Opens a path below a directory that was opened inside; a link at its end is not followed.
    static func openEntry(_ name: FilePath, _ flags: CInt, mode: mode_t = 0, at directory: CInt) throws(SystemError) -> FileDescriptor {
        try open(name.bytes, flags | O_NOFOLLOW, mode: mode, at: directory)
    }

    private static func open(_ bytes: [UInt8], _ flags: CInt, mode: mode_t, at directory: CInt) throws(SystemError) -> FileDescriptor {
        let relative = bytes.drop { $0 == UInt8(ascii: "/") }
        let text = (relative.isEmpty ? [UInt8(ascii: ".")] : Array(relative)).map { CChar(bitPattern: $0) } + [0]
        return FileDescriptor(
            try SystemError.check("openat2", FilePath(bytes: bytes).description) {
                kd_openat2(directory, text, UInt64(flags | O_CLOEXEC), UInt64(mode), inRoot)
            })
    }

    /// Of a process, which a descriptor holds so that its number means no other one.
    static func running(pid: Int32) throws(SystemError) -> ContainerRoot {
        let map = (try? FileSystem.readText("/proc/\(pid)/uid_map")) ?? ""  // best effort: one that ends is found out by who asks
        return ContainerRoot(
            descriptor: try FileDescriptor.open("/proc/\(pid)/root", CInt(KD_O_PATH) | O_DIRECTORY), isRunning: true, users: HostIDRange(map: map))
    }

    /// From now on what this thread makes inside belongs to the container's root: nobody else's files have a place there. Nothing where that is the
    /// machine's.
    func makeFilesAsItsRoot() throws(SystemError) {
        guard let first = users?.first else { return }
        try SystemError.check("setfsuid", "\(first)") { kd_make_files_as(first) }
    }

    /// Of a container that has ended: its layers, the uppermost first, joined again. They are mounted on a thread with mounts of its own, which
    /// end with it; the descriptor keeps them.
    static func ended(layers: [String], mountedAt place: String) throws(SystemError) -> ContainerRoot {
        // A thread that shares its working directory with others cannot leave its mount namespace.
        try SystemError.check("unshare", "CLONE_FS, CLONE_NEWNS") { kd_unshare(CInt(KD_CLONE_NEWNS) | 0x200) }
        try SystemError.check("mount", "/ as private") { mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
        // Layers are named by their descriptors: their paths may hold what ends an option.
        var open: [CInt] = []
        defer { for raw in open { close(raw) } }
        for layer in layers { open.append(try FileDescriptor.open(layer, CInt(KD_O_PATH) | O_DIRECTORY).release()) }
        let lower = open.map { "/proc/self/fd/\($0)" }.joined(separator: ":")
        try SystemError.check("mount", "overlay of \(layers.count) layers") {
            mount("overlay", place, "overlay", UInt(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC), "lowerdir=\(lower)")
        }
        return ContainerRoot(descriptor: try FileDescriptor.open(place, CInt(KD_O_PATH) | O_DIRECTORY), isRunning: false)
    }
}

extension SystemError {
    /// What the user of a container's files is told.
    var fileStatus: APIStatus {
        switch errno {
        case ENOENT, ENOTDIR: APIStatus(code: 404, reason: .notFound, message: "\(arguments): \(reason)")
        case ELOOP: .badRequest("\(arguments): a link that leads nowhere, in a circle or into the kernel's own files")
        case EROFS: .badRequest("\(arguments) lies in a file system that is read-only")
        case EACCES, EPERM: .badRequest("\(arguments): the node may not do that (\(call): \(name))")
        case ENOSPC, EDQUOT: .badRequest("\(arguments): no space is left")
        case ENAMETOOLONG: .badRequest("\(arguments): the name is too long")
        default: .badRequest("\(arguments): \(reason) (\(call))")
        }
    }
}
