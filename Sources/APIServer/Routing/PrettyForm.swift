internal import JSONCore
internal import KubeClient
internal import NIOPosix

/// Indents answers for people: where the query or Accept says `pretty`, or the program is one that people look at the output of.
/// Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go` isPrettyPrint.
enum PrettyForm {
    private static let agents = ["curl", "Wget", "Mozilla/5.0"]
    /// Up to this size a document is indented where it was made.
    private static let atOnce = 16 << 10
    /// Up to this size a list is held whole to be indented for somebody who has not asked for it.
    private static let unasked = 4 << 20

    static func isWanted(_ request: APIRequest) -> Bool { isAsked(request) ?? agents.contains { request.userAgent?.hasPrefix($0) ?? false } }

    /// What the request says about it; nil when nothing.
    private static func isAsked(_ request: APIRequest) -> Bool? {
        if let text = request.queryValue("pretty"), !text.isEmpty { return request.queryFlag("pretty") }
        if let accept = request.accept, accept != "application/json", accept.contains("pretty="),
            let media = MediaType.accepted(accept).first, let text = media.parameters["pretty"]
        {
            return text == "1" || text == "true"
        }
        return nil
    }

    /// Replies with the answer indented; a stream, what is no JSON, and a large list that nobody asked to see so stay as they are. A large one is indented away from the event loop.
    static func reply(_ response: APIResponse, to request: APIRequest, _ reply: @escaping @Sendable (APIResponse) -> Void) {
        guard response.contentType == "application/json" else { return reply(response) }
        let size: Int
        let body: @Sendable () -> [UInt8]
        switch response.body {
        case .bytes(let bytes): (size, body) = (bytes.count, { bytes })
        case .stream(let list as ListBody): (size, body) = (list.count, { list.bytes })
        case .stream: return reply(response)
        }
        guard size <= unasked || isAsked(request) == true else { return reply(response) }
        let work: @Sendable () -> Void = { reply(indented(response, body())) }
        if size <= atOnce { work() } else { NIOThreadPool.singleton.submit { _ in work() } }
    }

    private static func indented(_ response: APIResponse, _ body: [UInt8]) -> APIResponse {
        var response = response
        response.headers.removeAll { $0.0 == "content-length" }
        // best effort: what is no document is sent as it was made.
        let document = try? JSON.parse(body, limits: .unlimitedSize)
        response.body = .bytes(document.map { JSON.encode($0, pretty: true) } ?? body)
        return response
    }
}
