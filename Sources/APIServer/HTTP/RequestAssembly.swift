internal import APIMachinery
internal import KubeClient

/// Makes the transport-neutral request out of an HTTP one.
enum RequestAssembly {
    /// The request, its body decompressed when it says gzip. `peer` is the client's address.
    static func request(_ head: HTTPRequestHead, body: [UInt8], peer: String = "") -> Result<APIRequest, APIStatus> {
        guard let method = APIRequest.Method(rawValue: head.method) else {
            return .failure(APIStatus(code: 405, reason: .methodNotAllowed, message: "the method \(head.method) is not supported"))
        }
        guard let (path, query) = split(head.target) else {
            return .failure(.badRequest("the request URL is malformed: \(head.target.prefix(200))"))
        }
        var request = APIRequest(method, path: path, query: query)
        request.peer = peer
        for (name, value) in head.headers {
            switch name {
            case "content-type": request.contentType = value
            case "accept": request.accept = request.accept.map { "\($0),\(value)" } ?? value
            case "user-agent": request.userAgent = value
            case "authorization", "host", "connection", "content-length", "accept-encoding", "transfer-encoding": break
            default: request.headers.append((name, value))
            }
        }
        if let coding = head.header("content-encoding"), coding != "identity", !body.isEmpty {
            guard coding == "gzip" else {
                return .failure(.badRequest("content encoding \"\(coding)\" is not supported; send gzip or none"))
            }
            switch GzipCodec.decompress(body, limit: HTTPLimits.body) {
            case .bytes(let bytes): request.body = bytes
            case .tooLarge: return .failure(.tooLarge("limit is \(HTTPLimits.body)"))
            case .malformed: return .failure(.badRequest("the request body is not valid gzip"))
            }
        } else {
            request.body = body
        }
        return .success(request)
    }

    /// Path and decoded query of a target in origin or absolute form.
    private static func split(_ target: String) -> (String, [QueryItem])? {
        var rest = target[...]
        if !rest.hasPrefix("/") {
            guard rest.hasPrefix("http://") || rest.hasPrefix("https://"), let slash = rest.dropFirst(8).firstIndex(of: "/") else {
                return nil
            }
            rest = rest[slash...]
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (String(rest), []) }
        guard let query = QueryItem.parse(rest[rest.utf8.index(after: mark)...]) else { return nil }
        return (String(rest[..<mark]), query)
    }
}
