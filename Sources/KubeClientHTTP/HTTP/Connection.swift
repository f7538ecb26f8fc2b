import NIOCore

/// A connection to the server that carries one exchange at a time.
struct Connection: Sendable {
    let channel: any Channel
    private let handler: NIOLoopBound<ExchangeHandler>

    /// Made on the channel's event loop.
    init(channel: any Channel, handler: ExchangeHandler) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    func start(_ exchange: Exchange) {
        channel.eventLoop.execute { handler.value.start(exchange) }
    }
}
