import LinuxKernel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One GET of a probe or hook. Source: the kubelet's http prober: any status from 200 to 399 is a success, certificates are not verified,
/// redirects to the same host are followed. The body is not read.
enum HTTPProbe {
    struct Request: Sendable {
        var isSecure: Bool
        var host: String
        var port: Int
        var path: String
        var headers: [(name: String, value: String)]

        /// As messages name it.
        var url: String {
            let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            return "\(isSecure ? "https" : "http")://\(authority)\(path.hasPrefix("/") ? path : "/" + path)"
        }

        /// Where a `Location` leads; nil when to another host, which is not followed, or nowhere.
        func following(_ location: String) -> Request? {
            guard !location.isEmpty else { return nil }
            var next = self
            if location.hasPrefix("//") { return following((isSecure ? "https:" : "http:") + location) }
            for (scheme, isSecure, standard) in [("http://", false, 80), ("https://", true, 443)] where location.lowercased().hasPrefix(scheme) {
                let rest = location.dropFirst(scheme.count)
                let authority = rest.prefix { $0 != "/" && $0 != "?" }
                let pieces = authority.split(separator: ":", omittingEmptySubsequences: false)
                guard pieces.count <= 2, let name = pieces.first, name.lowercased() == host.lowercased() else { return nil }
                next.isSecure = isSecure
                next.port = pieces.count == 2 ? Int(pieces[1]) ?? standard : standard
                guard (1...65535).contains(next.port) else { return nil }
                let path = rest.dropFirst(authority.count)
                next.path = path.hasPrefix("/") ? String(path) : "/" + path
                return next
            }
            let first = location.prefix { $0 != "/" && $0 != "?" }
            guard !first.contains(":") else { return nil }
            let own = path.prefix { $0 != "?" }
            let folder = own.lastIndex(of: "/").map { own[...$0] } ?? "/"
            next.path = location.hasPrefix("/") ? location : location.hasPrefix("?") ? own + location : folder + location
            return next
        }
    }

    private static let maximumRedirects = 10

    static func run(_ request: Request, from network: NetworkNamespace? = nil, timeout: Duration) async -> ProbeOutcome {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        var request = request
        for _ in 0...maximumRedirects {
            let left = deadline - clock.now
            guard left > .zero else { return .failure("Get \"\(request.url)\": \(timeoutText)") }
            let answer: HTTPProbeAnswer
            do {
                answer = try await exchange(request, from: network, timeout: left)
            } catch {
                return .failure("Get \"\(request.url)\": \(ProbeConnection.describe(error, request.host, request.port, whenLate: timeoutText))")
            }
            if (300..<400).contains(answer.status), answer.status != 304, let location = answer.location {
                // Another host is not probed: the redirect itself is the answer.
                guard let next = request.following(location) else {
                    return .warning("Probe terminated redirects: \(location.prefix(256)) is on another host, which is not asked")
                }
                request = next
                continue
            }
            if (200..<400).contains(answer.status) { return .success }
            return .failure("HTTP probe failed with statuscode: \(answer.status)")
        }
        return .failure("Get \"\(request.url)\": stopped after \(maximumRedirects) redirects")
    }

    private static let timeoutText = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"

    private static let tls: Result<NIOSSLContext, any Error> = Result {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }

    private static func exchange(_ request: Request, from network: NetworkNamespace?, timeout: Duration) async throws -> HTTPProbeAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: HTTPProbeAnswer.self)
        let late = loop.scheduleTask(in: timeout.timeAmount) { answer.fail(ProbeConnection.Late()) }
        let context = request.isSecure ? try tls.get() : nil
        let connecting = ProbeDialing.connect(request.host, request.port, from: network, on: loop, timeout: timeout) {
            ClientBootstrap(group: loop).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: request.serverName))
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    try channel.pipeline.syncOperations.addHandler(HTTPProbeHandler(head: request.head, answer: answer))
                }
            }
        }
        connecting.cascadeFailure(to: answer)
        defer {
            late.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        return try await answer.futureResult.get()
    }
}

extension HTTPProbe.Request {
    /// What TLS calls the server; addresses are not named there.
    var serverName: String? { host.contains(":") || IPv4Address(host) != nil ? nil : host }

    /// The headers as sent: those of the probe, and ours where it names none. Source: the kubelet's probe headers.
    var fields: [(name: String, value: String)] {
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let ours = [("Host", authority), ("User-Agent", "kube-probe/1.36"), ("Accept", "*/*")]
        let named = Set(headers.map { $0.name.lowercased() })
        return headers.filter { $0.name.lowercased() != "connection" } + ours.filter { !named.contains($0.0.lowercased()) } + [("Connection", "close")]
    }

    /// The request as sent.
    var head: HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: .GET, uri: path.hasPrefix("/") ? path : "/" + path, headers: HTTPHeaders(fields.map { ($0.name, $0.value) }))
    }
}

/// What came back.
struct HTTPProbeAnswer: Sendable {
    var status: Int
    var location: String?
}

/// Sends one request and takes the head of the answer.
private final class HTTPProbeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let answer: EventLoopPromise<HTTPProbeAnswer>

    init(head: HTTPRequestHead, answer: EventLoopPromise<HTTPProbeAnswer>) {
        self.head = head
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The body does not decide anything: the connection is closed once the head is there.
        guard case .head(let head) = unwrapInboundIn(data), head.status.code >= 200 else { return }
        answer.succeed(HTTPProbeAnswer(status: Int(head.status.code), location: head.headers.first(name: "Location")))
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(ProbeConnection.Ended())
    }
}
