import Glibc
import KubeClient
import LinuxKernel

/// How much disk a directory tree takes, links not followed.
enum DirectoryUsage {
    /// Folders nested deeper are not counted: a container cannot exhaust our descriptors.
    private static let maximumDepth = 128

    /// A file with several names counts once.
    private struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// The blocks of everything in a folder below `base`, and how many files that is; no link on the way is followed. What goes while it is
    /// counted is left out, and what cannot be opened.
    static func measure(_ path: String, below base: String) -> DiskUse {
        guard let folder = try? SafeDirectory.open(path, below: base) else { return DiskUse() }  // best effort: nothing there takes nothing
        var seen: Set<Identity> = []
        return measure(folder, depth: 0, &seen)
    }

    private static func measure(_ folder: borrowing FileDescriptor, depth: Int, _ seen: inout Set<Identity>) -> DiskUse {
        guard let entries = try? DirectoryEntry.all(in: folder) else { return DiskUse() }  // best effort: it may have gone
        let raw = folder.raw
        var sum = DiskUse()
        for entry in entries {
            var info = stat()
            guard fstatat(raw, entry.name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let isFolder = info.st_mode & S_IFMT == S_IFDIR
            if !isFolder, info.st_nlink > 1, !seen.insert(Identity(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))).inserted { continue }
            let (size, isHuge) = Int64(info.st_blocks).multipliedReportingOverflow(by: 512)
            sum = sum + DiskUse(size: ByteCount(isHuge ? .max : size), files: 1)
            guard isFolder, depth < maximumDepth,
                let inner = try? FileDescriptor.open(entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: raw)  // best effort: it may have gone
            else { continue }
            sum = sum + measure(inner, depth: depth + 1, &seen)
        }
        return sum
    }
}
