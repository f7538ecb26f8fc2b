package import APIMachinery
package import KubeClient
package import LinuxKernel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Carries requests over HTTPS/1.1 to the server of a kubeconfig context.
///
/// Free connections are kept for 90 seconds; watches and followed logs are byte sources with back-pressure: a reader that does not read
/// stops the socket, not the memory. Certificates are read again when their files change. Every failure to get an answer is an
/// `APIStatus` that names the server. Knows nothing of the server target.
package final class HTTPTransport: KubeTransport {
    /// How long to wait for what.
    package struct Timeouts: Sendable, Hashable {
        /// For a connection, in seconds. Default 10.
        package var connect: Int64
        /// For the head of a response, in seconds. Default 60.
        package var response: Int64

        /// Timeouts.
        package init(connect: Int64 = 10, response: Int64 = 60) {
            self.connect = connect
            self.response = response
        }
    }

    private let pool: ConnectionPool
    private let tls: TLSMaterial
    private let credentials: Credentials
    private let timeouts: Timeouts

    /// A transport for a context. `runsPlugins` says that the user named this context on the command line or picked it on the screen:
    /// only then may a credential plugin run. Throws BadRequest when the server's URL is none.
    package init(
        context: KubeconfigContext, runsPlugins: Bool, timeouts: Timeouts = Timeouts(), time: any TimeSource = SystemTimeSource()
    ) throws(APIStatus) {
        pool = ConnectionPool(
            address: try ServerAddress(context.cluster.server), tlsServerName: context.cluster.tlsServerName,
            group: MultiThreadedEventLoopGroup.singleton, connectTimeout: .seconds(timeouts.connect))
        tls = TLSMaterial(cluster: context.cluster, user: context.user)
        credentials = Credentials(context: context, allowsPlugin: runsPlugins, time: time)
        self.timeouts = timeouts
    }

    /// The server's URL.
    package var serverDescription: String { pool.address.url }

    /// Closes the kept connections; running requests end first.
    package func close() {
        pool.close()
    }

    /// Sends a request and gathers the whole response. Throws an `APIStatus` that names the server when none arrived.
    package func send(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        try await gathered(try await exchange(request))
    }

    private func gathered(_ response: Exchange.Response) async throws(APIStatus) -> APIResponse {
        APIResponse(
            status: Int(response.head.status.code), contentType: response.head.headers.first(name: "content-type") ?? "",
            headers: response.head.headers.map { ($0.name.lowercased(), $0.value) }, body: .bytes(try await response.body.collect()))
    }

    /// Sends a request and returns the body as it arrives. Throws the server's refusal, or why there was no response.
    package func stream(_ request: APIRequest) async throws(APIStatus) -> any ByteSource {
        let response = try await exchange(request)
        let status = Int(response.head.status.code)
        guard status >= 400 else { return response.body }
        throw APIResponse.failure(
            status: status, body: try await response.body.collect(limit: 1 << 20), method: request.method.rawValue,
            retryAfter: response.head.headers.first(name: "retry-after"))
    }

    /// Sends a request with `body` as its body, piece by piece and no faster than the server takes it, and gathers the response. A body
    /// that fails breaks the request off, so that the server knows it is not whole, and its failure is thrown.
    package func upload(_ request: APIRequest, from body: any ByteSource) async throws(APIStatus) -> APIResponse {
        // Whatever happens, nothing goes on feeding a body that nobody takes.
        defer { body.cancel() }
        try check(request)
        let shown = try await credentials.current()
        // A kept connection might be closed by the server just now, and a body cannot be sent twice.
        let fresh = try await pool.connect(try await tlsContext(shown))
        switch await exchange(head(of: request, shown, isUpload: true), [], upload: body, on: fresh) {
        case .success(let response): return try await gathered(response)
        case .failure(.failed(let status)): throw status
        case .failure(.closedEarly): throw TransportFailure.lost(pool.address.url)
        }
    }

    /// Opens an exec or attach session over WebSocket. Throws the server's refusal, or why there was no response.
    package func connect(_ request: APIRequest) async throws(APIStatus) -> any StreamSession {
        try check(request)
        let shown = try await credentials.current()
        let head = head(of: request, shown)
        let connector = WebSocketConnector(pool: pool, head: head, patience: .seconds(timeouts.response))
        return try await connector.connect(try await tlsContext(shown))
    }

    /// Sends a request, once more with fresh credentials when the server does not know them.
    private func exchange(_ request: APIRequest) async throws(APIStatus) -> Exchange.Response {
        try check(request)
        let shown = try await credentials.current()
        let response = try await exchange(request, shown)
        guard response.head.status == .unauthorized, credentials.refresh(after: shown) else { return response }
        response.body.cancel()
        return try await exchange(request, try await credentials.current())
    }

    private func exchange(_ request: APIRequest, _ shown: Credentials.Shown) async throws(APIStatus) -> Exchange.Response {
        let head = head(of: request, shown)
        // Kept connections were made with the certificate of the kubeconfig, not with one from a plugin that may have changed since.
        while shown.identity == nil, let kept = pool.takeFree() {
            switch await exchange(head, request.body, on: kept) {
            case .success(let response): return response
            case .failure(.failed(let status)): throw status
            case .failure(.closedEarly):
                // The server gave the kept connection up as we wrote: only what changes nothing may be sent twice.
                guard request.method == .get || request.method == .head else { throw TransportFailure.lost(pool.address.url) }
            }
        }
        let fresh = try await pool.connect(try await tlsContext(shown))
        switch await exchange(head, request.body, on: fresh) {
        case .success(let response): return response
        case .failure(.failed(let status)): throw status
        case .failure(.closedEarly): throw TransportFailure.lost(pool.address.url)
        }
    }

    private func exchange(
        _ head: HTTPRequestHead, _ body: [UInt8], upload: (any ByteSource)? = nil, on connection: Connection
    ) async -> Result<Exchange.Response, Exchange.Failure> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.start(Exchange(head: head, body: body, upload: upload, patience: .seconds(timeouts.response), continuation))
            }
        } onCancel: {
            connection.channel.close(promise: nil)
        }
    }

    private func tlsContext(_ shown: Credentials.Shown) async throws(APIStatus) -> NIOSSLContext? {
        guard pool.address.isSecure else { return nil }
        let tls = tls
        do {
            return try await NIOThreadPool.singleton.runIfActive { try tls.context(identity: shown.identity) }
        } catch {
            throw TransportFailure.status(error, server: pool.address.url)
        }
    }

    /// What stands in the request line must not end it.
    private func check(_ request: APIRequest) throws(APIStatus) {
        guard request.path.hasPrefix("/"),
            request.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        else { throw APIStatus.badRequest("the path \"\(request.path)\" is not percent-encoded") }
    }

    private func head(of request: APIRequest, _ shown: Credentials.Shown, isUpload: Bool = false) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.add(name: "host", value: pool.address.authority)
        headers.add(name: "accept", value: request.accept ?? "application/json")
        if let userAgent = request.userAgent { headers.add(name: "user-agent", value: userAgent) }
        if let authorization = shown.authorization { headers.add(name: "authorization", value: authorization) }
        if let contentType = request.contentType { headers.add(name: "content-type", value: contentType) }
        if isUpload {
            headers.add(name: "transfer-encoding", value: "chunked")
        } else if !request.body.isEmpty || ![.get, .head, .options].contains(request.method) {
            headers.add(name: "content-length", value: String(request.body.count))
        }
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: "\(pool.address.prefix)\(request.target)",
            headers: headers)
    }
}
