internal import CLinux
internal import Glibc

/// A program started by posix_spawn(3), which never copies this process's page tables.
package struct ChildProcess: Sendable {
    /// The process id; valid until `wait` returns.
    package let pid: Int32

    /// How a process ended.
    package enum Exit: Sendable, Hashable {
        case code(Int32)
        case signal(Int32)

        /// As a shell counts: the code, or 128 + the signal.
        package var status: Int32 {
            switch self {
            case .code(let code): code
            case .signal(let signal): 128 + signal
            }
        }
    }

    /// Starts `path` with all signals reset and unblocked; descriptors other than 0, 1 and 2 stay closed.
    /// - Parameters:
    ///   - arguments: argv, the program's own name first.
    ///   - environment: nil passes this process's on.
    ///   - standardStreams: what becomes 0, 1 and 2; nil is /dev/null.
    ///   - inherited: further descriptors the child gets under 3, 4, … in this order.
    ///   - newSession: whether the child leaves this terminal and session.
    package static func start(
        _ path: String, arguments: [String], environment: [String]? = nil,
        standardStreams: (CInt?, CInt?, CInt?) = (nil, nil, nil), inherited: [CInt] = [], newSession: Bool = false
    ) throws(SystemError) -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        // Duplicates above every target number, so that no dup2 below overwrites a source it still needs.
        var sources: [CInt] = []
        defer { for fd in sources { close(fd) } }
        let wanted: [CInt?] = [standardStreams.0, standardStreams.1, standardStreams.2] + inherited.map { $0 }
        for (index, fd) in wanted.enumerated() {
            if let fd {
                let copy = try SystemError.check("dup", "\(fd)") { fcntl(fd, F_DUPFD_CLOEXEC, CInt(wanted.count) + 3) }
                sources.append(copy)
                posix_spawn_file_actions_adddup2(&actions, copy, CInt(index))
            } else {
                posix_spawn_file_actions_addopen(&actions, CInt(index), "/dev/null", index == 0 ? O_RDONLY : O_WRONLY, 0)
            }
        }
        kd_spawn_close_from(&actions, CInt(wanted.count))
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (newSession ? 0x80 : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let error = posix_spawn(
            &pid, path, &actions, &attributes, &argv, environment == nil ? environ : envp.withUnsafeMutableBufferPointer { $0.baseAddress! }
        )
        guard error == 0 else { throw SystemError(call: "posix_spawn", errno: error, arguments: path) }
        return ChildProcess(pid: pid)
    }

    /// Blocks until the process ends and reaps it.
    package func wait() throws(SystemError) -> Exit {
        var status: CInt = 0
        try SystemError.checkRetrying("waitpid", "\(pid)") { waitpid(pid, &status, 0) }
        return status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
    }

    /// As `wait`, on a thread of its own.
    package func waitUntilExit() async throws(SystemError) -> Exit {
        try await KernelThread.run("kdash-wait") { () throws(SystemError) -> Exit in try wait() }
    }

    /// A descriptor that becomes readable when the process ends.
    package func pidfd() throws(SystemError) -> FileDescriptor { try Self.pidfd(of: pid) }

    /// A descriptor for any living process.
    package static func pidfd(of pid: Int32) throws(SystemError) -> FileDescriptor {
        FileDescriptor(try SystemError.check("pidfd_open", "\(pid)") { kd_pidfd_open(pid) })
    }

    /// Signals exactly the process the descriptor stands for, never a later one with the same number.
    package static func signal(_ signal: CInt, to pidfd: borrowing FileDescriptor) throws(SystemError) {
        let raw = pidfd.raw
        try SystemError.check("pidfd_send_signal", "signal \(signal)") { kd_pidfd_send_signal(raw, signal) }
    }
}
