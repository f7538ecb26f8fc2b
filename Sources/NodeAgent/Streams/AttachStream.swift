import APIMachinery
import ContainerRuntime
import KubeClient
import LinuxKernel
import Synchronization

/// The main process of a running container, as the session of a client that attached to it.
final class AttachStream: StreamSession {
    /// What the end of a session's input means to the container. Source: core/v1 Container.stdinOnce.
    struct InputEnd: Sendable {
        let runtime: NodeSupervisor
        let containerID: String

        func close() async {
            // best effort: the container may have ended
            try? await runtime.closeInput(containerID)
        }
    }

    let output: any ByteSource
    let errorOutput: (any ByteSource)?
    private let input: DescriptorSink?
    private let hasTerminal: Bool
    private let inputEnd: InputEnd?
    private let ending = SessionEnding()

    /// `input` is the container's standard input or its terminal; `inputEnd` is given when it closes with this session.
    init(
        _ tap: OutputTap, input: consuming FileDescriptor?, hasTerminal: Bool, inputEnd: InputEnd?, poller: DescriptorPoller
    ) throws(SystemError) {
        self.hasTerminal = hasTerminal
        self.inputEnd = inputEnd
        if let descriptor = consume input { self.input = try DescriptorSink(descriptor, poller: poller) } else { self.input = nil }
        guard let standard = tap.takeOutput() else { preconditionFailure("a tap has an output") }
        let ending = ending
        output = EndingSource(try DescriptorSource(standard, poller: poller)) { ending.finish(.done) }
        if let errors = tap.takeErrorOutput() { errorOutput = try DescriptorSource(errors, poller: poller) } else { errorOutput = nil }
    }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        guard let input else { throw .badRequest("the container has no input; set stdin: true in its spec") }
        try await input.write(bytes)
    }

    func closeInput() async {
        guard let inputEnd, !hasTerminal else { return }
        input?.close()
        await inputEnd.close()
    }

    func resize(columns: Int, rows: Int) {
        if hasTerminal { input?.setTerminalSize(columns: columns, rows: rows) }
    }

    func result() async -> APIStatus { await ending.wait() }

    func cancel() {
        input?.close()
        output.cancel()
        errorOutput?.cancel()
        ending.finish(.done)
    }
}

/// How a session ended, awaited by anybody.
final class SessionEnding: Sendable {
    private struct State {
        var status: APIStatus?
        var waiting: [CheckedContinuation<APIStatus, Never>] = []
    }

    private let state = Mutex(State())

    /// Ends the session; only the first call counts.
    func finish(_ status: APIStatus) {
        let waiting = state.withLock { state -> [CheckedContinuation<APIStatus, Never>] in
            guard state.status == nil else { return [] }
            state.status = status
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: status) }
    }

    /// How it ended, once it has.
    func wait() async -> APIStatus {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state -> APIStatus? in
                if state.status == nil { state.waiting.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }
}
