internal import CLinux
internal import Glibc

/// An exclusive flock(2) on a file, held while this value lives and released by the kernel if the process dies.
package final class FileLock: Sendable {
    private let file: FileDescriptor

    /// Takes the lock at once; nil when somebody else holds it. The file is created (mode 0600) and never removed.
    package static func tryAcquire(_ path: String) throws(SystemError) -> FileLock? {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        if kd_flock(file.raw, LOCK_EX | LOCK_NB) == 0 { return FileLock(file: file) }
        if Glibc.errno == EWOULDBLOCK { return nil }
        throw .last("flock", path)
    }

    /// Whether somebody holds the lock now; false when the file does not exist.
    package static func isHeld(_ path: String) throws(SystemError) -> Bool {
        guard FileSystem.exists(path) else { return false }
        let file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
        if kd_flock(file.raw, LOCK_SH | LOCK_NB) == 0 { return false }
        if Glibc.errno == EWOULDBLOCK { return true }
        throw .last("flock", path)
    }

    private init(file: consuming FileDescriptor) { self.file = file }

    /// Replaces the lock file's content, for example with the holder's pid.
    package func write(_ text: String) throws(SystemError) {
        let raw = file.raw
        let bytes = Array(text.utf8)
        try SystemError.check("ftruncate", "lock") { ftruncate(raw, 0) }
        try SystemError.check("pwrite", "lock") { pwrite(raw, bytes, bytes.count, 0) }
    }
}

extension FileLock {
    /// Takes the lock, waiting for its holder; only for locks that are held for moments.
    package static func acquire(_ path: String) throws(SystemError) -> FileLock {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        let raw = file.raw
        try SystemError.checkRetrying("flock", path) { kd_flock(raw, LOCK_EX) }
        return FileLock(file: file)
    }
}
