internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// One HTTP/1.1 connection: reads requests one after the other, has the service answer them, and writes the answers in order.
///
/// Everything happens on the connection's event loop; answers that come from other threads hop onto it.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Bounds of one connection.
    enum Limits {
        /// The largest request body, compressed or not. Source: apiserver `pkg/server/config.go` MaxRequestBodyBytes.
        static let body = 3 << 20
        /// How much a client may send ahead of the answer it waits for.
        static let ahead = 256 << 10
        static let handshake: TimeAmount = .seconds(15)
        static let request: TimeAmount = .seconds(60)
        static let upload: TimeAmount = .seconds(60)
        static let idle: TimeAmount = .seconds(180)
        /// Streamed bytes taken from a source at a time.
        static let piece = 64 << 10
    }

    private enum Phase {
        /// Between requests or inside a head.
        case reading
        /// A body is arriving whole.
        case collecting(HTTPRequestHead, [UInt8])
        /// Whoever answers has the request, and its body as it arrives.
        case uploading(HTTPRequestHead)
        /// The service has the request.
        case answering(HTTPRequestHead)
        /// A response flows.
        case streaming(HTTPRequestHead, any ByteSource, ResponseWriter.Framing, closes: Bool)
        /// Other handlers have taken over, or will.
        case upgrading
        case closed
    }

    private let service: any HTTPService
    private let loopState: LoopState
    private var context: ChannelHandlerContext?
    private var phase: Phase = .reading
    private var parser = HTTPRequestParser()
    private var inbound = ByteBuffer()
    private var certificate: CertificateIdentity?
    private var certificateUser: UserInfo?
    private var deadline: NIODeadline?
    /// Counts exchanges, so that an answer to an abandoned one is ignored.
    private var exchange: UInt64 = 0
    private var isProcessing = false
    private var isPaused = false
    private var hasPendingRead = false
    private var isPumping = false
    /// Where the rest of a body flows; nil once it is complete.
    private var upload: ByteChannel?
    /// Whether the body goes on while the answer flows, as through a proxy.
    private var isTwoWay = false
    /// Of a request whose answer others are asked for.
    private var life: RequestLife?
    /// Bytes of a streamed body that its head has promised and that are not written yet.
    private var owed = 0

    init(service: any HTTPService, loopState: LoopState) {
        self.service = service
        self.loopState = loopState
    }

    // MARK: Life of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loopState.register(self)
        setDeadline(Limits.handshake)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
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

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event {
            if let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLHandler.self) {
                certificate = handler.peerCertificate.flatMap(ClientCertificate.identity)
            }
            setDeadline(Limits.idle)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func abandon() {
        switch phase {
        case .streaming(_, let source, _, _): source.cancel()
        default: break
        }
        upload?.fail(.badRequest("the client closed the connection before the body was complete"))
        upload = nil
        endLife()
        phase = .closed
        exchange &+= 1
        deadline = nil
        inbound = ByteBuffer()
    }

    private func beginLife() -> RequestLife {
        let begun = RequestLife()
        life = begun
        return begun
    }

    private func endLife() {
        life?.end()
        life = nil
    }

    // MARK: Deadlines

    /// Whether the connection must do something before some moment.
    var hasDeadline: Bool { deadline != nil }

    private func setDeadline(_ amount: TimeAmount?) {
        guard let amount else {
            deadline = nil
            return
        }
        let wasTimed = deadline != nil
        deadline = .now() + amount
        if !wasTimed { loopState.deadlineAppeared() }
    }

    /// Ends the connection when its deadline has passed.
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

    private func pause() { isPaused = true }

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
        guard !isProcessing, let context else { return }
        isProcessing = true
        defer { isProcessing = false }
        while wantsBytes {
            do {
                let event = try parser.next(&inbound)
                if case .needsMore = event {
                    if case .reading = phase, parser.isInsideRequest, deadline == nil { setDeadline(Limits.request) }
                    return
                }
                try advance(event, context)
            } catch {
                refuse(error)
                return
            }
        }
        if inbound.readableBytes > Limits.ahead { pause() }
    }

    private var wantsBytes: Bool {
        switch phase {
        case .reading, .collecting: true
        default: upload != nil
        }
    }

    private func advance(_ event: HTTPRequestParser.Event, _ context: ChannelHandlerContext) throws(HTTPParseFailure) {
        switch (event, phase) {
        case (.head(let head), .reading): begin(head, context)
        case (.body(let piece), .collecting(let head, var bytes)):
            guard bytes.count + piece.readableBytes <= Limits.body else { return tooLarge(head) }
            phase = .reading  // Gives up the other reference, so that the bytes grow in place.
            bytes.append(contentsOf: piece.readableBytesView)
            phase = .collecting(head, bytes)
        case (.end, .collecting(let head, let bytes)):
            phase = .answering(head)
            dispatch(head, bytes)
        case (.body(let piece), _): try receive(piece, context)
        case (.end, _):
            guard let upload else { throw .malformed("unexpected data") }
            self.upload = nil
            upload.finish()
            if case .uploading = phase { setDeadline(nil) }
        default: throw .malformed("unexpected data")
        }
    }

    /// Passes on part of a body that nobody collects.
    private func receive(_ piece: ByteBuffer, _ context: ChannelHandlerContext) throws(HTTPParseFailure) {
        guard let upload else { throw .malformed("unexpected data") }
        awaitUpload()
        guard !upload.send(Array(piece.readableBytesView)) else { return }
        // Now the reader is waited for, not the client.
        pause()
        setDeadline(nil)
        let loop = context.eventLoop
        upload.whenDrained { [weak self] in
            guard let self else { return }
            loop.execute {
                if self.upload != nil { self.awaitUpload() }
                self.resume()
            }
        }
    }

    /// Before the answer the client must go on sending; beside it, it may take its time.
    private func awaitUpload() {
        if case .uploading = phase { setDeadline(Limits.upload) }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        exchange &+= 1
        setDeadline(Limits.request)
        let path = Self.path(of: head.target)
        let isProxied = ProxyRequest.isProxied(head.target)
        if isProxied && !UpgradeNegotiation.isWanted(head) || service.takesStreamedBody(path: path) {
            return beginUpload(head, isProxied: isProxied, context)
        }
        if case .fixed(let count) = head.body, count > Limits.body { return tooLarge(head) }
        phase = .collecting(head, [])
        if head.expectsContinue, head.body != .none { writeContinue(context) }
    }

    private func writeContinue(_ context: ChannelHandlerContext) {
        var out = context.channel.allocator.buffer(capacity: 32)
        out.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    private func beginUpload(_ head: HTTPRequestHead, isProxied: Bool, _ context: ChannelHandlerContext) {
        let body = ByteChannel(highWaterMark: 1 << 20)
        phase = .uploading(head)
        upload = body
        isTwoWay = isProxied
        switch (RequestAssembly.request(head, body: []), authenticate(head)) {
        case (.failure(let status), _), (_, .failure(let status)): answer(status, exchange)
        case (.success(let request), .success(let user)):
            if head.expectsContinue, head.body != .none { writeContinue(context) }
            if isProxied {
                let proxied = ProxyRequest(head, peer: context.channel.remoteAddress?.ipAddress ?? "", life: beginLife())
                service.proxy(proxied, request, body: body, as: user, reply: replier(exchange))
            } else {
                service.handleStreamed(request, body: body, as: user, reply: replier(exchange))
            }
        }
    }

    /// Who sends a request; what the connection's certificate says is worked out once.
    private func authenticate(_ head: HTTPRequestHead) -> Result<UserInfo, APIStatus> {
        if let certificateUser { return .success(certificateUser) }
        let result = service.authenticate(head, certificate: certificate)
        if certificate != nil, case .success(let user) = result { certificateUser = user }
        return result
    }

    private static func path(of target: String) -> String {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return String(target[..<mark])
    }

    // MARK: Answering

    private func dispatch(_ head: HTTPRequestHead, _ bytes: [UInt8]) {
        setDeadline(nil)
        let number = exchange
        switch (RequestAssembly.request(head, body: bytes), authenticate(head)) {
        case (.failure(let status), _), (_, .failure(let status)): answer(status, number)
        case (.success(let request), .success(let user)):
            if UpgradeNegotiation.isWanted(head) {
                upgrade(head, request, user, number)
            } else {
                service.handle(request, as: user, reply: replier(number))
            }
        }
    }

    /// A reply for exchange `number` that may be called on any thread.
    private func replier(_ number: UInt64) -> @Sendable (APIResponse) -> Void {
        guard let loop = context?.eventLoop else { return { _ in } }
        return { [weak self] response in
            guard let self else {
                if case .stream(let source) = response.body { source.cancel() }
                return
            }
            if loop.inEventLoop {
                self.respond(response, number)
            } else {
                loop.execute { self.respond(response, number) }
            }
        }
    }

    private func answer(_ status: APIStatus, _ number: UInt64) {
        respond(ResponseMaking.status(status), number)
    }

    private func respond(_ response: APIResponse, _ number: UInt64) {
        guard number == exchange, let context else {
            if case .stream(let source) = response.body { source.cancel() }
            return
        }
        let head: HTTPRequestHead
        var closes = false
        switch phase {
        case .answering(let request): head = request
        case .uploading(let request):
            head = request
            if let upload, !(isTwoWay && response.isStreamed) {
                // The rest of an upload nobody reads any more is not worth receiving.
                closes = true
                upload.cancel()
                self.upload = nil
            }
        case .collecting(let request, _):
            head = request
            closes = true
        default:
            if case .stream(let source) = response.body { source.cancel() }
            return
        }
        phase = .answering(head)
        closes = closes || !head.keepsAlive
        switch response.body {
        case .bytes(let bytes): send(response, bytes, head: head, closes: closes, context)
        case .stream(let source): stream(response, source, head: head, closes: closes, context)
        }
    }

    private func send(
        _ response: APIResponse, _ bytes: [UInt8], head: HTTPRequestHead, closes: Bool, _ context: ChannelHandlerContext
    ) {
        if bytes.count > Compression.threshold, head.header("accept-encoding", lists: "gzip"), head.method != "HEAD" {
            let number = exchange
            let loop = context.eventLoop
            service.offload {
                GzipCodec.compress(bytes)
            } then: { [weak self] packed in
                guard let self else { return }
                loop.execute {
                    guard number == self.exchange, let context = self.context else { return }
                    self.write(response, packed ?? bytes, isGzipped: packed != nil, head: head, closes: closes, context)
                }
            }
            return
        }
        write(response, bytes, isGzipped: false, head: head, closes: closes, context)
    }

    private func write(
        _ response: APIResponse, _ bytes: [UInt8], isGzipped: Bool, head: HTTPRequestHead, closes: Bool, _ context: ChannelHandlerContext
    ) {
        var out = context.channel.allocator.buffer(capacity: bytes.count + 512)
        let hasBody = response.status != 304 && response.status != 204
        ResponseWriter.writeHead(
            response, framing: hasBody ? .length(bytes.count) : .none, closes: closes, isGzipped: isGzipped,
            date: loopState.httpDate(), into: &out)
        if head.method != "HEAD", hasBody { out.writeBytes(bytes) }
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        finishExchange(closes: closes, context)
    }

    private func finishExchange(closes: Bool, _ context: ChannelHandlerContext) {
        exchange &+= 1
        let isCutOff = upload != nil
        upload?.cancel()
        upload = nil
        endLife()
        if closes || isCutOff {
            phase = .closed
            return LingeringClose.close(context)
        }
        phase = .reading
        setDeadline(Limits.idle)
        resume()
        if inbound.readableBytes > 0, !isProcessing {
            process()
        }
    }

    // MARK: Streaming responses

    private func stream(
        _ response: APIResponse, _ source: any ByteSource, head: HTTPRequestHead, closes: Bool, _ context: ChannelHandlerContext
    ) {
        var response = response
        let framing = Self.framing(&response, isVersion11: head.isVersion11)
        let closes = closes || framing == .untilClose
        var out = context.channel.allocator.buffer(capacity: 512)
        ResponseWriter.writeHead(response, framing: framing, closes: closes, isGzipped: false, date: loopState.httpDate(), into: &out)
        guard head.method != "HEAD", framing != .none else {
            source.cancel()
            context.writeAndFlush(wrapOutboundOut(out), promise: nil)
            return finishExchange(closes: closes, context)
        }
        if case .length(let count) = framing { owed = count }
        phase = .streaming(head, source, framing, closes: closes)
        setDeadline(nil)
        context.write(wrapOutboundOut(out), promise: nil)
        pump()
    }

    /// How a streamed body is delimited: by the length that is known, taken out of the headers, or else in chunks.
    private static func framing(_ response: inout APIResponse, isVersion11: Bool) -> ResponseWriter.Framing {
        if response.status == 204 || response.status == 304 { return .none }
        if let text = response.header("content-length"), let count = Int(text), count >= 0 {
            response.headers.removeAll { $0.0 == "content-length" }
            return .length(count)
        }
        return isVersion11 ? .chunked : .untilClose
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { pump() }
        context.fireChannelWritabilityChanged()
    }

    /// Moves what the source has to the socket, as far as the socket takes it.
    private func pump() {
        guard case .streaming(let head, let source, let framing, let closes) = phase, let context, !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while context.channel.isWritable {
            switch source.poll(maximum: Limits.piece) {
            case .bytes(let bytes):
                guard write(bytes, framing, context) else { return breakOff(source, context) }
            case .pending:
                context.flush()
                let loop = context.eventLoop
                let number = exchange
                source.onReady { [weak self] in
                    guard let self else { return }
                    loop.execute {
                        guard self.exchange == number else { return }
                        self.pump()
                    }
                }
                return
            case .end:
                if case .length = framing, owed > 0 { return breakOff(source, context) }
                if framing == .chunked {
                    var out = context.channel.allocator.buffer(capacity: 8)
                    out.writeStaticString("0\r\n\r\n")
                    context.write(wrapOutboundOut(out), promise: nil)
                }
                context.flush()
                isPumping = false  // The next request may be here and its response begin at once.
                return finishExchange(closes: closes || !head.keepsAlive, context)
            case .failed: return breakOff(source, context)
            }
        }
    }

    /// Writes a piece of a body; false when it is longer than was promised.
    private func write(_ bytes: [UInt8], _ framing: ResponseWriter.Framing, _ context: ChannelHandlerContext) -> Bool {
        var out = context.channel.allocator.buffer(capacity: bytes.count + 16)
        switch framing {
        case .chunked: ResponseWriter.writeChunk(bytes, into: &out)
        case .length:
            guard bytes.count <= owed else { return false }
            owed -= bytes.count
            out.writeBytes(bytes)
        case .untilClose, .none: out.writeBytes(bytes)
        }
        // At once: TLS holds back what is not flushed, and a connection that shows no load would be given the whole source.
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        return true
    }

    /// The status line is long gone: an unfinished body is the only way left to say that it is incomplete.
    private func breakOff(_ source: any ByteSource, _ context: ChannelHandlerContext) {
        source.cancel()
        context.flush()
        phase = .closed
        context.close(promise: nil)
    }

    // MARK: Upgrading

    private func upgrade(_ head: HTTPRequestHead, _ request: APIRequest, _ user: UserInfo, _ number: UInt64) {
        guard let context else { return }
        let loop = context.eventLoop
        let negotiation = UpgradeNegotiation(
            head: head, request: request, user: user, peer: context.channel.remoteAddress?.ipAddress ?? "", life: beginLife(), loop: loop,
            service: service)
        service.perform { [weak self] in
            let outcome = await negotiation.outcome()
            guard let self else { return outcome.cancel() }
            loop.execute {
                switch outcome {
                case .upgrade(let upgrade):
                    guard self.exchange == number, let context = self.context else { return upgrade.cancel() }
                    self.complete(upgrade, context)
                case .response(let response): self.respond(response, number)
                }
            }
        }
    }

    private func complete(_ upgrade: Upgrade, _ context: ChannelHandlerContext) {
        phase = .upgrading
        life = nil
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

    // MARK: Refusing

    private func tooLarge(_ head: HTTPRequestHead) {
        phase = .collecting(head, [])
        answer(.tooLarge("limit is \(Limits.body)"), exchange)
    }

    private func refuse(_ failure: HTTPParseFailure) {
        guard let context else { return }
        abandon()
        let status = APIStatus(code: failure.status, reason: failure.status == 400 ? .badRequest : nil, message: failure.message)
        let response = ResponseMaking.status(status)
        guard case .bytes(let bytes) = response.body else { return }
        var out = context.channel.allocator.buffer(capacity: bytes.count + 256)
        ResponseWriter.writeHead(
            response, framing: .length(bytes.count), closes: true, isGzipped: false, date: loopState.httpDate(), into: &out)
        out.writeBytes(bytes)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        LingeringClose.close(context)
    }
}

/// When a body is worth compressing.
enum Compression {
    /// Source: apiserver `responsewriters/writers.go` defaultGzipThresholdBytes.
    static let threshold = 128 << 10
}

extension APIResponse {
    /// Whether the body arrives over time.
    fileprivate var isStreamed: Bool {
        if case .stream = body { true } else { false }
    }
}
