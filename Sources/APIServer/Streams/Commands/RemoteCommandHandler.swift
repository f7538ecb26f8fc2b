internal import APIMachinery
internal import KubeClient
internal import NIOCore
internal import NIOWebSocket

/// Carries one exec or attach session over a WebSocket, on the connection's event loop.
final class RemoteCommandHandler: WebSocketApplication, OutputSink, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    /// How long output waits for a client that answers no ping.
    private static let patience: TimeAmount = .milliseconds(250)
    /// What a client that answers gets to have its channels ready.
    private static let settling: TimeAmount = .milliseconds(5)

    private let session: any StreamSession
    private let options: RemoteCommandOptions
    private let chosen: RemoteCommandProtocol
    private let service: any HTTPService
    private let input = InputQueue()
    private weak var socket: WebSocketMessageHandler?
    private var pump: OutputPump?
    private var gate: ReadGate?
    private var openOutputs = 0
    private var result: APIStatus?
    private var isOver = false

    init(_ session: any StreamSession, _ options: RemoteCommandOptions, _ chosen: RemoteCommandProtocol, service: any HTTPService) {
        self.session = session
        self.options = options
        self.chosen = chosen
        self.service = service
    }

    func start(_ socket: WebSocketMessageHandler) {
        guard let channel = socket.channel else { return }
        self.socket = socket
        gate = ReadGate(channel)
        if chosen != .v5 {
            // Older clients wait for an empty first message on the lowest channel they can read.
            let lowest =
                options.stdout
                ? RemoteCommandProtocol.Channel.stdout
                : options.stderr ? RemoteCommandProtocol.Channel.stderr : RemoteCommandProtocol.Channel.error
            socket.send(chosen.message(lowest, []), isText: chosen.isBase64)
            socket.flush()
        }
        openOutputs = session.errorOutput == nil ? 1 : 2
        let pump = OutputPump(channel: channel, sink: self)
        self.pump = pump
        socket.whenAnswering(within: Self.patience) { [weak self] in
            channel.eventLoop.assumeIsolated().scheduleTask(in: Self.settling) { self?.beginOutput() }
        }
        let (session, input, loop) = (session, input, channel.eventLoop)
        service.perform { await input.feed(session) }
        service.perform { [weak self] in
            let status = await session.result()
            guard let self else { return }
            loop.execute {
                self.result = status
                self.finishIfComplete()
            }
        }
    }

    /// kubectl reads the connection before it has made its channels, and drops what it cannot place; a program here can be over by
    /// then. Source: client-go `tools/remotecommand/websocket.go` readDemuxLoop.
    private func beginOutput() {
        guard !isOver else { return }
        pump?.add(session.output, as: UInt32(RemoteCommandProtocol.Channel.stdout))
        if let errors = session.errorOutput { pump?.add(errors, as: UInt32(RemoteCommandProtocol.Channel.stderr)) }
    }

    func stop() {
        guard !isOver else { return }
        isOver = true
        input.finish()
        pump?.removeAll()
        session.cancel()
    }

    // MARK: From the client

    func received(_ message: [UInt8]) {
        guard let (channel, data) = chosen.parse(message) else { return }
        switch channel {
        case RemoteCommandProtocol.Channel.stdin where !data.isEmpty && options.stdin: forward(.bytes(data))
        case RemoteCommandProtocol.Channel.resize:
            if let size = TerminalSize.parse(data) { session.resize(columns: size.columns, rows: size.rows) }
        case RemoteCommandProtocol.Channel.close where chosen.closesChannels && data.first == RemoteCommandProtocol.Channel.stdin:
            forward(.end)
        default: break
        }
    }

    private func forward(_ item: InputQueue.Item) {
        guard let loop = socket?.channel?.eventLoop else { return }
        let isWelcome = input.add(item) { [weak self] in
            guard let self else { return }
            loop.execute { self.gate?.open(0) }
        }
        if !isWelcome { gate?.close(0) }
    }

    func roomAppeared() { pump?.run() }

    // MARK: To the client

    func room(_ stream: UInt32) -> Int { .max }

    func send(_ bytes: [UInt8], on stream: UInt32) {
        let channel = UInt8(truncatingIfNeeded: stream)
        let isWanted = channel == RemoteCommandProtocol.Channel.stdout ? options.stdout : options.stderr
        if isWanted { socket?.send(chosen.message(channel, bytes), isText: chosen.isBase64) }
    }

    func flushOutput() { socket?.flush() }

    func outputEnded(_ stream: UInt32, failure: APIStatus?) {
        openOutputs -= 1
        finishIfComplete()
    }

    /// Once all output is through, reports how the process ended and closes.
    private func finishIfComplete() {
        guard openOutputs == 0, let result, !isOver else { return }
        let report = chosen.report(result)
        if !report.isEmpty { socket?.send(chosen.message(RemoteCommandProtocol.Channel.error, report), isText: chosen.isBase64) }
        socket?.close(.normalClosure)
    }
}
