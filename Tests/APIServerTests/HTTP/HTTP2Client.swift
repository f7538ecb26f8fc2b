import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

@testable import APIServer

/// A client of HTTP/2 that says what it is told, right or wrong, and keeps everything it hears.
final class HTTP2Client: Sendable {
    /// What has come back for one request.
    struct Answer: Sendable {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var isComplete = false
        var reset: HTTP2ErrorCode?

        var text: String { String(decoding: body, as: UTF8.self) }
        var isOver: Bool { isComplete || reset != nil }
    }

    struct State: Sendable {
        var answers: [Int: Answer] = [:]
        var settings: [HTTP2Setting] = []
        var pongs = 0
        var continues = 0
        var farewell: HTTP2ErrorCode?
        var lastStream: Int?
        var isClosed = false
        /// What may still be sent, as the server says.
        var windows: [Int: Int] = [:]
    }

    struct TimeOut: Error, CustomStringConvertible {
        let description: String
    }

    private struct Guarded {
        var state = State()
        var waiting: [(until: @Sendable (State) -> Bool, promise: EventLoopPromise<State>)] = []
        var unread: Set<Int> = []
    }

    private let guarded = Mutex(Guarded())
    let channel: any Channel

    private init(_ channel: any Channel) { self.channel = channel }

    /// Connects with the administrator's certificate; `readsAhead` keeps the window of the connection open.
    static func connect(_ server: TLSServer, protocols: [String] = ["h2"]) async throws -> HTTP2Client {
        let context = try server.clientContext(protocols: protocols)
        // All at once: the server speaks first, and nothing of what it says may be lost.
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: server.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    var connection = NIOHTTP2Handler.ConnectionConfiguration()
                    connection.headerBlockValidation = .disabled
                    connection.contentLengthValidation = .disabled
                    // What the server answers to too much is not too much.
                    connection.controlFrameRateLimit.maximumCount = 1_000_000
                    connection.maximumBufferedControlFrames = 1_000_000
                    connection.maximumRecentlyResetStreams = 10_000
                    connection.initialSettings = [HTTP2Setting(parameter: .enablePush, value: 0)]
                    let client = HTTP2Client(channel)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    var stream = NIOHTTP2Handler.StreamConfiguration()
                    stream.streamResetFrameRateLimit.maximumCount = 1_000_000
                    try pipeline.addHandler(NIOHTTP2Handler(mode: .client, connectionConfiguration: connection, streamConfiguration: stream))
                    try pipeline.addHandler(Collector(client))
                    return client
                }
            }
    }

    static func with(_ server: TLSServer, _ body: (HTTP2Client) async throws -> Void) async throws {
        let client = try await connect(server)
        do {
            try await body(client)
        } catch {
            try? await client.channel.close()  // best effort: the server may have closed it
            throw error
        }
        try? await client.channel.close()  // best effort: the server may have closed it
    }

    // MARK: Sending

    static func get(_ path: String, method: String = "GET", _ more: [(String, String)] = []) -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":path", path), (":authority", "kdash")] + more
    }

    func frame(_ id: Int, _ payload: HTTP2Frame.FramePayload) async throws {
        try await channel.writeAndFlush(HTTP2Frame(streamID: HTTP2StreamID(id), payload: payload))
    }

    /// Sends many frames in one go, so that how fast they come does not depend on the machine. Fails when the server ends the connection meanwhile.
    func flood(_ frames: [(id: Int, payload: HTTP2Frame.FramePayload)]) async throws {
        try await channel.eventLoop.flatSubmit {
            let sent = frames.map { self.channel.write(HTTP2Frame(streamID: HTTP2StreamID($0.id), payload: $0.payload)) }
            self.channel.flush()
            return EventLoopFuture.andAllComplete(sent, on: self.channel.eventLoop)
        }.get()
    }

    static func beginning(_ headers: [(String, String)], ends: Bool = true) -> HTTP2Frame.FramePayload {
        .headers(.init(headers: HPACKHeaders(headers), endStream: ends))
    }

    func begin(_ id: Int, _ headers: [(String, String)], ends: Bool = true) async throws {
        try await frame(id, Self.beginning(headers, ends: ends))
    }

    func send(_ id: Int, _ bytes: [UInt8], ends: Bool = false) async throws {
        try await frame(id, .data(.init(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: ends)))
    }

    func reset(_ id: Int) async throws { try await frame(id, .rstStream(.cancel)) }

    /// From now on nothing is read of this answer beyond its window.
    func stopReading(_ id: Int) { guarded.withLock { _ = $0.unread.insert(id) } }

    // MARK: Hearing

    /// The state once it satisfies `until` or the connection has ended. Throws after two minutes.
    @discardableResult
    func heard(_ until: @escaping @Sendable (State) -> Bool) async throws -> State {
        let promise = channel.eventLoop.makePromise(of: State.self)
        let ready = guarded.withLock { guarded -> State? in
            if guarded.state.isClosed || until(guarded.state) { return guarded.state }
            guarded.waiting.append((until, promise))
            return nil
        }
        if let ready { promise.succeed(ready) }
        let late = channel.eventLoop.scheduleTask(in: .minutes(2)) {
            let state = self.guarded.withLock { $0.state }
            let answers = state.answers.mapValues { "\($0.status) \($0.body.count) bytes, over: \($0.isOver)" }
            promise.fail(TimeOut(description: "waited two minutes; answers: \(answers), farewell: \(String(describing: state.farewell))"))
        }
        defer { late.cancel() }
        return try await promise.futureResult.get()
    }

    /// The whole answer to a request, or that it was reset.
    func answer(_ id: Int) async throws -> Answer {
        try await heard { $0.answers[id]?.isOver ?? false }.answers[id] ?? Answer()
    }

    /// The answer so far once its body contains `text`.
    func answer(_ id: Int, contains text: String) async throws -> Answer {
        try await heard { $0.answers[id]?.text.contains(text) ?? false }.answers[id] ?? Answer()
    }

    /// Sends a request and returns its answer.
    func exchange(_ id: Int, _ headers: [(String, String)], _ body: [UInt8] = []) async throws -> Answer {
        try await begin(id, headers, ends: body.isEmpty)
        if !body.isEmpty { try await send(id, body, ends: true) }
        return try await answer(id)
    }

    private func changed(_ body: (inout State) -> Void) {
        let ready = guarded.withLock { guarded in
            body(&guarded.state)
            let state = guarded.state
            let ready = guarded.waiting.filter { state.isClosed || $0.until(state) }
            guarded.waiting.removeAll { state.isClosed || $0.until(state) }
            return ready.map { ($0.promise, state) }
        }
        for (promise, state) in ready { promise.succeed(state) }
    }

    private final class Collector: ChannelInboundHandler, @unchecked Sendable {
        // Safe because it is used on its event loop only.
        typealias InboundIn = HTTP2Frame
        typealias OutboundOut = HTTP2Frame
        private let client: HTTP2Client

        init(_ client: HTTP2Client) { self.client = client }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            let id = Int(frame.streamID)
            switch frame.payload {
            case .headers(let headers):
                client.changed { state in
                    let status = Int(headers.headers.first(name: ":status") ?? "") ?? 0
                    if status == 100 {
                        state.continues += 1
                        return
                    }
                    var answer = state.answers[id] ?? Answer()
                    answer.status = status
                    for (name, value, _) in headers.headers { answer.headers[name] = value }
                    answer.isComplete = headers.endStream
                    state.answers[id] = answer
                }
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data else { return }
                client.changed { state in
                    state.answers[id, default: Answer()].body += Array(bytes.readableBytesView)
                    state.answers[id, default: Answer()].isComplete = data.endStream
                }
                give(bytes.readableBytes, id, isOver: data.endStream, context)
            case .rstStream(let code): client.changed { $0.answers[id, default: Answer()].reset = code }
            case .goAway(let last, let code, _):
                client.changed { state in
                    state.farewell = code
                    state.lastStream = Int(last)
                }
            case .settings(.settings(let settings)): client.changed { $0.settings = settings }
            case .ping(_, let isAnswer): if isAnswer { client.changed { $0.pongs += 1 } }
            default: break
            }
        }

        private func give(_ count: Int, _ id: Int, isOver: Bool, _ context: ChannelHandlerContext) {
            guard count > 0 else { return }
            var ids = [HTTP2StreamID.rootStream]
            if !isOver, !client.guarded.withLock({ $0.unread.contains(id) }) { ids.append(HTTP2StreamID(id)) }
            for id in ids {
                context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: .windowUpdate(windowSizeIncrement: count))), promise: nil)
            }
            context.flush()
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? NIOHTTP2WindowUpdatedEvent, let window = event.outboundWindowSize {
                client.changed { $0.windows[Int(event.streamID)] = window }
            }
        }

        func channelInactive(context: ChannelHandlerContext) { client.changed { $0.isClosed = true } }

        /// What is wrong with what was sent is what the test is about.
        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
}

/// Frames of HTTP/2 as bytes, for what no library would send.
enum RawHTTP2 {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(payload.count) << 8 | UInt32(type))
        buffer.writeInteger(flags)
        buffer.writeInteger(stream)
        buffer.writeBytes(payload)
        return Array(buffer.readableBytesView)
    }

    static let settings = frame(4)

    /// A header list without compression.
    static func list(_ headers: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in headers {
            bytes += [0, UInt8(name.utf8.count)]
            bytes += name.utf8
            bytes.append(UInt8(value.utf8.count))
            bytes += value.utf8
        }
        return bytes
    }

    /// The types of the frames in `bytes`, with the error of a GOAWAY.
    static func read(_ bytes: [UInt8]) -> [(type: UInt8, error: UInt8?)] {
        var found: [(type: UInt8, error: UInt8?)] = []
        var buffer = ByteBuffer(bytes: bytes)
        while let head = buffer.readInteger(as: UInt32.self), buffer.readBytes(length: 5) != nil {
            guard let payload = buffer.readBytes(length: Int(head >> 8)) else { break }
            let type = UInt8(head & 255)
            found.append((type: type, error: type == 7 && payload.count >= 8 ? payload[7] : nil))
        }
        return found
    }
}
