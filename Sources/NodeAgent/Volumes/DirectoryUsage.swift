import Glibc
import LinuxKernel

/// How much disk a directory tree takes, links not followed.
enum DirectoryUsage {
    /// Folders nested deeper are not counted: a container cannot exhaust our descriptors.
    private static let maximumDepth = 128

    /// The blocks of everything below `path`, in bytes; what goes while it is counted is left out.
    static func bytes(below path: String) -> Int64 {
        guard let folder = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return 0 }  // best effort: nothing there takes nothing
        return bytes(in: folder, depth: 0)
    }

    private static func bytes(in folder: borrowing FileDescriptor, depth: Int) -> Int64 {
        guard let entries = try? DirectoryEntry.all(in: folder) else { return 0 }  // best effort: it may have gone
        let raw = folder.raw
        var sum: Int64 = 0
        for entry in entries {
            var info = stat()
            guard fstatat(raw, entry.name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            sum += Int64(info.st_blocks) * 512
            guard info.st_mode & S_IFMT == S_IFDIR, depth < maximumDepth,
                let inner = try? FileDescriptor.open(entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: raw)  // best effort: it may have gone
            else { continue }
            sum += bytes(in: inner, depth: depth + 1)
        }
        return sum
    }
}
