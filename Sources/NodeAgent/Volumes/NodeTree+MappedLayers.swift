import CLinux
import ContainerRuntime
import Glibc
import LinuxKernel

extension NodeTree {
    /// As ``mountLayers(_:at:)``, for pods with users of their own: layers are mapped each by itself, as what overlay joins of them cannot be.
    func mountMapped(_ layers: [String], at path: String, users: HostIDRange) async throws(SystemError) {
        let pid = pid
        try await KernelThread.run("kdash-mount") { () throws(SystemError) in
            // While /proc is the machine's.
            let lines = "0 \(users.first) \(users.count)\n"
            let map = FileDescriptor(try SystemError.check("clone", "CLONE_NEWUSER") { kd_user_namespace(lines, lines) })
            let namespace = try FileDescriptor.open("/proc/\(pid)/ns/mnt", O_RDONLY)
            let (raw, mapRaw) = (namespace.raw, map.raw)
            // A thread that shares its working directory with others cannot change its mount namespace.
            try SystemError.check("unshare", "CLONE_FS") { kd_unshare(0x200) }
            try SystemError.check("setns", "CLONE_NEWNS") { kd_setns(raw, CInt(KD_CLONE_NEWNS)) }
            let joined = try Self.join(layers, map: mapRaw)
            try SystemError.check("setns", "CLONE_NEWNS") { kd_setns(raw, CInt(KD_CLONE_NEWNS)) }
            let target = try FileDescriptor.open(path, CInt(KD_O_PATH) | O_DIRECTORY | O_NOFOLLOW)
            let (joinedRaw, targetRaw) = (joined.raw, target.raw)
            try SystemError.check("move_mount", path) { kd_mount_attach(joinedRaw, targetRaw) }
        }
    }

    /// The layers, the uppermost first, joined in a mount that is attached nowhere. Leaves this thread in a mount namespace of its own, since overlay
    /// takes only what is mounted somewhere.
    private static func join(_ layers: [String], map: CInt) throws(SystemError) -> FileDescriptor {
        let place = "/run/.kdash/root"
        try SystemError.check("unshare", "CLONE_NEWNS") { kd_unshare(CInt(KD_CLONE_NEWNS)) }
        try SystemError.check("mount", "/ as private") { mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
        try SystemError.check("mount", "tmpfs, \(place)") { mount("tmpfs", place, "tmpfs", UInt(MS_NOSUID | MS_NODEV), "mode=0700") }
        try SystemError.check("chdir", place) { chdir(place) }
        for name in layers.indices.map({ "\($0)" }) + ["base", "joined"] { try SystemError.check("mkdir", name) { mkdir(name, 0o755) } }
        for (number, layer) in layers.enumerated() {
            let folder = try open(directory: layer)
            let target = try open(directory: "\(number)")
            let (folderRaw, targetRaw) = (folder.raw, target.raw)
            let copy = FileDescriptor(try SystemError.check("open_tree", layer) { kd_mount_copy(folderRaw, 1) })
            let raw = copy.raw
            try SystemError.check("mount_setattr", "MOUNT_ATTR_IDMAP, \(layer)") { kd_mount_map(raw, 1, map) }
            try SystemError.check("move_mount", layer) { kd_mount_attach(raw, targetRaw) }
        }
        // An empty folder below all: one layer alone is no overlay.
        let names = (layers.indices.map { "\($0)" } + ["base"]).joined(separator: ":")
        let flags = UInt(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
        try SystemError.check("mount", "overlay of \(layers.count) layers") { mount("overlay", "joined", "overlay", flags, "lowerdir=\(names)") }
        let joined = try open(directory: "joined")
        let joinedRaw = joined.raw
        return FileDescriptor(try SystemError.check("open_tree", "overlay of \(layers.count) layers") { kd_mount_copy(joinedRaw, 1) })
    }

    private static func open(directory path: String) throws(SystemError) -> FileDescriptor {
        try FileDescriptor.open(path, CInt(KD_O_PATH) | O_DIRECTORY)
    }
}
