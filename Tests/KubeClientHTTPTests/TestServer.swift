import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization

/// A server whose answers a test writes down.
final class TestServer: Sendable {
    struct Request: Sendable {
        var head: HTTPRequestHead
        var body: [UInt8]
        var connection: Int
    }

    enum Answer: Sendable {
        case whole(Int, [(String, String)], String)
        /// The head and these pieces, then silence.
        case open([String])
        /// The head and these pieces, then the connection ends in mid-body.
        case broken([String])
        /// So many bytes as fast as they are taken.
        case flood(Int)
        case hangUp
        case silence
    }

    let port: Int
    let requests = Mutex<[Request]>([])
    let closedConnections = Mutex(0)
    private let connections = Mutex(0)
    private let channel: any Channel

    static func start(
        tls: NIOSSLContext? = nil, subprotocol: String = "v5.channel.k8s.io", session: (@Sendable ([UInt8]) -> [[UInt8]])? = nil,
        answer: @escaping @Sendable (Request) -> Answer
    ) async throws -> TestServer {
        let held = Holder()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    guard let server = held.server else { return }
                    let number = server.connections.withLock { number in
                        number += 1
                        return number
                    }
                    let handler = AnswerHandler(server: server, number: number, answer: answer)
                    let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                    let upgrader = NIOWebSocketServerUpgrader(
                        shouldUpgrade: { channel, _ in
                            channel.eventLoop.makeSucceededFuture(session == nil ? nil : ["sec-websocket-protocol": subprotocol])
                        },
                        upgradePipelineHandler: { channel, _ in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(SessionHandler(session ?? { _ in [] }))
                            }
                        })
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (
                            upgraders: [upgrader],
                            completionHandler: { context in context.pipeline.syncOperations.removeHandler(bound.value, promise: nil) }
                        ))
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = TestServer(channel: channel)
        held.server = server
        return server
    }

    private init(channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    func stop() async {
        try? await channel.close().get()  // best effort: the test is over
    }

    private final class Holder: Sendable {
        private let box = Mutex<TestServer?>(nil)
        var server: TestServer? {
            get { box.withLock { $0 } }
            set { box.withLock { $0 = newValue } }
        }
    }
}

/// Answers requests on one connection as the test says.
private final class AnswerHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: TestServer
    private let number: Int
    private let answer: @Sendable (TestServer.Request) -> TestServer.Answer
    private var current: TestServer.Request?

    init(server: TestServer, number: Int, answer: @escaping @Sendable (TestServer.Request) -> TestServer.Answer) {
        self.server = server
        self.number = number
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): current = TestServer.Request(head: head, body: [], connection: number)
        case .body(let buffer): current?.body += buffer.readableBytesView
        case .end:
            guard let request = current else { return }
            server.requests.withLock { $0.append(request) }
            respond(answer(request), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        server.closedConnections.withLock { $0 += 1 }
        context.fireChannelInactive()
    }

    private func respond(_ answer: TestServer.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .whole(let status, let headers, let body):
            write(status, headers + [("content-length", String(body.utf8.count))], context)
            piece(body, context)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .open(let pieces):
            write(200, [("transfer-encoding", "chunked")], context)
            for text in pieces { piece(text, context) }
            context.flush()
        case .broken(let pieces):
            write(200, [("transfer-encoding", "chunked")], context)
            for text in pieces { piece(text, context) }
            context.flush()
            context.close(promise: nil)
        case .flood(let count):
            write(200, [("transfer-encoding", "chunked")], context)
            let buffer = ByteBuffer(repeating: 0x78, count: 1 << 20)
            for _ in 0..<count >> 20 { context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .hangUp: context.close(promise: nil)
        case .silence: break
        }
    }

    private func write(_ status: Int, _ headers: [(String, String)], _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: HTTPHeaders(headers))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func piece(_ text: String, _ context: ChannelHandlerContext) {
        guard !text.isEmpty else { return }
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
    }
}

/// Answers every message of a session with the messages the test makes of it.
private final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let session: @Sendable ([UInt8]) -> [[UInt8]]

    init(_ session: @escaping @Sendable ([UInt8]) -> [[UInt8]]) {
        self.session = session
    }

    func handlerAdded(context: ChannelHandlerContext) {
        answer([], context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard frame.opcode == .binary else { return }
        answer(Array(frame.unmaskedData.readableBytesView), context)
    }

    private func answer(_ message: [UInt8], _ context: ChannelHandlerContext) {
        for reply in session(message) {
            context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: reply))), promise: nil)
        }
    }
}
