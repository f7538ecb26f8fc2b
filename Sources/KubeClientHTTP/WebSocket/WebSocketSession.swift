import APIMachinery
import KubeClient
import NIOCore
import NIOWebSocket
import Synchronization

/// An exec or attach session over WebSocket.
final class WebSocketSession: StreamSession {
    private struct State {
        var result: APIStatus?
        var waiting: [CheckedContinuation<APIStatus, Never>] = []
    }

    let standardOutput = ByteChannel()
    let standardError = ByteChannel()
    private let channel: any Channel
    private let server: String
    private let hasErrorOutput: Bool
    let tellsInputEnd: Bool
    private let state = Mutex(State())

    init(channel: any Channel, server: String, hasErrorOutput: Bool, tellsInputEnd: Bool) {
        self.channel = channel
        self.server = server
        self.hasErrorOutput = hasErrorOutput
        self.tellsInputEnd = tellsInputEnd
    }

    var output: any ByteSource { standardOutput }
    var errorOutput: (any ByteSource)? { hasErrorOutput ? standardError : nil }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(RemoteCommandFrame.maximumPayload)
            rest = rest.dropFirst(piece.count)
            do {
                try await send(RemoteCommandFrame.stdin(piece)).get()
            } catch {
                throw state.withLock { $0.result } ?? TransportFailure.status(error, server: server)
            }
        }
    }

    func closeInput() async {
        guard tellsInputEnd else { return }
        // Best effort: a session that is over has no input to close.
        try? await send(RemoteCommandFrame.closeInput).get()
    }

    func resize(columns: Int, rows: Int) {
        _ = send(RemoteCommandFrame.resize(columns: columns, rows: rows))
    }

    func result() async -> APIStatus {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> APIStatus? in
                if state.result == nil { state.waiting.append(continuation) }
                return state.result
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    func cancel() {
        channel.close(promise: nil)
    }

    /// Ends the session; only the first result counts.
    func finish(_ result: APIStatus) {
        let waiting = state.withLock { state -> [CheckedContinuation<APIStatus, Never>] in
            guard state.result == nil else { return [] }
            state.result = result
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: result) }
        standardOutput.finish()
        standardError.finish()
    }

    private func send(_ payload: [UInt8]) -> EventLoopFuture<Void> {
        let frame = WebSocketFrame(fin: true, opcode: .binary, maskKey: .random(), data: ByteBuffer(bytes: payload))
        return channel.writeAndFlush(frame)
    }
}
