import CLinux
import Glibc
import LinuxKernel

/// Directories below a trusted base, reached by descriptors only, so that links planted on the way lead nowhere.
enum SafeDirectory {
    private static let strict = UInt64(KD_RESOLVE_NO_SYMLINKS | KD_RESOLVE_BENEATH | KD_RESOLVE_NO_MAGICLINKS)

    /// Opens `path` (relative) below `base`, making what is missing with `mode`. A link on the way is an error.
    static func make(_ path: String, below base: String, mode: mode_t) throws(SystemError) -> FileDescriptor {
        var parent = try FileDescriptor.open(base, O_RDONLY | O_DIRECTORY)
        for part in path.split(separator: "/").map(String.init) {
            let raw = parent.raw
            let isNew = mkdirat(raw, part, mode) == 0
            if !isNew, errno != EEXIST { throw .last("mkdirat", "\(base)/\(path)") }
            let inner = try FileDescriptor.openResolving(part, O_RDONLY | O_DIRECTORY, resolve: strict, at: raw)
            if isNew {
                let innerRaw = inner.raw
                try SystemError.check("fchmod", path) { fchmod(innerRaw, mode) }
            }
            parent = inner
        }
        return parent
    }

    /// Opens `path` (relative) below `base`. A link on the way is an error.
    static func open(_ path: String, below base: String) throws(SystemError) -> FileDescriptor {
        let directory = try FileDescriptor.open(base, O_RDONLY | O_DIRECTORY)
        return try FileDescriptor.openResolving(path, O_RDONLY | O_DIRECTORY, resolve: strict, at: directory.raw)
    }

    /// Makes the directories of `path` inside the opened tree `root`, resolving links as if `root` were `/`.
    /// An existing file at the end is left alone.
    static func makeInside(_ root: borrowing FileDescriptor, _ path: String, mode: mode_t) throws(SystemError) {
        let inRoot = UInt64(KD_RESOLVE_IN_ROOT | KD_RESOLVE_NO_MAGICLINKS)
        let pathOnly = CInt(KD_O_PATH)
        var walked = ""
        var parent = try FileDescriptor.openResolving(".", pathOnly | O_DIRECTORY, resolve: inRoot, at: root.raw)
        let parts = path.split(separator: "/").map(String.init)
        for (index, part) in parts.enumerated() {
            walked += (walked.isEmpty ? "" : "/") + part
            do throws(SystemError) {
                parent = try FileDescriptor.openResolving(walked, pathOnly, resolve: inRoot, at: root.raw)
            } catch  where error.errno == ENOENT {
                let raw = parent.raw
                if mkdirat(raw, part, mode) == 0 {
                    let made = try FileDescriptor.open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: raw)
                    let madeRaw = made.raw
                    try SystemError.check("fchmod", path) { fchmod(madeRaw, mode) }
                } else if errno != EEXIST {
                    throw .last("mkdirat", path)
                }
                parent = try FileDescriptor.openResolving(walked, pathOnly, resolve: inRoot, at: root.raw)
            }
            if index + 1 < parts.count, try parent.status().st_mode & S_IFMT != S_IFDIR {
                throw SystemError(call: "mkdirat", errno: ENOTDIR, arguments: path)
            }
        }
    }
}
