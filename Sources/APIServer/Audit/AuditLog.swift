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

    /// What requests and the writer share.
    private struct State {
        var waiting: [UInt8] = []
        /// Somebody has been asked to write what waits, and has not yet found that nothing does.
        var isExpected = false
        var written: UInt64 = 0
        var dropped: UInt64 = 0
    }

    /// The file as it stands on the disk. Whoever writes holds it from taking lines until they are written, so lines stay in order.
    private struct Output {
        var file: OpenFile?
        var size = 0
    }

    let path: String
    private let limits: Limits
    private let logger: Logger
    private let state = Mutex(State())
    private let output = Mutex(Output())

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
            guard !state.isExpected else { return false }
            state.isExpected = true
            return true
        }
        guard starts else { return }
        NIOThreadPool.singleton.submit { [self] _ in flush() }
    }

    /// Writes what waits; returns when it has been written, also by another thread's hand. Blocks while the disk does.
    func flush() {
        output.withLock { output in
            while let lines = takeLines() {
                let count = UInt64(lines.count { $0 == 10 })
                do throws(SystemError) {
                    try write(lines, to: &output)
                    state.withLock { $0.written += count }
                } catch {
                    output.file = nil
                    state.withLock { $0.dropped += count }
                    logger.error("the audit log cannot be written", metadata: ["path": "\(path)", "error": "\(error)"])
                }
            }
        }
    }

    /// What waits; nil when nothing does, and then nobody is expected any more.
    private func takeLines() -> [UInt8]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isExpected = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    private func write(_ lines: [UInt8], to output: inout Output) throws(SystemError) {
        if output.file == nil { try open(&output) }
        if output.size > 0, output.size + lines.count > limits.file { try rotate(&output) }
        try output.file?.descriptor.writeAll(lines)
        output.size += lines.count
    }

    private func open(_ output: inout Output) throws(SystemError) {
        output.file = OpenFile(try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600))
        output.size = try FileSystem.status(path).map { Int($0.st_size) } ?? 0
    }

    private func rotate(_ output: inout Output) throws(SystemError) {
        output.file = nil
        for number in stride(from: limits.files - 1, through: 1, by: -1) where FileSystem.exists("\(path).\(number)") {
            try FileSystem.rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        try FileSystem.rename(path, "\(path).1")
        try open(&output)
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
