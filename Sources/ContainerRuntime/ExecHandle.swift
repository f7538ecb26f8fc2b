internal import Glibc
package import LinuxKernel
internal import Synchronization

/// A program started by `NodeSupervisor.exec`: its streams and its end.
package final class ExecHandle: Sendable {
    /// Process id as the daemon sees it; 0 when it ended at once.
    package let pid: Int32

    enum Stream: Int, CaseIterable { case input, output, errorOutput, terminal }

    private let completion: ExecCompletion
    private let streams: Mutex<[Stream: CInt]>
    private let id: String
    private let supervisor: NodeSupervisor

    init(id: String, pid: Int32, streams: [Stream: CInt], completion: ExecCompletion, supervisor: NodeSupervisor) {
        self.id = id
        self.pid = pid
        self.streams = Mutex(streams)
        self.completion = completion
        self.supervisor = supervisor
    }

    deinit {
        streams.withLock { streams in
            for descriptor in streams.values { _ = close(descriptor) }
        }
    }

    /// Write end of standard input, once; nil without input or on a terminal. Closing it is the end of the input.
    package func takeInput() -> FileDescriptor? { take(.input) }
    /// Read end of standard output, once; nil on a terminal. It ends when every process of the exec has closed it.
    package func takeOutput() -> FileDescriptor? { take(.output) }
    /// Read end of standard error, once; nil on a terminal.
    package func takeErrorOutput() -> FileDescriptor? { take(.errorOutput) }
    /// The terminal's master, once: written, read (EIO is its end) and resized.
    package func takeTerminal() -> FileDescriptor? { take(.terminal) }

    private func take(_ stream: Stream) -> FileDescriptor? {
        guard let raw = streams.withLock({ $0.removeValue(forKey: stream) }) else { return nil }
        return FileDescriptor(raw)
    }

    /// How it ended; returns at once when it has. A lost supervisor counts as a kill.
    package func wait() async -> ExitRecord { await completion.wait() }

    /// Sends SIGKILL; nothing when it has ended.
    package func kill() async throws(RuntimeError) {
        do throws(RuntimeError) { try await supervisor.kill(id) } catch  where error.code == .notFound { return }
    }

    /// Sends a signal.
    package func signal(_ number: Int32) async throws(RuntimeError) { try await supervisor.signal(id, number) }
}

/// The end of an exec, awaited by anybody, reported once.
final class ExecCompletion: Sendable {
    private enum State {
        case running([CheckedContinuation<ExitRecord, Never>])
        case ended(ExitRecord)
    }
    private let state = Mutex(State.running([]))

    func wait() async -> ExitRecord {
        await withCheckedContinuation { continuation in
            let record: ExitRecord? = state.withLock { state in
                switch state {
                case .ended(let record): return record
                case .running(let waiting):
                    state = .running(waiting + [continuation])
                    return nil
                }
            }
            if let record { continuation.resume(returning: record) }
        }
    }

    func finish(_ record: ExitRecord) {
        let waiting: [CheckedContinuation<ExitRecord, Never>] = state.withLock { state in
            guard case .running(let waiting) = state else { return [] }
            state = .ended(record)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: record) }
    }
}

extension NodeSupervisor {
    /// Changes the size of an exec's terminal, given its master. The foreground program hears of it.
    package func resizeTerminal(_ master: CInt, _ size: TerminalSize) throws(RuntimeError) {
        var value = winsize(ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0)
        if ioctl(master, UInt(TIOCSWINSZ), &value) < 0 {
            throw RuntimeError(.system, "cannot resize the terminal", cause: .last("ioctl", "TIOCSWINSZ"))
        }
    }
}
