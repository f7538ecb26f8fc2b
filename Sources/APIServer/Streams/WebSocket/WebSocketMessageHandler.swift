internal import NIOCore
internal import NIOWebSocket

/// What runs over a WebSocket in whole messages. Called on the event loop.
protocol WebSocketApplication: AnyObject {
    /// The connection stands.
    func start(_ socket: WebSocketMessageHandler)
    func received(_ message: [UInt8])
    /// The connection has room again.
    func roomAppeared()
    /// The connection is gone, or about to.
    func stop()
}

/// Puts frames together to messages, answers pings and closes.
final class WebSocketMessageHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The largest message a client may send.
    static let largestMessage = 1 << 20

    private let application: any WebSocketApplication
    private var context: ChannelHandlerContext?
    private var fragments: [UInt8] = []
    private var budget = AnswerBudget()
    private var onPong: (() -> Void)?
    private var isOver = false

    init(_ application: any WebSocketApplication) { self.application = application }

    /// The channel; nil once the handler is gone.
    var channel: (any Channel)? { context?.channel }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        application.start(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { application.roomAppeared() }
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .ping:
            guard budget.spend(frame.length + 16, isWritable: context.channel.isWritable) else { return context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)), promise: nil)
        case .pong: ponged()
        case .connectionClose: close(.normalClosure)
        case .binary, .text, .continuation:
            guard fragments.count + frame.length <= Self.largestMessage else { return close(.messageTooLarge) }
            fragments += frame.unmaskedData.readableBytesView
            guard frame.fin else { return }
            let message = fragments
            fragments = []
            application.received(message)
        default: break
        }
    }

    private func ponged() {
        let action = onPong
        onPong = nil
        action?()
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        onPong = nil
        application.stop()
    }

    // MARK: For the application

    /// Sends one message.
    func send(_ message: [UInt8], isText: Bool) {
        guard let context, !isOver else { return }
        let payload = context.channel.allocator.buffer(bytes: message)
        context.write(wrapOutboundOut(WebSocketFrame(fin: true, opcode: isText ? .text : .binary, data: payload)), promise: nil)
    }

    /// Sends what the calls before have made.
    func flush() { context?.flush() }

    /// Pings the client and calls `action` when it has answered, at the latest after `patience`; not at all once the connection is over.
    func whenAnswering(within patience: TimeAmount, _ action: @escaping () -> Void) {
        guard let context, !isOver else { return }
        onPong = action
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .ping, data: context.channel.allocator.buffer(capacity: 0))), promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [weak self] in self?.ponged() }
    }

    /// Ends the connection after what was sent.
    func close(_ code: WebSocketErrorCode) {
        guard let context, !isOver else { return }
        var payload = context.channel.allocator.buffer(capacity: 2)
        payload.write(webSocketErrorCode: code)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: payload)), promise: nil)
        LingeringClose.close(context)
        end()
    }
}
