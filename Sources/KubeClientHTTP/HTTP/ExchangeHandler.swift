import APIMachinery
import Glibc
import KubeClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The client's end of one HTTP/1.1 connection: one exchange at a time, its body passed on no faster than it is read.
final class ExchangeHandler: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case idle
        case waiting(Exchange)
        case receiving(ByteChannel, keepsAlive: Bool)
        /// Closed without an answer; the reason may still be on its way.
        case unanswered(Exchange)
        case closed
    }

    /// How long a connection is kept without use.
    static let idleLimit: TimeAmount = .seconds(90)

    private let server: String
    /// Called on the event loop when the connection is free again.
    private let onFree: @Sendable (Connection) -> Void
    private var state = State.idle
    /// What went wrong before a request was made: a TLS handshake may fail as soon as the connection is there.
    private var failure: APIStatus?
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    /// The body that is still being sent.
    private var upload: (any ByteSource)?
    private var isPaused = false
    private var wantsRead = false

    init(server: String, onFree: @escaping @Sendable (Connection) -> Void) {
        self.server = server
        self.onFree = onFree
    }

    /// Sends a request. Called on the event loop, when the connection is free.
    func start(_ exchange: Exchange) {
        guard case .idle = state, let context, context.channel.isActive else {
            exchange.answer(.failure(failure.map { .failed($0) } ?? .closedEarly))
            return
        }
        timer?.cancel()
        state = .waiting(exchange)
        if let patience = exchange.patience {
            let server = server
            schedule(after: patience, context) { $0.fail(TransportFailure.timeout(server, after: patience.nanoseconds / 1_000_000_000)) }
        }
        context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
        if !exchange.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: exchange.body)))), promise: nil)
        }
        upload = exchange.upload
        if upload == nil {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        } else {
            sendUpload()
        }
    }

    /// Sends the next piece of the body; the one after it follows when the kernel has taken this one.
    private func sendUpload() {
        guard let upload, let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        switch upload.poll(maximum: 256 << 10) {
        case .bytes(let bytes):
            let sent = context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))))
            sent.whenSuccess { handler.value.sendUpload() }
        case .pending: upload.onReady { loop.execute { handler.value.sendUpload() } }
        case .end:
            self.upload = nil
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .failed(let status): fail(status)
        }
    }

    private func giveUpUpload() {
        let given = upload
        upload = nil
        given?.cancel()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            wantsRead = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting(let exchange)):
            if (100..<200).contains(head.status.code) { return }
            receive(head, exchange, context)
        case (.body(let buffer), .receiving(let body, _)):
            if !body.send(Array(buffer.readableBytesView)) { pause(body, context) }
        case (.end, .receiving(let body, let keepsAlive)):
            // In this order: whoever hears of the end may ask for the connection at once.
            finish(keepsAlive: keepsAlive, context)
            body.finish()
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        giveUpUpload()
        switch state {
        case .waiting(let exchange):
            state = .unanswered(exchange)
            // TLS may close the connection first and say why afterwards.
            context.eventLoop.execute { exchange.answer(.failure(.closedEarly)) }
        case .receiving(let body, _):
            state = .closed
            body.fail(TransportFailure.brokenOff(server))
        case .idle, .unanswered, .closed:
            state = .closed
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Servers that close without saying goodbye in TLS are common; what matters is whether the response was whole.
        if let error = error as? NIOSSLError, case .uncleanShutdown = error {
            context.close(promise: nil)
            return
        }
        if case .waiting(let exchange) = state, let error = error as? IOError, error.errnoCode == ECONNRESET || error.errnoCode == EPIPE {
            exchange.answer(.failure(.closedEarly))
        }
        fail(TransportFailure.status(error, server: server))
    }

    private func receive(_ head: HTTPResponseHead, _ exchange: Exchange, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let body = ByteChannel()
        let channel = context.channel
        state = .receiving(body, keepsAlive: head.isKeepAlive)
        body.whenCancelled { channel.close(promise: nil) }
        exchange.answer(.success(Exchange.Response(head: head, body: body)))
    }

    private func pause(_ body: ByteChannel, _ context: ChannelHandlerContext) {
        isPaused = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        body.whenDrained { loop.execute { handler.value.resume() } }
    }

    private func resume() {
        isPaused = false
        guard wantsRead, let context else { return }
        wantsRead = false
        context.read()
    }

    private func finish(keepsAlive: Bool, _ context: ChannelHandlerContext) {
        // An answer before the end of an upload: the rest is of no use to anybody.
        guard keepsAlive, upload == nil else {
            giveUpUpload()
            state = .closed
            context.close(promise: nil)
            return
        }
        state = .idle
        if isPaused { resume() }
        schedule(after: Self.idleLimit, context) { handler in
            handler.state = .closed
            handler.context?.close(promise: nil)
        }
        onFree(Connection(channel: context.channel, handler: self))
    }

    private func fail(_ status: APIStatus) {
        switch state {
        case .waiting(let exchange), .unanswered(let exchange): exchange.answer(.failure(.failed(status)))
        case .receiving(let body, _): body.fail(status)
        case .idle, .closed: failure = failure ?? status
        }
        state = .closed
        timer?.cancel()
        giveUpUpload()
        context?.close(promise: nil)
    }

    private func schedule(
        after delay: TimeAmount, _ context: ChannelHandlerContext, _ action: @escaping @Sendable (ExchangeHandler) -> Void
    ) {
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: delay) { action(handler.value) }
    }
}
