internal import CLinux
internal import Glibc

/// An exclusive flock(2) on a file, held while this value lives and released by the kernel if the process dies.
package final class FileLock: Sendable {
    private let file: FileDescriptor

    /// Takes the lock at once; nil when somebody else holds it. The file is created (mode 0600); only the holder may remove it.
    package static func tryAcquire(_ path: String) throws(SystemError) -> FileLock? {
        while true {
            let file = try open(path)
            if kd_flock(file.raw, LOCK_EX | LOCK_NB) < 0 {
                if Glibc.errno == EWOULDBLOCK { return nil }
                throw .last("flock", path)
            }
            if try names(path, file) { return FileLock(file: file) }
        }
    }

    private static func open(_ path: String) throws(SystemError) -> FileDescriptor {
        try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    }

    /// False when the holder before removed the file: what was locked is then nobody's lock any more.
    private static func names(_ path: String, _ file: borrowing FileDescriptor) throws(SystemError) -> Bool {
        let held = try file.status()
        guard let named = try FileSystem.status(path) else { return false }
        return named.st_ino == held.st_ino && named.st_dev == held.st_dev
    }

    /// Whether somebody holds the lock now; false when the file does not exist.
    package static func isHeld(_ path: String) throws(SystemError) -> Bool {
        let file: FileDescriptor
        do throws(SystemError) { file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW) } catch  where error.errno == ENOENT { return false }
        if kd_flock(file.raw, LOCK_SH | LOCK_NB) == 0 { return false }
        if Glibc.errno == EWOULDBLOCK { return true }
        throw .last("flock", path)
    }

    private init(file: consuming FileDescriptor) { self.file = file }

    /// The descriptor that has the lock, valid while this value lives: a child process that inherits it holds the lock as long as it lives, too.
    package var descriptor: CInt { file.raw }

    /// Leaves it to the kernel to let go of the lock: whoever waits for it then waits for the process to end.
    package func holdUntilExit() { _ = Unmanaged.passRetained(self) }

    /// What the file says; empty when there is none.
    package static func text(_ path: String) throws(SystemError) -> String {
        do throws(SystemError) { return try FileSystem.readText(path) } catch  where error.errno == ENOENT { return "" }
    }

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
        while true {
            let file = try open(path)
            let raw = file.raw
            try SystemError.checkRetrying("flock", path) { kd_flock(raw, LOCK_EX) }
            if try names(path, file) { return FileLock(file: file) }
        }
    }
}
