internal import KubeClient
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// One request of an HTTP/2 connection: its body comes in frames, its answer leaves in frames, each no faster than it is taken.
///
/// Everything happens on the connection's event loop.
final class HTTP2Stream: @unchecked Sendable {
    // Safe because its state is touched on its event loop only.

    let id: HTTP2StreamID
    private(set) var deadline: NIODeadline?
    /// Bytes of a body that is collected whole.
    private(set) var collected = 0
    /// Whether its connection shall let it go on writing.
    var isQueued = false
    private let connection: HTTP2Connection
    private var exchange: HTTPExchange?
    /// Nothing may be written any more.
    private var isClosed = false
    /// The client has sent everything.
    private var isRequestComplete = false
    /// The body is held back by who reads it.
    private var isHeld = false
    /// What the head said of the body, less what has come.
    private var promised: Int?
    /// What the client may still send, as far as known.
    private var window = HTTP2Limits.streamWindow
    /// Bytes written that the client has not taken.
    private var unsent = 0
    /// Of these, bytes whose end no promise tells.
    private var uncounted = 0

    init(_ id: HTTP2StreamID, _ connection: HTTP2Connection) {
        self.id = id
        self.connection = connection
    }

    // MARK: What comes in

    func begin(_ list: HPACKHeaders, endsStream: Bool) {
        isRequestComplete = endsStream
        switch HTTP2HeadGrammar.parse(list, endsStream: endsStream) {
        case .malformed: reset(.protocolError)
        case .refused(let head, let response): open(head).refuse(response)
        case .request(let head):
            if case .fixed(let count) = head.body { promised = count }
            let exchange = open(head)
            exchange.begin()
            if endsStream { exchange.endBody() }
        }
    }

    private func open(_ head: HTTPRequestHead) -> HTTPExchange {
        let begun = connection.makeExchange(head, self)
        exchange = begun
        return begun
    }

    func receive(_ data: HTTP2Frame.FramePayload.Data) {
        guard case .byteBuffer(let bytes) = data.data else { return }
        if let left = promised {
            promised = left - bytes.readableBytes
            // A length that is not kept makes the message malformed (RFC 9113 section 8.1.1).
            guard left >= bytes.readableBytes, !data.endStream || left == bytes.readableBytes else { return reset(.protocolError) }
        }
        if bytes.readableBytes > 0, let exchange, exchange.wantsBody {
            exchange.receive(bytes)
            count(exchange.collected)
        }
        if data.endStream { endBody() }
    }

    /// Headers after the body: its end. What they say is nobody's concern.
    func receiveTrailers() {
        if promised ?? 0 > 0 { return reset(.protocolError) }
        endBody()
    }

    private func endBody() {
        isRequestComplete = true
        exchange?.endBody()
        count(0)
    }

    private func count(_ bytes: Int) {
        let change = bytes - collected
        guard change != 0 else { return }
        collected = bytes
        connection.collectedChanged(by: change)
    }

    /// The client may send `bytes` more.
    func windowChanged(_ bytes: Int) {
        window = bytes
        refill()
    }

    /// Lets the client send more when it has sent enough and who reads it wants more.
    func refill() {
        guard exchange != nil, !isRequestComplete, !isHeld, window < HTTP2Limits.streamWindow / 2, connection.mayCollect(self) else { return }
        let increment = HTTP2Limits.streamWindow - window
        window = HTTP2Limits.streamWindow
        connection.write(id, .windowUpdate(windowSizeIncrement: increment), nil)
        connection.flush()
    }

    /// The stream has ended on both sides, or either has reset it.
    func closed() {
        isClosed = true
        deadline = nil
        exchange?.abandon()
        exchange = nil
        count(0)
    }

    // MARK: What goes out

    /// Ends the stream at once.
    func reset(_ code: HTTP2ErrorCode) {
        guard !isClosed else { return }
        connection.reset(id, code)
        connection.flush()
    }

    /// Lets a streamed answer go on.
    func pump() { exchange?.pump() }

    private func writeData(_ bytes: [UInt8], endsStream: Bool) {
        guard !isClosed else { return }
        let buffer = connection.buffer(bytes)
        unsent += bytes.count
        uncounted += bytes.count
        var promise: EventLoopPromise<Void>?
        // Not for every small piece: what is taken of it is noticed with the next ones.
        if endsStream || uncounted >= HTTP2Limits.counted {
            let count = uncounted
            uncounted = 0
            promise = connection.makePromise()
            promise?.futureResult.whenSuccess { [self] in taken(count, isLast: endsStream) }
        }
        connection.write(id, .data(.init(data: .byteBuffer(buffer), endStream: endsStream)), promise)
        connection.wrote(bytes.count)
    }

    private func taken(_ count: Int, isLast: Bool) {
        let wasHeldBack = !isWritable
        unsent -= count
        if isLast { return ended() }
        if wasHeldBack, isWritable { connection.enqueue(self) }
    }

    /// The answer has left; a client that still sends what nobody wants is told to stop.
    private func ended() {
        if !isRequestComplete { reset(.noError) }
    }

    private func writeEndOfHead(_ list: HPACKHeaders, endsStream: Bool) {
        guard !isClosed else { return }
        connection.write(id, .headers(.init(headers: list, endStream: endsStream)), nil)
        if endsStream { ended() }
    }
}

extension HTTP2Stream: ExchangeOutput {
    var isWritable: Bool { unsent < HTTP2Limits.unsent && !isClosed }

    func setDeadline(_ amount: TimeAmount?) {
        deadline = amount.map { .now() + $0 }
        if deadline != nil { connection.deadlineAppeared() }
    }

    func holdBody() { isHeld = true }

    func resumeBody() {
        isHeld = false
        refill()
    }

    func writeContinue() {
        guard !isClosed else { return }
        connection.write(id, .headers(.init(headers: [":status": "100"])), nil)
        connection.flush()
    }

    func write(_ response: APIResponse, _ bytes: [UInt8], _ length: BodyLength, isGzipped: Bool) {
        let list = HTTP2ResponseHead.list(response, length, isGzipped: isGzipped, date: connection.date)
        writeEndOfHead(list, endsStream: bytes.isEmpty)
        if !bytes.isEmpty { writeData(bytes, endsStream: true) }
        flush()
    }

    func writeHead(_ response: APIResponse, _ length: BodyLength, endsHere: Bool) {
        let list = HTTP2ResponseHead.list(response, length, isGzipped: false, date: connection.date)
        writeEndOfHead(list, endsStream: endsHere)
        if endsHere { flush() }
    }

    func writePiece(_ bytes: [UInt8]) { writeData(bytes, endsStream: false) }

    func flush() { connection.flush() }

    func writeEnd() {
        writeData([], endsStream: true)
        flush()
    }

    func finished(isCutOff: Bool) {
        exchange = nil
        count(0)
        // What has been written waits for the client, though not for ever.
        if !isClosed { setDeadline(HTTPLimits.idle) }
    }

    func breakOff() {
        exchange = nil
        reset(.internalError)
    }

    /// Never asked for: a head that asks for an upgrade is refused.
    func become(_ upgrade: Upgrade) {
        upgrade.cancel()
        reset(.http11Required)
    }
}
