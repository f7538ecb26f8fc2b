internal import APIMachinery
internal import NIOCore

/// What runs over a SPDY connection. Called on the event loop.
protocol SPDYApplication: AnyObject {
    /// The connection stands.
    func start(_ connection: SPDYHandler)
    /// The client opened a stream; accept or reset it.
    func opened(_ stream: UInt32, _ headers: SPDYHeaders)
    func received(_ bytes: [UInt8], on stream: UInt32)
    /// The client sends no more on a stream.
    func ended(_ stream: UInt32)
    /// The client gave a stream up.
    func wasReset(_ stream: UInt32)
    /// The connection or a stream has room again.
    func roomAppeared()
    /// The connection is gone.
    func stop()
}

/// Joins a ``SPDYConnection`` to a channel of bytes, be it TLS or a WebSocket tunnel.
final class SPDYHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let application: any SPDYApplication
    private var connection = SPDYConnection()
    private var context: ChannelHandlerContext?
    private var budget = AnswerBudget()
    private var isOver = false

    init(_ application: any SPDYApplication) { self.application = application }

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

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        connection.receive(unwrapInboundIn(data))
        do throws(SPDYFailure) {
            while !isOver, let event = try connection.nextEvent() {
                switch event {
                case .opened(let stream, let headers): application.opened(stream, headers)
                case .data(let stream, let bytes): application.received(bytes, on: stream)
                case .ended(let stream): application.ended(stream)
                case .reset(let stream): application.wasReset(stream)
                case .roomAppeared: application.roomAppeared()
                case .goingAway: break
                }
            }
        } catch {
            flush()
            return close()
        }
        guard let output = connection.takeOutput() else { return }
        guard budget.spend(output.readableBytes, isWritable: context.channel.isWritable) else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { application.roomAppeared() }
        context.fireChannelWritabilityChanged()
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        application.stop()
    }

    // MARK: For the application

    /// Accepts a stream.
    func reply(_ stream: UInt32) { connection.reply(stream) }
    /// Gives a stream up.
    func reset(_ stream: UInt32, _ status: SPDYStatus) { connection.reset(stream, status) }
    /// How many bytes of a stream the client takes now; none is taken by one that is gone, and it counts as roomy so that it ends.
    func room(_ stream: UInt32) -> Int { connection.isOpen(stream) ? connection.room(stream) : .max }
    /// Sends bytes on a stream.
    func send(_ bytes: [UInt8], on stream: UInt32) { connection.send(stream, bytes) }
    /// Says that nothing more is sent on a stream.
    func finish(_ stream: UInt32) { connection.finish(stream) }
    /// What a stream brought has found its reader.
    func acknowledge(_ stream: UInt32, _ count: Int) { connection.acknowledge(stream, count) }

    /// Sends what the calls before have made.
    func flush() {
        guard let output = connection.takeOutput(), let context else { return }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    }

    /// Ends the connection after what was sent.
    func close() {
        guard let context, !isOver else { return }
        LingeringClose.close(context)
        end()
    }

    /// Ends the connection once the client has closed it, at the latest after `patience`: clients drop what they have not
    /// looked at yet when a server closes first.
    func closeAfterClient(within patience: TimeAmount) {
        guard let channel = context?.channel else { return }
        end()
        let closing = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in closing.cancel() }
    }
}
