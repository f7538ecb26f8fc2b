internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import NIOCore
internal import NIOWebSocket

/// Carries one exec or attach session over a WebSocket, on the connection's event loop.
final class RemoteCommandHandler: ChannelInboundHandler, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The largest message a client may send.
    static let largestFrame = 1 << 20

    private let session: any StreamSession
    private let chosen: RemoteCommandProtocol
    private let service: any HTTPService
    private let input = InputQueue()
    private var context: ChannelHandlerContext?
    private var fragments: [UInt8] = []
    private var openOutputs = 0
    private var result: APIStatus?
    private var isOver = false

    private init(_ session: any StreamSession, _ chosen: RemoteCommandProtocol, service: any HTTPService) {
        self.session = session
        self.chosen = chosen
        self.service = service
    }

    /// Puts the WebSocket framing and a handler for `session` behind `handler`.
    static func install(
        _ session: any StreamSession, _ chosen: RemoteCommandProtocol, service: any HTTPService, after handler: ConnectionHandler,
        in pipeline: ChannelPipeline.SynchronousOperations
    ) throws {
        let remote = RemoteCommandHandler(session, chosen, service: service)
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: largestFrame))
        // One by one, the session last: it writes as soon as it is added, and the framing must be there by then.
        let encoder = WebSocketFrameEncoder()
        try pipeline.addHandler(encoder, position: .after(handler))
        try pipeline.addHandler(decoder, position: .after(encoder))
        try pipeline.addHandler(remote, position: .after(decoder))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if chosen != .v5 {
            // Older clients wait for an empty first message on the lowest channel they can read.
            send(RemoteCommandProtocol.Channel.stdout, [])
            context.flush()
        }
        openOutputs = session.errorOutput == nil ? 1 : 2
        pump(session.output, RemoteCommandProtocol.Channel.stdout)
        if let errors = session.errorOutput { pump(errors, RemoteCommandProtocol.Channel.stderr) }
        feedInput()
        awaitResult()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        input.finish()
        session.cancel()
    }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            closeConnection(code: .normalClosure)
        case .binary, .text, .continuation:
            fragments += Array(frame.unmaskedData.readableBytesView)
            guard fragments.count <= Self.largestFrame else { return closeConnection(code: .messageTooLarge) }
            if frame.fin {
                let message = fragments
                fragments = []
                receive(message)
            }
        default: break
        }
    }

    private func receive(_ message: [UInt8]) {
        guard let (channel, data) = chosen.parse(message) else { return }
        switch channel {
        case RemoteCommandProtocol.Channel.stdin where !data.isEmpty: forward(.bytes(data))
        case RemoteCommandProtocol.Channel.resize:
            if let size = TerminalSize.parse(data) { session.resize(columns: size.columns, rows: size.rows) }
        case RemoteCommandProtocol.Channel.close where chosen.closesChannels && data.first == RemoteCommandProtocol.Channel.stdin:
            forward(.end)
        default: break
        }
    }

    private func forward(_ item: InputQueue.Item) {
        guard let channel = context?.channel else { return }
        let isWelcome = input.add(item) {
            channel.setOption(.autoRead, value: true).whenSuccess { channel.read() }
        }
        if !isWelcome { _ = channel.setOption(.autoRead, value: false) }
    }

    private func feedInput() {
        let session = session
        let input = input
        service.perform {
            while let item = await input.next() {
                switch item {
                case .bytes(let bytes):
                    do throws(APIStatus) {
                        try await session.write(bytes)
                    } catch {
                        // The process has closed its input; what is typed from now on has no reader.
                        return input.finish()
                    }
                case .end: await session.closeInput()
                }
            }
        }
    }

    // MARK: To the client

    private func pump(_ source: any ByteSource, _ channel: UInt8) {
        guard let context, !isOver else { return }
        while context.channel.isWritable {
            switch source.poll(maximum: 32 << 10) {
            case .bytes(let bytes): send(channel, bytes)
            case .pending:
                context.flush()
                let loop = context.eventLoop
                source.onReady { [weak self] in
                    guard let self else { return }
                    loop.execute { self.pump(source, channel) }
                }
                return
            case .end, .failed:
                context.flush()
                openOutputs -= 1
                finishIfComplete()
                return
            }
        }
        context.flush()
        stalled.append((source, channel))
    }

    private var stalled: [(any ByteSource, UInt8)] = []

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            let waiting = stalled
            stalled = []
            for (source, channel) in waiting { pump(source, channel) }
        }
        context.fireChannelWritabilityChanged()
    }

    private func send(_ channel: UInt8, _ data: [UInt8]) {
        guard let context else { return }
        let payload = context.channel.allocator.buffer(bytes: chosen.message(channel, data))
        let frame = WebSocketFrame(fin: true, opcode: chosen.isBase64 ? .text : .binary, data: payload)
        context.write(wrapOutboundOut(frame), promise: nil)
    }

    private func awaitResult() {
        guard let loop = context?.eventLoop else { return }
        let session = session
        service.perform { [weak self] in
            let status = await session.result()
            guard let self else { return }
            loop.execute {
                self.result = status
                self.finishIfComplete()
            }
        }
    }

    /// Once all output is through, reports how the process ended and closes.
    private func finishIfComplete() {
        guard openOutputs == 0, let result, !isOver else { return }
        if chosen.reportsStatus {
            send(RemoteCommandProtocol.Channel.error, JSON.encode(result.value))
        } else if result.isFailure {
            send(RemoteCommandProtocol.Channel.error, Array(result.message.utf8))
        }
        closeConnection(code: .normalClosure)
    }

    private func closeConnection(code: WebSocketErrorCode) {
        guard let context, !isOver else { return }
        var payload = context.channel.allocator.buffer(capacity: 2)
        payload.write(webSocketErrorCode: code)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: payload)), promise: nil)
        LingeringClose.close(context)
        end()
    }
}
