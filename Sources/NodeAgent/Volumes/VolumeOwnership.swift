import CLinux
import Glibc
import LinuxKernel

/// Gives a volume to a pod's fsGroup: every file and directory, which the group may then read and write. Containers may work in the
/// volume meanwhile: everything is reached by descriptors that follow no link. Source: the kubelet's `volume.SetVolumeOwnership`.
enum VolumeOwnership {
    private static let strict = UInt64(KD_RESOLVE_NO_SYMLINKS | KD_RESOLVE_BENEATH | KD_RESOLVE_NO_MAGICLINKS)
    private static let pathOnly = CInt(KD_O_PATH)
    /// AT_EMPTY_PATH: the descriptor itself.
    private static let emptyPath: CInt = 0x1000

    /// Works through the tree. With `onlyOnMismatch` a root that is as it should be ends it.
    static func give(_ root: borrowing FileDescriptor, to group: UInt32, onlyOnMismatch: Bool) throws(SystemError) {
        let status = try root.status()
        let wanted: mode_t = 0o2770
        if onlyOnMismatch, status.st_gid == group, status.st_mode & wanted == wanted { return }
        var waiting = [""]
        while let path = waiting.popLast() {
            guard let folder = try open(path, root) else { continue }
            for entry in try DirectoryEntry.all(in: folder) {
                let inner = path.isEmpty ? entry.name : "\(path)/\(entry.name)"
                // Deeper than a path can say: nobody reaches that by a path either.
                guard inner.utf8.count < 4096 else { continue }
                if try giveEntry(entry.name, in: folder, group) { waiting.append(inner) }
            }
        }
        // The root last: it says that the rest is done.
        let raw = root.raw
        try own(raw, "", group, wanted)
    }

    /// The folder at a path; nil when it went or became something else.
    private static func open(_ path: String, _ root: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            return try FileDescriptor.openResolving(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY, resolve: strict, at: root.raw)
        } catch  where [ENOENT, ENOTDIR, ELOOP, EXDEV].contains(error.errno) {
            return nil
        }
    }

    /// True for a directory, whose entries are next.
    private static func giveEntry(_ name: String, in folder: borrowing FileDescriptor, _ group: UInt32) throws(SystemError) -> Bool {
        let entry: FileDescriptor
        do throws(SystemError) {
            entry = try FileDescriptor.open(name, pathOnly | O_NOFOLLOW, at: folder.raw)
        } catch  where error.errno == ENOENT {
            return false
        }
        let type = try entry.status().st_mode & S_IFMT
        let raw = entry.raw
        if type == S_IFLNK {
            // Links have an owner and no mode.
            if fchownat(raw, "", uid_t.max, group, emptyPath) != 0, errno != EPERM { throw .last("fchownat", name) }
            return false
        }
        try own(raw, name, group, type == S_IFDIR ? 0o2770 : 0o660)
        return type == S_IFDIR
    }

    private static func own(_ raw: CInt, _ name: String, _ group: UInt32, _ extra: mode_t) throws(SystemError) {
        // An ordinary user has no other groups to give: the files stay the user's, whose containers they are.
        if fchownat(raw, "", uid_t.max, group, emptyPath) != 0, errno != EPERM { throw .last("fchownat", name) }
        var info = stat()
        guard fstatat(raw, "", &info, emptyPath) == 0 else { throw .last("fstatat", name) }
        let mode = info.st_mode & 0o7777 | extra
        // Through /proc, since a descriptor without rights to the content has no other way; it names exactly the file that is open.
        if chmod("/proc/self/fd/\(raw)", mode) != 0, errno != EPERM { throw .last("chmod", name) }
    }
}
