internal import APIMachinery
internal import KubeClient
internal import NIOCore
internal import NIOHTTP1

/// One proxied request and its response, over a connection of its own.
enum ProxyExchange {
    /// Sends a request and returns when the head of its response has arrived; the body follows as it comes.
    static func run(
        _ request: ProxyRequest, body: any ByteSource, to connector: ProxyConnector, perform: @Sendable (@escaping @Sendable () async -> Void) -> Void
    )
        async throws(APIStatus) -> APIResponse
    {
        let promise = connector.loop.makePromise(of: NIOHTTP1.HTTPResponseHead.self)
        let source = ByteChannel()
        let channel: any Channel
        do throws(APIStatus) {
            channel = try await connector.connect { channel in
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(ProxyExchangeHandler(promise, source))
            }
        } catch {
            promise.fail(error)
            body.cancel()
            throw error
        }
        source.whenCancelled { channel.close(promise: nil) }
        request.life.whenOver { channel.close(promise: nil) }
        let head = requestHead(request)
        perform { await send(head, body, channel) }
        do {
            return response(try await promise.futureResult.get(), source, request)
        } catch {
            body.cancel()
            channel.close(promise: nil)
            throw ProxyConnector.failure("the connection ended before a response: \(error)")
        }
    }

    private static func requestHead(_ request: ProxyRequest) -> NIOHTTP1.HTTPRequestHead {
        var headers = HTTPHeaders(request.forwardedHeaders())
        headers.add(name: "connection", value: "close")
        switch request.body {
        case .fixed(let count): headers.add(name: "content-length", value: String(count))
        case .chunked: headers.add(name: "transfer-encoding", value: "chunked")
        case .none: if ["POST", "PUT", "PATCH"].contains(request.method) { headers.add(name: "content-length", value: "0") }
        }
        return NIOHTTP1.HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.forwardedTarget, headers: headers)
    }

    /// Passes the body on no faster than the server behind takes it.
    private static func send(_ head: NIOHTTP1.HTTPRequestHead, _ body: any ByteSource, _ channel: any Channel) async {
        do {
            try await channel.writeAndFlush(HTTPClientRequestPart.head(head))
            while let bytes = try await body.next() {
                try await channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: bytes))))
            }
            try await channel.writeAndFlush(HTTPClientRequestPart.end(nil))
        } catch let status as APIStatus {
            // The client's body broke off; the server behind must not take what it has for the whole.
            _ = status
            channel.close(promise: nil)
        } catch {
            // The server behind has closed, maybe after an early answer, which its handler has.
            body.cancel()
        }
    }

    private static let dropped: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "date",
        "content-type", "audit-id",
    ]

    private static func response(_ head: HTTPResponseHead, _ source: ByteChannel, _ request: ProxyRequest) -> APIResponse {
        var headers = head.headers.map { ($0.name.lowercased(), $0.value) }.filter { name, _ in
            // An API server answers its own clients' browsers. Source: apimachinery `upgradeaware.go` corsRemovingTransport.
            !dropped.contains(name) && !name.hasPrefix("access-control-")
        }
        let type = head.headers.first(name: "content-type") ?? ""
        let links = ProxyLinks(prefix: request.prefix, host: request.header("host") ?? "")
        var body: any ByteSource = source
        if let index = headers.firstIndex(where: { $0.0 == "location" }) {
            headers[index].1 = links.rewritten(headers[index].1)
        } else if type.split(separator: ";").first?.trimmingSpaces().lowercased() == "text/html",
            head.headers.first(name: "content-encoding") == nil, request.method != "HEAD"
        {
            headers.removeAll { $0.0 == "content-length" }
            body = RewritingSource(source, HTMLLinkRewriter(links))
        }
        return APIResponse(status: Int(head.status.code), contentType: type, headers: headers, body: .stream(body))
    }
}

/// Receives the response.
final class ProxyExchangeHandler: ChannelInboundHandler, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    typealias InboundIn = HTTPClientResponsePart

    private let head: EventLoopPromise<NIOHTTP1.HTTPResponseHead>
    private let body: ByteChannel
    private var isComplete = false

    init(_ head: EventLoopPromise<NIOHTTP1.HTTPResponseHead>, _ body: ByteChannel) {
        self.head = head
        self.body = body
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let response): head.succeed(response)
        case .body(let bytes):
            guard !body.send(Array(bytes.readableBytesView)) else { return }
            let channel = context.channel
            _ = channel.setOption(.autoRead, value: false)
            body.whenDrained {
                channel.setOption(.autoRead, value: true).whenSuccess { channel.read() }
            }
        case .end:
            isComplete = true
            body.finish()
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        head.fail(ChannelError.eof)
        if !isComplete { body.fail(ProxyConnector.failure("the connection ended inside the response")) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        head.fail(error)
        body.fail(ProxyConnector.failure("\(error)"))
        context.close(promise: nil)
    }
}
