internal import Glibc
package import LinuxKernel

/// The directory that all clusters of a machine share, as /run/kdash: it vanishes at reboot, and the last cluster takes it along.
package struct SharedDirectory: Sendable, Hashable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    private static let lockName = "lock"
    /// What an older program locked instead.
    private static let formerLockName = "forwarding.lock"
    private static let patience = 1000
    private var lockPath: String { "\(path)/\(Self.lockName)" }

    /// What only one process may do at a time is done while the result lives, for moments. Makes the directory. Blocking.
    package func lock() throws(SystemError) -> FileLock {
        // Every other cluster may take the directory along while it is made here.
        for _ in 0..<Self.patience {
            do throws(SystemError) { return try makeAndLock() } catch  where [ENOENT, ENOTDIR].contains(error.errno) {}
        }
        return try makeAndLock()
    }

    private func makeAndLock() throws(SystemError) -> FileLock {
        try FileSystem.makeDirectories(path, mode: 0o755)
        return try FileLock.acquire(lockPath)
    }

    /// Removes the directory unless somebody keeps something there or is about to.
    package func removeIfUnused() throws(SystemError) {
        guard FileSystem.exists(path) else { return }
        let held: FileLock?
        do throws(SystemError) { held = try FileLock.tryAcquire(lockPath) } catch  where error.errno == ENOENT { return }
        guard held != nil else { return }
        let former = "\(path)/\(Self.formerLockName)"
        if FileSystem.exists(former), try FileLock.tryAcquire(former) != nil { try FileSystem.removeFile(former) }
        guard try FileSystem.names(in: path) == [Self.lockName] else { return }
        defer { withExtendedLifetime(held) {} }
        try FileSystem.removeFile(lockPath)
        do throws(SystemError) { try FileSystem.removeDirectory(path) } catch  where error.errno == ENOTEMPTY {}
    }
}
