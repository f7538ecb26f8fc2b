import CLinux
import Glibc
import LinuxKernel

/// The node's own file system, seen from the daemon through its first process.
struct NodeTree: Sendable {
    /// Process id of the node's first process as the daemon sees it.
    let pid: Int32

    private static let inRoot = UInt64(KD_RESOLVE_IN_ROOT | KD_RESOLVE_NO_MAGICLINKS)
    private static let pathOnly = CInt(KD_O_PATH)

    /// The file type at a path of the node, as in `st_mode & S_IFMT`, links followed inside the node; nil when nothing is there.
    func fileType(_ path: String) throws(SystemError) -> mode_t? {
        do throws(SystemError) {
            return try open(path).status().st_mode & S_IFMT
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return nil
        }
    }

    /// Opens a path of the node (O_PATH), links followed inside the node.
    func open(_ path: String) throws(SystemError) -> FileDescriptor {
        let root = try FileDescriptor.open("/proc/\(pid)/root", Self.pathOnly | O_DIRECTORY)
        let relative = String(path.drop { $0 == "/" })
        return try FileDescriptor.openResolving(relative.isEmpty ? "." : relative, Self.pathOnly, resolve: Self.inRoot, at: root.raw)
    }

    /// Reads a file of the node.
    func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let root = try FileDescriptor.open("/proc/\(pid)/root", Self.pathOnly | O_DIRECTORY)
        let relative = String(path.drop { $0 == "/" })
        let file = try FileDescriptor.openResolving(relative, O_RDONLY | O_NONBLOCK, resolve: Self.inRoot, at: root.raw)
        return try FileSystem.readAll(file, limit: limit, named: path)
    }

    /// Mounts memory at a directory of the node, where containers that start later see it; it goes with the node.
    func mountMemory(at path: String, size: ByteCount?) async throws(SystemError) {
        let options = "mode=0777" + (size.map { ",size=\(max($0.value, 4096))" } ?? "")
        try await inside { () throws(SystemError) in
            try SystemError.check("mount", "tmpfs, \(path)") { mount("tmpfs", path, "tmpfs", UInt(MS_NOSUID | MS_NODEV), options) }
        }
    }

    /// The same in huge pages of a size, which only containers that have a limit of them can fill.
    func mountHugePages(at path: String, pageSize: ByteCount, limit: ByteCount?) async throws(SystemError) {
        let options = "mode=0777,pagesize=\(pageSize.value)" + (limit.map { ",size=\($0.value)" } ?? "")
        try await inside { () throws(SystemError) in
            try SystemError.check("mount", "hugetlbfs, \(path)") { mount("hugetlbfs", path, "hugetlbfs", UInt(MS_NOSUID | MS_NODEV), options) }
        }
    }

    /// Mounts image layers, the uppermost first, at a directory of the node, read-only and without programs; it goes with the node.
    func mountLayers(_ layers: [String], at path: String) async throws(SystemError) {
        try await inside { () throws(SystemError) in
            let flags = UInt(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
            // Named from their common folder, since all names together must fit into one page. The thread's folder is its own.
            let folder = "\(NodePaths.nodeBase)/images/layers/"
            try SystemError.check("chdir", folder) { chdir(folder) }
            let names = layers.map { $0.hasPrefix(folder) ? String($0.dropFirst(folder.count)) : $0 }.joined(separator: ":")
            // An empty folder below all: one layer alone is no overlay.
            let base = "/run/.kdash/base/proc"
            guard names.utf8.count < 4000 else {
                throw SystemError(call: "mount", errno: E2BIG, arguments: "\(layers.count) layers: join them when the image is built")
            }
            try SystemError.check("mount", "overlay of \(layers.count) layers, \(path)") {
                mount("overlay", path, "overlay", flags, "lowerdir=\(names):\(base)")
            }
        }
    }

    /// Gives a directory of the node to a group that may write it; what is made in it inherits the group.
    func own(_ path: String, group: UInt32) async throws(SystemError) {
        try await inside { () throws(SystemError) in
            try SystemError.check("chown", path) { chown(path, uid_t.max, group) }
            try SystemError.check("chmod", path) { chmod(path, 0o2777) }
        }
    }

    /// Takes memory back or lets go of an image; nothing mounted there is success.
    func unmount(at path: String) async throws(SystemError) {
        try await inside { () throws(SystemError) in
            // MNT_DETACH | UMOUNT_NOFOLLOW
            if umount2(path, 2 | 8) != 0, errno != EINVAL, errno != ENOENT { throw .last("umount2", path) }
        }
    }

    /// Runs `body` on a thread of its own that has joined the node's mount namespace and ends in it.
    func inside(_ body: @escaping @Sendable () throws(SystemError) -> Void) async throws(SystemError) {
        let pid = pid
        try await KernelThread.run("kdash-mount") { () throws(SystemError) in
            let namespace = try FileDescriptor.open("/proc/\(pid)/ns/mnt", O_RDONLY)
            let raw = namespace.raw
            // A thread that shares its working directory with others cannot change its mount namespace.
            try SystemError.check("unshare", "CLONE_FS") { kd_unshare(0x200) }
            try SystemError.check("setns", "CLONE_NEWNS") { kd_setns(raw, CInt(KD_CLONE_NEWNS)) }
            try body()
        }
    }
}
