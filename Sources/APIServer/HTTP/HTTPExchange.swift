internal import APIMachinery
internal import KubeClient
internal import NIOCore

/// One request and its answer, over whichever protocol: collects or passes on the body, has the service answer, and moves the answer
/// to the client no faster than it is read.
///
/// Everything happens on the connection's event loop; answers that come from other threads hop onto it.
final class HTTPExchange: @unchecked Sendable {
    // Safe because its state is touched on its event loop only.

    private enum Phase {
        /// The body is arriving whole.
        case collecting([UInt8])
        /// Whoever answers has the request, and its body as it arrives.
        case uploading
        /// The service has the request.
        case answering
        /// A response flows.
        case streaming(any ByteSource)
        /// Answered, abandoned, or taken over by other handlers.
        case over
    }

    let head: HTTPRequestHead
    /// Whether the client still sends a body when the answer is written that nobody wants.
    private(set) var isCutOff = false
    private let service: any HTTPService
    private let client: ConnectionClient
    private let loop: any EventLoop
    private let counts: TrafficMetrics.Counts
    private var phase: Phase = .collecting([])
    /// Who sends the request, once that has been asked.
    private var user: UserInfo?
    /// Nil when the exchange is over.
    private var output: (any ExchangeOutput)?
    /// Where the rest of a body flows; nil once it is complete.
    private var upload: ByteChannel?
    /// Whether the body goes on while the answer flows, as through a proxy.
    private var isTwoWay = false
    /// Of a request whose answer others are asked for.
    private var life: RequestLife?
    /// Bytes of a streamed body that its head has promised and that are not written yet.
    private var owed: Int?
    /// Whether the body is held for the client, who then must go on taking it.
    private var isHeld = false
    private var isPumping = false

    init(
        _ head: HTTPRequestHead, _ output: any ExchangeOutput, service: any HTTPService, client: ConnectionClient,
        counts: TrafficMetrics.Counts
    ) {
        self.head = head
        self.output = output
        self.service = service
        self.client = client
        self.counts = counts
        loop = client.channel.eventLoop
        counts.requestBegan()
    }

    // MARK: The request

    /// Whether what the client sends belongs to this request.
    var wantsBody: Bool {
        if case .collecting = phase { true } else { upload != nil }
    }

    /// How much of a body is held until it is complete.
    var collected: Int {
        if case .collecting(let bytes) = phase { bytes.count } else { 0 }
    }

    /// The head has arrived; its body follows.
    func begin() {
        output?.setDeadline(HTTPLimits.request)
        let isProxied = ProxyRequest.isProxied(head.target)
        if isProxied && !UpgradeNegotiation.isWanted(head) || service.takesStreamedBody(path: Self.path(of: head.target)) {
            return beginUpload(isProxied: isProxied)
        }
        if head.body != .none { beginBody() }
    }

    /// Before a body is taken it is clear who sends it; what nobody in particular may not do is refused without it.
    private func beginBody() {
        switch client.authenticate(head, service) {
        case .failure(let status): return respond(unauthenticated(status))
        case .success(let found): user = found
        }
        if case .fixed(let count) = head.body, count > HTTPLimits.body { return tooLarge() }
        // Who may speak for others is heard as one of them, with everything that was sent.
        let isImpersonating = head.headers.contains { $0.0.hasPrefix("impersonate-") }
        if user == .anonymous, !isImpersonating, case .success(let request) = RequestAssembly.request(head, body: [], peer: client.address),
            !service.allows(request, as: .anonymous)
        {
            isCutOff = true
            phase = .answering
            return dispatch([])
        }
        if head.expectsContinue { output?.writeContinue() }
    }

    private func unauthenticated(_ status: APIStatus) -> APIResponse { service.unauthenticated(head, peer: client.address, status) }

    /// A request that is answered before anybody looks at it.
    func refuse(_ response: APIResponse) {
        phase = .answering
        respond(response)
    }

    private func beginUpload(isProxied: Bool) {
        let body = ByteChannel(highWaterMark: HTTPLimits.waitingUpload)
        phase = .uploading
        upload = body
        isTwoWay = isProxied
        switch (RequestAssembly.request(head, body: [], peer: client.address), client.authenticate(head, service)) {
        case (.failure(let status), _): respond(ResponseMaking.status(status))
        case (_, .failure(let status)): respond(unauthenticated(status))
        case (.success(let request), .success(let user)):
            if head.expectsContinue, head.body != .none { output?.writeContinue() }
            if isProxied {
                let proxied = ProxyRequest(head, peer: client.address, life: beginLife())
                service.proxy(proxied, request, body: body, as: user, reply: replier)
            } else {
                service.handleStreamed(request, body: body, as: user, reply: replier)
            }
        }
    }

    private static func path(of target: String) -> String {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return String(target[..<mark])
    }

    /// Part of the body.
    func receive(_ piece: ByteBuffer) {
        if case .collecting(var bytes) = phase {
            guard bytes.count + piece.readableBytes <= HTTPLimits.body else { return tooLarge() }
            phase = .answering  // Gives up the other reference, so that the bytes grow in place.
            bytes.append(contentsOf: piece.readableBytesView)
            phase = .collecting(bytes)
        } else if let upload {
            passOn(piece, to: upload)
        }
    }

    private func passOn(_ piece: ByteBuffer, to upload: ByteChannel) {
        awaitUpload()
        guard !upload.send(Array(piece.readableBytesView)) else { return }
        // Now the reader is waited for, not the client.
        output?.holdBody()
        output?.setDeadline(nil)
        upload.whenDrained { [self] in
            loop.execute {
                if self.upload != nil { self.awaitUpload() }
                self.output?.resumeBody()
            }
        }
    }

    /// Before the answer the client must go on sending; beside it, it may take its time.
    private func awaitUpload() {
        if case .uploading = phase { output?.setDeadline(HTTPLimits.upload) }
    }

    /// The body is complete.
    func endBody() {
        if case .collecting(let bytes) = phase {
            phase = .answering
            return dispatch(bytes)
        }
        guard let upload else { return }
        self.upload = nil
        upload.finish()
        if case .uploading = phase { output?.setDeadline(nil) }
    }

    private func tooLarge() { respond(ResponseMaking.status(.tooLarge("limit is \(HTTPLimits.body)"))) }

    private func dispatch(_ bytes: [UInt8]) {
        output?.setDeadline(nil)
        let sender = user.map { .success($0) } ?? client.authenticate(head, service)
        switch (RequestAssembly.request(head, body: bytes, peer: client.address), sender) {
        case (.failure(let status), _): respond(ResponseMaking.status(status))
        case (_, .failure(let status)): respond(unauthenticated(status))
        case (.success(let request), .success(let user)):
            if UpgradeNegotiation.isWanted(head) {
                negotiate(request, user)
            } else {
                service.handle(request, as: user, reply: replier)
            }
        }
    }

    /// The client has gone.
    func abandon() {
        if case .streaming(let source) = phase { source.cancel() }
        upload?.fail(.badRequest("the client closed the connection before the body was complete"))
        upload = nil
        endLife()
        end()
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

    private func end() {
        if case .over = phase { return }
        phase = .over
        output = nil
        counts.requestEnded()
    }

    // MARK: The answer

    /// May be called on any thread.
    private var replier: @Sendable (APIResponse) -> Void {
        { [self] response in
            if loop.inEventLoop {
                respond(response)
            } else {
                loop.execute { self.respond(response) }
            }
        }
    }

    private func respond(_ response: APIResponse) {
        switch phase {
        case .answering: break
        case .uploading:
            if let upload, !(isTwoWay && response.isStreamed) {
                // The rest of an upload nobody reads any more is not worth receiving.
                isCutOff = true
                upload.cancel()
                self.upload = nil
            }
        case .collecting: isCutOff = true
        case .streaming, .over:
            if case .stream(let source) = response.body { source.cancel() }
            return
        }
        phase = .answering
        switch response.body {
        case .bytes(let bytes): send(response, bytes)
        case .stream(let list as ListBody): send(response, list)
        case .stream(let source): stream(response, source)
        }
    }

    private var wantsGzip: Bool { head.header("accept-encoding", lists: "gzip") && head.method != "HEAD" }

    private func send(_ response: APIResponse, _ list: ListBody) {
        isHeld = true
        guard wantsGzip else { return stream(response, list) }
        var response = response
        response.headers.removeAll { $0.0 == "content-length" }
        gzip(response) { list.bytes }
    }

    private func send(_ response: APIResponse, _ bytes: [UInt8]) {
        guard bytes.count > Compression.threshold, wantsGzip else {
            return write(response, bytes, isGzipped: false)
        }
        gzip(response) { bytes }
    }

    /// Compresses away from the event loop; what cannot be compressed is sent as it is.
    private func gzip(_ response: APIResponse, _ bytes: @escaping @Sendable () -> [UInt8]) {
        service.offload {
            let bytes = bytes()
            return GzipCodec.compress(bytes).map { ($0, true) } ?? (bytes, false)
        } then: { [self] (bytes, isGzipped) in
            loop.execute { self.write(response, bytes, isGzipped: isGzipped) }
        }
    }

    private func write(_ response: APIResponse, _ bytes: [UInt8], isGzipped: Bool) {
        guard let output else { return }
        if bytes.count > HTTPLimits.atOnce, head.method != "HEAD" { return hold(response, bytes, isGzipped: isGzipped) }
        let hasBody = response.status != 304 && response.status != 204
        output.write(
            response, head.method != "HEAD" && hasBody ? bytes : [], hasBody ? .known(bytes.count) : .none, isGzipped: isGzipped)
        finish()
    }

    /// A large answer goes piece by piece as the client takes it, rather than being encrypted whole beside itself.
    private func hold(_ response: APIResponse, _ bytes: [UInt8], isGzipped: Bool) {
        var response = response
        response.headers.append(("content-length", String(bytes.count)))
        if isGzipped { response.headers += [("content-encoding", "gzip"), ("vary", "Accept-Encoding")] }
        isHeld = true
        stream(response, ByteChannel(bytes))
    }

    private func finish() {
        guard let output else { return }
        if let upload {
            isCutOff = true
            upload.cancel()
            self.upload = nil
        }
        endLife()
        end()
        output.finished(isCutOff: isCutOff)
    }

    // MARK: Streaming

    private func stream(_ response: APIResponse, _ source: any ByteSource) {
        guard let output else { return source.cancel() }
        var response = response
        let length = Self.length(&response)
        guard head.method != "HEAD", length != .none else {
            source.cancel()
            output.writeHead(response, length, endsHere: true)
            return finish()
        }
        if case .known(let count) = length { owed = count }
        phase = .streaming(source)
        output.setDeadline(nil)
        output.writeHead(response, length, endsHere: false)
        pump()
    }

    /// The length of a streamed body, taken out of the headers.
    private static func length(_ response: inout APIResponse) -> BodyLength {
        if response.status == 204 || response.status == 304 { return .none }
        guard let text = response.header("content-length"), let count = Int(text), count >= 0 else { return .unknown }
        response.headers.removeAll { $0.0 == "content-length" }
        return .known(count)
    }

    /// Moves what the source has to the client, as far as the client takes it.
    func pump() {
        guard case .streaming(let source) = phase, let output, !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        if isHeld { output.setDeadline(nil) }
        var turn = HTTPLimits.turn
        while output.isWritable {
            guard turn > 0 else {
                // A client that reads as fast as it is written to must not have the loop for itself.
                output.flush()
                return pumpSoon()
            }
            switch source.poll(maximum: HTTPLimits.piece) {
            case .bytes(let bytes):
                if let owed {
                    guard bytes.count <= owed else { return breakOff(source) }
                    self.owed = owed - bytes.count
                }
                turn -= bytes.count
                output.writePiece(bytes)
            case .pending:
                output.flush()
                // Whoever gives the exchange up cancels its source, which then lets go of it.
                source.onReady { self.pumpSoon() }
                return
            case .end:
                if let owed, owed > 0 { return breakOff(source) }
                output.writeEnd()
                isPumping = false  // The next request may be here and its response begin at once.
                return finish()
            case .failed: return breakOff(source)
            }
        }
        output.flush()
        if isHeld { output.setDeadline(HTTPLimits.stalled) }
    }

    private func pumpSoon() { client.pumps.add(self) }

    private func breakOff(_ source: any ByteSource) {
        let output = output
        source.cancel()
        upload?.cancel()
        upload = nil
        endLife()
        end()
        output?.breakOff()
    }

    // MARK: Upgrading

    private func negotiate(_ request: APIRequest, _ user: UserInfo) {
        let negotiation = UpgradeNegotiation(
            head: head, request: request, user: user, peer: client.address, life: beginLife(), loop: loop, service: service)
        service.perform { [self] in
            let outcome = await negotiation.outcome()
            loop.execute {
                switch outcome {
                case .upgrade(let upgrade): self.complete(upgrade)
                case .response(let response): self.respond(response)
                }
            }
        }
    }

    private func complete(_ upgrade: Upgrade) {
        guard let output else { return upgrade.cancel() }
        life = nil  // It goes on with the upgraded connection.
        end()
        output.become(upgrade)
    }
}

extension APIResponse {
    /// Whether the body arrives over time.
    fileprivate var isStreamed: Bool {
        if case .stream = body { true } else { false }
    }
}
