internal import NIOCore
internal import NIOHTTP2

/// One HTTP/2 connection behind `NIOHTTP2Handler`: hands frames to their streams and looks after what streams share.
///
/// Streams are no channels of their own, which would cost twice the time of a request. Fairness: no stream writes more than
/// `HTTP2Limits.unsent` ahead of what the client has taken, and the framing sends what waits in turn.
final class HTTP2Connection: ChannelDuplexHandler, TimedConnection, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = Never
    typealias OutboundOut = HTTP2Frame

    private let service: any HTTPService
    private let loopState: LoopState
    private let client: ConnectionClient
    private let sent: HTTP2FrameWatcher
    private let counts: TrafficMetrics.Counts
    private var context: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    private var lastStream = HTTP2StreamID.rootStream
    /// Until when a connection without streams is kept.
    private var idleDeadline: NIODeadline?
    /// Inside a read what is written is flushed once, at its end.
    private var isReading = false
    private var isFlushDue = false
    /// Bytes of bodies written since the last flush.
    private var unflushed = 0
    private var isClosing = false
    /// The client will begin no more streams.
    private var isClientLeaving = false
    /// Bytes of all bodies that are collected.
    private var collected = 0
    /// Streams that may write again.
    private var queue: [HTTP2Stream] = []

    init(service: any HTTPService, loopState: LoopState, client: ConnectionClient, sent: HTTP2FrameWatcher) {
        self.service = service
        self.loopState = loopState
        self.client = client
        self.sent = sent
        counts = service.traffic.http2
    }

    // MARK: Life of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        counts.connectionOpened()
        loopState.register(self)
        idleDeadline = .now() + HTTPLimits.idle
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        counts.connectionClosed()
        loopState.unregister(self)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        abandonStreams()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What went wrong on one stream has ended that stream; the others go on.
        if sent.takeStreamError() || error is NIOHTTP2Errors.StreamError || isClosing { return }
        // The framing has said why; a client that goes on sending shall hear it.
        isClosing = true
        abandonStreams()
        LingeringClose.close(context)
    }

    private func abandonStreams() {
        let open = streams
        streams = [:]
        queue = []
        for stream in open.values { stream.closed() }
    }

    /// Says goodbye first, so that the client knows which requests were not looked at.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .all, !isClosing, context.channel.isActive {
            isClosing = true
            let farewell = HTTP2Frame.FramePayload.goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil)
            context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: farewell)), promise: nil)
        }
        context.close(mode: mode, promise: promise)
    }

    private func closeIfLeft() {
        guard isClientLeaving, streams.isEmpty, let context else { return }
        // The last frame of the last answer is just being written.
        context.eventLoop.execute {
            self.context?.flush()
            self.context?.channel.close(promise: nil)
        }
    }

    // MARK: Deadlines

    var hasDeadline: Bool { idleDeadline != nil || streams.values.contains { $0.deadline != nil } }

    func deadlineAppeared() { loopState.deadlineAppeared() }

    func closeIfOverdue(_ now: NIODeadline) {
        if let idleDeadline, idleDeadline <= now, streams.isEmpty {
            context?.channel.close(promise: nil)
            return
        }
        for stream in Array(streams.values) {
            if let deadline = stream.deadline, deadline <= now { stream.reset(.cancel) }
        }
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            if let stream = streams[frame.streamID] {
                stream.receiveTrailers()
            } else if !isClosing {
                begin(frame.streamID, headers)
            }
        case .data(let data): streams[frame.streamID]?.receive(data)
        case .goAway:
            isClientLeaving = true
            closeIfLeft()
        case .rstStream, .settings, .ping, .windowUpdate, .priority, .pushPromise, .alternativeService, .origin: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.flush()
        context.fireChannelReadComplete()
    }

    private func begin(_ id: HTTP2StreamID, _ headers: HTTP2Frame.FramePayload.Headers) {
        let stream = HTTP2Stream(id, self)
        streams[id] = stream
        lastStream = id
        idleDeadline = nil
        stream.begin(headers.headers, endsStream: headers.endStream)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent: windowChanged(event)
        case let event as StreamClosedEvent: streamClosed(event.streamID)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func windowChanged(_ event: NIOHTTP2WindowUpdatedEvent) {
        guard let window = event.inboundWindowSize else { return }
        guard event.streamID == .rootStream else {
            streams[event.streamID]?.windowChanged(window)
            return
        }
        // What all streams share is given back at once: a body that is held back must hold back no other.
        guard window < HTTP2Limits.connectionWindow / 2, !isClosing else { return }
        write(.rootStream, .windowUpdate(windowSizeIncrement: HTTP2Limits.connectionWindow - window), nil)
        flush()
    }

    private func streamClosed(_ id: HTTP2StreamID) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        stream.closed()
        guard streams.isEmpty else { return }
        idleDeadline = .now() + HTTPLimits.idle
        deadlineAppeared()
        closeIfLeft()
    }

    // MARK: What streams share

    func makeExchange(_ head: HTTPRequestHead, _ stream: HTTP2Stream) -> HTTPExchange {
        HTTPExchange(head, stream, service: service, client: client, counts: counts)
    }

    /// The value of the `Date` header.
    var date: String { loopState.httpDate() }

    func collectedChanged(by change: Int) {
        let wasFull = collected > HTTP2Limits.collected
        collected += change
        guard wasFull, change < 0 else { return }
        for stream in Array(streams.values) { stream.refill() }
    }

    /// Whether a stream may send more of its body, as far as the others are concerned. The oldest always may, so that none waits for ever.
    func mayCollect(_ stream: HTTP2Stream) -> Bool {
        collected <= HTTP2Limits.collected || stream.collected == 0
            || !streams.values.contains { $0.collected > 0 && $0.id < stream.id }
    }

    // MARK: What goes out

    func buffer(_ bytes: [UInt8]) -> ByteBuffer {
        loopState.buffer(bytes, isChunk: false) { context?.channel.allocator.buffer(bytes: bytes) ?? ByteBuffer() }
    }

    func makePromise() -> EventLoopPromise<Void>? { context?.eventLoop.makePromise() }

    func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, _ promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: promise)
    }

    func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        write(id, .rstStream(code), nil)
        sent.forgetReset()
    }

    /// Part of a body has been written. Much of it is sent at once, so that the client reads while the rest is made.
    func wrote(_ count: Int) {
        unflushed += count
        guard unflushed >= HTTP2Limits.unflushed, !isReading else { return }
        unflushed = 0
        context?.flush()
    }

    /// Once for all that is written in a turn of the loop: an event that a hundred watches of a connection see is one record of TLS.
    func flush() {
        guard !isReading, !isFlushDue, let context else { return }
        isFlushDue = true
        context.eventLoop.execute {
            self.isFlushDue = false
            self.unflushed = 0
            self.context?.flush()
        }
    }

    /// Lets a stream go on when those before it have had their turn.
    func enqueue(_ stream: HTTP2Stream) {
        guard !stream.isQueued else { return }
        stream.isQueued = true
        queue.append(stream)
        guard queue.count == 1 else { return }
        context?.eventLoop.execute { self.pumpQueue() }
    }

    private func pumpQueue() {
        let ready = queue
        queue = []
        for stream in ready {
            stream.isQueued = false
            stream.pump()
        }
    }
}
