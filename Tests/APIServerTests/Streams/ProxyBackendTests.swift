import APIMachinery
import KubeClient
import LinuxKernel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import APIServer

/// Proxied requests to a server of the test's own, plain and over TLS with a certificate that nobody vouches for.
struct ProxyBackendTests {
    private static let group = MultiThreadedEventLoopGroup.singleton

    /// Runs a server that tells what it was sent, in chunks.
    private static func with<Result>(isTLS: Bool, _ body: (ProxyConnector) async throws -> Result) async throws -> Result {
        let directory = "/tmp/kdash-backend-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        let pki = try ClusterPKI.loadOrCreate(
            directory: directory, time: SystemTimeSource(), names: .standard(hostName: "h", serviceAddress: "10.96.0.1"))
        let tls = isTLS ? try pki.makeTLSContext() : nil
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(TellingHandler())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        do {
            let result = try await body(ProxyConnector(loop: group.any(), host: "127.0.0.1", port: port, isTLS: isTLS))
            try await server.close()
            return result
        } catch {
            try? await server.close()  // best effort: the first error is the one to report
            throw error
        }
    }

    @Test(arguments: [false, true], [true, false])
    func `a body passes as it was framed, and so does a chunked answer`(isTLS: Bool, isChunked: Bool) async throws {
        try await Self.with(isTLS: isTLS) { connector async throws in
            let pieces = ["first ", String(repeating: "x", count: 100_000), " last"]
            let length = pieces.reduce(0) { $0 + $1.utf8.count }
            let body = ByteChannel()
            let answering = Task {
                try await ProxyExchange.run(
                    ProxyRequest.posted(isChunked ? nil : length), body: body, to: connector
                ) { work in Task { await work() } }
            }
            for piece in pieces { body.send(Array(piece.utf8)) }
            body.finish()
            let answer = try await answering.value
            #expect(answer.status == 201)
            #expect(answer.contentType == "text/plain")
            #expect(!answer.headers.contains { ["transfer-encoding", "connection"].contains($0.0) })
            guard case .stream(let source) = answer.body else { return #expect(Bool(false), "the answer is no stream") }
            let text = String(decoding: try await source.collect(), as: UTF8.self)
            let framing = isChunked ? "transfer-encoding=chunked" : "content-length=\(length)"
            #expect(text == "POST /a%20b?q=1 \(framing) content-type=text/x body=\(pieces.joined())")
        }
    }

    @Test func `a server that speaks no TLS is told apart from one that is not there`() async throws {
        try await Self.with(isTLS: false) { plain async throws in
            let tls = ProxyConnector(loop: plain.loop, host: plain.host, port: plain.port, isTLS: true)
            await #expect {
                _ = try await ProxyExchange.run(ProxyRequest.posted(0), body: ByteChannel([]), to: tls) { work in Task { await work() } }
            } throws: { error in
                let status = error as? APIStatus
                return status?.code == 503 && status?.message.hasPrefix("error trying to reach service: ") == true
            }
        }
    }

    /// Tells method, address, framing and body of a request.
    private final class TellingHandler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private var told = ""
        private var body: [UInt8] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                told = "\(head.method) \(head.uri)"
                for name in ["transfer-encoding", "content-length", "content-type"] {
                    if let value = head.headers.first(name: name) { told += " \(name)=\(value)" }
                }
            case .body(let bytes): body += bytes.readableBytesView
            case .end:
                let head = HTTPResponseHead(
                    version: .http1_1, status: .created, headers: ["content-type": "text/plain", "transfer-encoding": "chunked"])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                for piece in ["\(told) body=", String(decoding: body, as: UTF8.self)] {
                    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: piece)))), promise: nil)
                }
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
