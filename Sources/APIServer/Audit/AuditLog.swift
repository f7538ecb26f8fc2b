internal import Glibc
internal import LinuxKernel
internal import Logging
internal import NIOPosix
internal import Synchronization

/// Writes audit events, one JSON document a line, to a file that is rotated. Requests never wait for it: lines are gathered and written
/// by a thread of the pool; when the disk is that much slower, lines are dropped and counted.
final class AuditLog: Sendable {
    /// Bounds of the file and of what waits for it.
    struct Limits: Sendable {
        /// Bytes after which a new file is begun.
        var file = 64 << 20
        /// Rotated files that are kept besides the current one.
        var files = 4
        /// Bytes that may wait.
        var waiting = 8 << 20
    }

    /// A file that is open, shared by reference.
    private final class OpenFile: Sendable {
        let descriptor: FileDescriptor
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }

    private struct State {
        var waiting: [UInt8] = []
        var isWriting = false
        var file: OpenFile?
        var size = 0
        var written: UInt64 = 0
        var dropped: UInt64 = 0
    }

    let path: String
    private let limits: Limits
    private let logger: Logger
    private let state = Mutex(State())

    init(path: String, limits: Limits = Limits(), logger: Logger) {
        self.path = path
        self.limits = limits
        self.logger = logger
    }

    /// Takes one line, without its newline.
    func append(_ line: [UInt8]) {
        let starts = state.withLock { state -> Bool in
            guard state.waiting.count + line.count < limits.waiting else {
                state.dropped += 1
                return false
            }
            state.waiting += line
            state.waiting.append(10)
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        guard starts else { return }
        NIOThreadPool.singleton.submit { [self] _ in drain() }
    }

    /// Writes what waits; returns when it has been written, also by another thread's hand.
    func flush() {
        drain()
        while state.withLock({ $0.isWriting }) { usleep(1000) }
    }

    private func drain() {
        while true {
            let lines = state.withLock { state -> [UInt8]? in
                guard !state.waiting.isEmpty else {
                    state.isWriting = false
                    return nil
                }
                state.isWriting = true
                defer { state.waiting = [] }
                return state.waiting
            }
            guard let lines else { return }
            do throws(SystemError) {
                try write(lines)
            } catch {
                let count = UInt64(lines.count { $0 == 10 })
                state.withLock { $0.dropped += count }
                logger.error("the audit log cannot be written", metadata: ["path": "\(path)", "error": "\(error)"])
            }
        }
    }

    private func write(_ lines: [UInt8]) throws(SystemError) {
        let result: Result<Void, SystemError> = state.withLock { state in
            do throws(SystemError) {
                if state.file == nil { try open(&state) }
                if state.size > 0, state.size + lines.count > limits.file { try rotate(&state) }
                try state.file?.descriptor.writeAll(lines)
                state.size += lines.count
                state.written += UInt64(lines.count { $0 == 10 })
                return .success(())
            } catch {
                state.file = nil
                return .failure(error)
            }
        }
        try result.get()
    }

    private func open(_ state: inout State) throws(SystemError) {
        state.file = OpenFile(try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600))
        state.size = try FileSystem.status(path).map { Int($0.st_size) } ?? 0
    }

    private func rotate(_ state: inout State) throws(SystemError) {
        state.file = nil
        for number in stride(from: limits.files - 1, through: 1, by: -1) where FileSystem.exists("\(path).\(number)") {
            try FileSystem.rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        try FileSystem.rename(path, "\(path).1")
        try open(&state)
    }

    /// Appends what has been written and lost.
    func write(into text: inout MetricsText) {
        let (written, dropped) = state.withLock { ($0.written, $0.dropped) }
        text.begin("apiserver_audit_event_total", .counter, "Audit events written.")
        text.sample("apiserver_audit_event_total", [], Double(written))
        text.begin("apiserver_audit_error_total", .counter, "Audit events that could not be written.")
        text.sample("apiserver_audit_error_total", [("plugin", "log")], Double(dropped))
    }
}
