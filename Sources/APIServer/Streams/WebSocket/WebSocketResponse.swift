internal import APIMachinery
internal import KubeClient
internal import NIOCore
internal import NIOWebSocket

/// A response body as WebSocket messages: a watch's events one by one, a log in pieces.
/// Source: apiserver `pkg/util/wsstream/stream.go`, `pkg/endpoints/handlers/watch.go`.
final class WebSocketResponse: WebSocketApplication, OutputSink, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    /// How bytes become messages.
    enum Framing: Sendable, Equatable {
        case binary
        case base64
        /// One text message a line.
        case lines

        /// The framing of the offered subprotocols and the one to name; nil when none is known.
        static func choose(_ offered: [String], isJSON: Bool) -> (framing: Framing, name: String?)? {
            for name in offered {
                if name == "binary.k8s.io" { return (.binary, name) }
                if name == "base64.binary.k8s.io" { return (.base64, name) }
            }
            guard offered.isEmpty || isJSON else { return nil }
            return (isJSON ? .lines : .binary, nil)
        }
    }

    private let source: any ByteSource
    private let framing: Framing
    private weak var socket: WebSocketMessageHandler?
    private var pump: OutputPump?
    private var line: [UInt8] = []

    init(_ source: any ByteSource, _ framing: Framing) {
        self.source = source
        self.framing = framing
    }

    func start(_ socket: WebSocketMessageHandler) {
        guard let channel = socket.channel else { return }
        self.socket = socket
        let pump = OutputPump(channel: channel, sink: self)
        self.pump = pump
        pump.add(source, as: 0)
    }

    func received(_ message: [UInt8]) {}
    func roomAppeared() { pump?.run() }
    func stop() { pump?.removeAll() }
    func room(_ stream: UInt32) -> Int { .max }
    func flushOutput() { socket?.flush() }

    func send(_ bytes: [UInt8], on stream: UInt32) {
        switch framing {
        case .binary: socket?.send(bytes, isText: false)
        case .base64: socket?.send(Array(Base64.encode(bytes).utf8), isText: true)
        case .lines:
            var rest = bytes[...]
            while let end = rest.firstIndex(of: 10) {
                socket?.send(line + rest[...end], isText: true)
                line = []
                rest = rest[(end + 1)...]
            }
            line += rest
        }
    }

    func outputEnded(_ stream: UInt32, failure: APIStatus?) {
        if !line.isEmpty { socket?.send(line, isText: true) }
        socket?.close(failure == nil ? .normalClosure : .unexpectedServerError)
    }
}
