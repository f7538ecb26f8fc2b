internal import KubeClient
internal import NIOCore

/// One HTTP/1.1 connection: reads requests one after the other, has an `HTTPExchange` answer each, and writes the answers in order.
///
/// Everything happens on the connection's event loop.
final class HTTP1Connection: ChannelDuplexHandler, RemovableChannelHandler, TimedConnection, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let service: any HTTPService
    private let loopState: LoopState
    private let client: ConnectionClient
    private let counts: TrafficMetrics.Counts
    private var context: ChannelHandlerContext?
    private var parser = HTTPRequestParser()
    private var inbound = ByteBuffer()
    /// The request that is arriving or being answered; nil between requests and inside a head.
    private var exchange: HTTPExchange?
    /// Nothing is read any more: the connection ends, or other handlers have taken over.
    private var isClosed = false
    private var deadline: NIODeadline?
    private var isInsideHead = false
    private var isProcessing = false
    private var isPaused = false
    private var hasPendingRead = false
    /// How the body of the current answer is delimited, and whether the connection ends with it.
    private var framing = ResponseWriter.Framing.none
    private var closes = false

    init(service: any HTTPService, loopState: LoopState, client: ConnectionClient) {
        self.service = service
        self.loopState = loopState
        self.client = client
        counts = service.traffic.http1
    }

    // MARK: Life of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        counts.connectionOpened()
        loopState.register(self)
        setDeadline(HTTPLimits.idle)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        counts.connectionClosed()
        loopState.unregister(self)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        abandon()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that breaks TLS or vanishes is its own affair: the connection ends, nothing else.
        context.close(promise: nil)
    }

    private func abandon() {
        exchange?.abandon()
        exchange = nil
        isClosed = true
        deadline = nil
        inbound = ByteBuffer()
    }

    // MARK: Deadlines

    var hasDeadline: Bool { deadline != nil }

    func setDeadline(_ amount: TimeAmount?) {
        guard let amount else {
            deadline = nil
            return
        }
        let wasTimed = deadline != nil
        deadline = .now() + amount
        if !wasTimed { loopState.deadlineAppeared() }
    }

    func closeIfOverdue(_ now: NIODeadline) {
        guard let deadline, deadline <= now, let context else { return }
        context.close(promise: nil)
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if isPaused {
            hasPendingRead = true
        } else {
            context.read()
        }
    }

    private func resume() {
        guard isPaused else { return }
        isPaused = false
        if hasPendingRead {
            hasPendingRead = false
            context?.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        process()
    }

    /// Works through the bytes at hand until more are needed or an answer is awaited.
    private func process() {
        guard !isProcessing, context != nil else { return }
        isProcessing = true
        defer { isProcessing = false }
        while wantsBytes {
            do {
                let event = try parser.next(&inbound)
                if case .needsMore = event {
                    if exchange == nil, parser.isInsideRequest, !isInsideHead {
                        isInsideHead = true
                        setDeadline(HTTPLimits.head)
                    }
                    return
                }
                try advance(event)
            } catch {
                refuse(error)
                return
            }
        }
        if inbound.readableBytes > HTTPLimits.ahead { isPaused = true }
    }

    private var wantsBytes: Bool { !isClosed && exchange?.wantsBody ?? true }

    private func advance(_ event: HTTPRequestParser.Event) throws(HTTPParseFailure) {
        switch event {
        case .head(let head):
            guard exchange == nil else { throw .malformed("unexpected data") }
            let begun = HTTPExchange(head, self, service: service, client: client, counts: counts)
            exchange = begun
            begun.begin()
        case .body(let piece):
            guard let exchange else { throw .malformed("unexpected data") }
            exchange.receive(piece)
        case .end:
            guard let exchange else { throw .malformed("unexpected data") }
            exchange.endBody()
        case .needsMore: break
        }
    }

    private func refuse(_ failure: HTTPParseFailure) {
        guard let context else { return }
        abandon()
        let response = ResponseMaking.failure(failure)
        guard case .bytes(let bytes) = response.body else { return }
        var out = context.channel.allocator.buffer(capacity: bytes.count + 256)
        ResponseWriter.writeHead(
            response, framing: .length(bytes.count), closes: true, isGzipped: false, date: loopState.httpDate(), into: &out)
        out.writeBytes(bytes)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        LingeringClose.close(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.pump() }
        context.fireChannelWritabilityChanged()
    }
}

extension HTTP1Connection: ExchangeOutput {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func holdBody() { isPaused = true }

    func resumeBody() { resume() }

    func writeContinue() {
        guard let context else { return }
        var out = context.channel.allocator.buffer(capacity: 32)
        out.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    /// Whether the connection ends with the current answer, whatever its body.
    private var isLast: Bool {
        guard let exchange else { return true }
        return exchange.isCutOff || !exchange.head.keepsAlive
    }

    func write(_ response: APIResponse, _ bytes: [UInt8], _ length: BodyLength, isGzipped: Bool) {
        guard let context else { return }
        closes = isLast
        var out = context.channel.allocator.buffer(capacity: bytes.count + 512)
        ResponseWriter.writeHead(
            response, framing: framing(length), closes: closes, isGzipped: isGzipped, date: loopState.httpDate(), into: &out)
        out.writeBytes(bytes)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    func writeHead(_ response: APIResponse, _ length: BodyLength, endsHere: Bool) {
        guard let context else { return }
        framing = framing(length)
        closes = isLast || framing == .untilClose
        var out = context.channel.allocator.buffer(capacity: 512)
        ResponseWriter.writeHead(response, framing: framing, closes: closes, isGzipped: false, date: loopState.httpDate(), into: &out)
        context.write(wrapOutboundOut(out), promise: nil)
        if endsHere { context.flush() }
    }

    private func framing(_ length: BodyLength) -> ResponseWriter.Framing {
        switch length {
        case .none: .none
        case .known(let count): .length(count)
        case .unknown: exchange?.head.isVersion11 ?? true ? .chunked : .untilClose
        }
    }

    func writePiece(_ bytes: [UInt8]) {
        guard let context else { return }
        let isChunk = framing == .chunked
        let out = loopState.buffer(bytes, isChunk: isChunk) {
            var out = context.channel.allocator.buffer(capacity: bytes.count + 16)
            if isChunk { ResponseWriter.writeChunk(bytes, into: &out) } else { out.writeBytes(bytes) }
            return out
        }
        // At once: TLS holds back what is not flushed, and a connection that shows no load would be given the whole source.
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    func flush() { context?.flush() }

    func writeEnd() {
        guard let context else { return }
        if framing == .chunked {
            var out = context.channel.allocator.buffer(capacity: 8)
            out.writeStaticString("0\r\n\r\n")
            context.write(wrapOutboundOut(out), promise: nil)
        }
        context.flush()
    }

    func finished(isCutOff: Bool) {
        exchange = nil
        guard let context else { return }
        if closes || isCutOff {
            isClosed = true
            return LingeringClose.close(context)
        }
        isInsideHead = false
        setDeadline(HTTPLimits.idle)
        resume()
        if inbound.readableBytes > 0, !isProcessing { process() }
    }

    func breakOff() {
        exchange = nil
        isClosed = true
        context?.flush()
        context?.close(promise: nil)
    }

    func become(_ upgrade: Upgrade) {
        exchange = nil
        isClosed = true
        guard let context else { return upgrade.cancel() }
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: upgrade.response)), promise: nil)
        let rest = inbound
        inbound = ByteBuffer()
        do {
            try upgrade.install(self, context.pipeline.syncOperations)
        } catch {
            upgrade.cancel()
            return context.close(promise: nil)
        }
        isPaused = false
        if rest.readableBytes > 0 {
            context.fireChannelRead(NIOAny(rest))
            context.fireChannelReadComplete()
        }
        if hasPendingRead { context.read() }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
