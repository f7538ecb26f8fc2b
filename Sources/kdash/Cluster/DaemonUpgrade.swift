import Glibc
import JSONCore
import KubeClient
import KubeClientHTTP
import LinuxKernel

/// Puts this program's daemon in the place of an older one's. Pods keep running: they belong to the node's supervisor, which the new
/// daemon then asks to go on as its own program.
struct DaemonUpgrade: Sendable {
    let directory: DataDirectory

    /// The running daemon's version when it is older than this program.
    func olderVersion() -> String? {
        do {
            let client = try DaemonClient(ClusterAccess(own: directory))
            let status = try Blocking.run { () throws(CommandError) in try await client.call(.get, "/status") }
            return Self.older(status["version"]?.stringValue)
        } catch {
            return nil  // It is only just starting or ending; whoever uses it next hears why it does not answer.
        }
    }

    /// The version, when it is older than this program's.
    static func older(_ version: String?) -> String? {
        guard let version, let theirs = numbers(version), let ours = numbers(Version.number) else { return nil }
        return theirs.lexicographicallyPrecedes(ours) ? version : nil
    }

    private static func numbers(_ version: String) -> [Int]? {
        let parts = version.split(separator: "-")[0].split(separator: ".").map { Int($0) }
        let known = parts.compactMap { $0 }
        return known.count == parts.count && known.count == 3 ? known : nil
    }

    /// Kills exactly the process that holds the directory's lock, and returns once the lock is free. What the daemon acknowledged is on
    /// disk; asking it to stop would end the pods.
    func endDaemon() throws(CommandError) {
        do {
            try LockHolder.signal(SIGKILL, directory)
            _ = try FileLock.acquire(directory.lock)
        } catch {
            throw CommandError("cannot end the older daemon: \(error)")
        }
    }
}

/// The daemon that holds a directory's lock.
enum LockHolder {
    /// Sends a signal to exactly that process; nothing when it has just ended.
    static func signal(_ number: CInt, _ directory: DataDirectory) throws(CommandError) {
        do throws(SystemError) {
            let text = try FileSystem.readText(directory.lock)
            guard let pid = Int32(text.split(whereSeparator: \.isWhitespace).first ?? "") else {
                guard try FileLock.isHeld(directory.lock) else { return }
                throw SystemError(call: "read", errno: EINVAL, arguments: directory.lock, detail: "it names no process")
            }
            let process = try ChildProcess.pidfd(of: pid)
            // Looked at after the descriptor was taken: only a living daemon holds the lock.
            if try FileLock.isHeld(directory.lock) { try ChildProcess.signal(number, to: process) }
        } catch {
            guard error.errno != ESRCH else { return }
            throw CommandError("\(error)")
        }
    }
}
