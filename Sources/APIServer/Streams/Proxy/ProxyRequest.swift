internal import KubeClient

/// A request that is handed on to a pod, a service or a node: as it came, beside what belongs to this connection only.
struct ProxyRequest: Sendable {
    let method: String
    /// The path up to and with `/proxy`, percent-encoded.
    let prefix: String
    /// What follows as the server behind is asked for it, percent-encoded; empty without even a slash.
    let path: String
    /// Nil without a question mark.
    let query: String?
    /// Names in lower case.
    let headers: [(String, String)]
    let body: HTTPRequestHead.BodyKind
    /// The client's address; empty for a client in this process.
    let peer: String
    /// Ends when nobody waits for the answer any more.
    let life: RequestLife

    init(_ head: HTTPRequestHead, peer: String, life: RequestLife = RequestLife()) {
        self.init(method: head.method, target: head.target, headers: head.headers, body: head.body, peer: peer, life: life)
    }

    /// A request of a client in this process.
    init(_ request: APIRequest) {
        var headers = request.headers
        if let type = request.contentType { headers.append(("content-type", type)) }
        if let accept = request.accept { headers.append(("accept", accept)) }
        if let agent = request.userAgent { headers.append(("user-agent", agent)) }
        self.init(
            method: request.method.rawValue, target: request.target, headers: headers,
            body: request.body.isEmpty ? .none : .fixed(request.body.count), peer: "", life: RequestLife())
    }

    private init(
        method: String, target: String, headers: [(String, String)], body: HTTPRequestHead.BodyKind, peer: String, life: RequestLife
    ) {
        self.method = method
        self.headers = headers
        self.body = body
        self.peer = peer
        self.life = life
        let bytes = Array(Self.origin(target).utf8)
        let mark = bytes.firstIndex(of: UInt8(ascii: "?"))
        let end = Self.prefixEnd(bytes[..<(mark ?? bytes.count)]) ?? 0
        prefix = String(decoding: bytes[..<end], as: UTF8.self)
        path = ProxyPath.location(String(decoding: bytes[end..<(mark ?? bytes.count)], as: UTF8.self))
        query = mark.map { String(decoding: bytes[($0 + 1)...], as: UTF8.self) }
    }

    /// Whether a target is below a `/proxy` of a pod, service or node.
    static func isProxied(_ target: String) -> Bool {
        guard target.utf8.count > 20 else { return false }
        let bytes = Array(origin(target).utf8)
        return prefixEnd(bytes[..<(bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count)]) != nil
    }

    /// The header of a lower-case name.
    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }

    private static func origin(_ target: String) -> Substring {
        guard !target.hasPrefix("/"), target.hasPrefix("http://") || target.hasPrefix("https://"),
            let slash = target.dropFirst(8).firstIndex(of: "/")
        else { return target[...] }
        return target[slash...]
    }

    /// Where the segment `proxy` of /api/v1/namespaces/NS/{pods,services}/NAME/proxy or /api/v1/nodes/NAME/proxy ends.
    private static func prefixEnd(_ path: ArraySlice<UInt8>) -> Int? {
        var segments: [ArraySlice<UInt8>] = []
        for segment in path.split(separator: UInt8(ascii: "/"), maxSplits: 16) {
            segments.append(segment)
            let last = segments.count - 1
            guard last <= 6 else { return nil }
            guard segment.elementsEqual("proxy".utf8), segments[0].elementsEqual("api".utf8) else { continue }
            if last == 4, segments[2].elementsEqual("nodes".utf8) { return segment.endIndex }
            if last == 6, segments[2].elementsEqual("namespaces".utf8),
                segments[4].elementsEqual("pods".utf8) || segments[4].elementsEqual("services".utf8)
            {
                return segment.endIndex
            }
        }
        return nil
    }
}

extension ProxyRequest {
    /// Headers that speak of one connection, or that are the API server's own business.
    private static let dropped: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "content-length", "host", "authorization", "expect",
        // What comes back may have to be rewritten, which compressed text cannot be.
        "accept-encoding",
    ]

    /// The headers to send, framing excepted.
    func forwardedHeaders(isUpgrade: Bool = false) -> [(String, String)] {
        let named = headers.filter { $0.0 == "connection" }.flatMap { $0.1.split(separator: ",").map { $0.trimmingSpaces().lowercased() } }
        var result = headers.filter { name, _ in
            !Self.dropped.contains(name) && !named.contains(name) && !name.hasPrefix("impersonate-") && !name.hasPrefix("x-forwarded-")
        }
        let host = header("host") ?? "localhost"
        result.insert(("host", host), at: 0)
        if isUpgrade { result += [("connection", "Upgrade"), ("upgrade", header("upgrade") ?? "")] }
        let chain = headers.filter { $0.0 == "x-forwarded-for" }.map(\.1) + (peer.isEmpty ? [] : [peer])
        if !chain.isEmpty { result.append(("x-forwarded-for", chain.joined(separator: ", "))) }
        // Source: apimachinery `pkg/util/proxy/transport.go`.
        result += [("x-forwarded-uri", prefix + path), ("x-forwarded-host", host), ("x-forwarded-proto", "https")]
        return result
    }

    /// Path and query for the server behind.
    var forwardedTarget: String { (path.isEmpty ? "/" : path) + (query.map { "?\($0)" } ?? "") }
}
