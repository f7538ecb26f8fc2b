internal import CLinux

/// Type and room of a mounted file system (statfs(2)).
package struct FileSystemSpace: Sendable {
    /// The magic number, for example `0x63677270` for cgroup2.
    package let type: UInt64
    package let total: ByteCount
    /// What an unprivileged writer may still use.
    package let available: ByteCount
    package let availableFiles: UInt64

    /// The file system that holds `path`.
    package init(at path: String) throws(SystemError) {
        var (type, total, available, files): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        try SystemError.check("statfs", path) { kd_statfs(path, &type, &total, &available, &files) }
        self.type = type
        self.total = ByteCount(Int64(clamping: total))
        self.available = ByteCount(Int64(clamping: available))
        availableFiles = files
    }
}
