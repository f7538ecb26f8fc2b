import APIMachinery
package import JSONCore
package import LinuxKernel

/// One request that was sent, as the command log tells of it. Values of Secrets are not in it.
package struct SentRequest: Sendable, Identifiable {
    /// How it ended.
    package enum Outcome: Sendable, Hashable {
        /// It has not ended yet.
        case waiting
        /// The server answered; what it said when it refused, empty otherwise.
        case answered(code: Int, message: String, after: Duration)
        /// No answer came; why.
        case lost(message: String, after: Duration)
    }

    /// Bodies longer than this are not kept.
    package static let bodyLimit = 64 << 10

    /// Counts up within a log.
    package let id: Int
    /// When it was sent.
    package let sentAt: Timestamp
    /// The context it was sent to.
    package let context: String
    /// What it does to the cluster.
    package let kind: RequestClass
    /// The HTTP method.
    package let method: APIRequest.Method
    /// The path, percent-encoded.
    package let path: String
    /// The query, decoded.
    package let query: [QueryItem]
    /// The body's media type; nil without a body.
    package let contentType: String?
    /// The body, masked; null without one, or when it is too long or no JSON.
    package let body: JSONValue
    /// The length of the body as it was sent.
    package let bodySize: Int
    /// Whether ``body`` has masks in place of values.
    package let hidesValues: Bool
    /// Whether it opens a session: exec, attach, port-forward.
    package let isSession: Bool
    /// How it ended.
    package var outcome: Outcome = .waiting

    /// What a log keeps of a request.
    package init(id: Int, _ request: APIRequest, context: String, sentAt: Timestamp, isSession: Bool = false) {
        self.id = id
        self.sentAt = sentAt
        self.context = context
        self.isSession = isSession
        kind = isSession ? (request.isLook ? .read : .write) : RequestClass(request)
        method = request.method
        path = request.path
        query = request.query
        contentType = request.contentType
        bodySize = request.body.count
        // best effort: a body that cannot be read is told by its length.
        let isOpaque = request.body.count > Self.bodyLimit || request.contentType == "application/octet-stream"
        let parsed = isOpaque ? nil : try? JSON.parse(request.body)
        (body, hidesValues) = SecretValues.masked(parsed ?? .null, isSecret: ResourceTarget(request)?.resource.resource == "secrets")
    }

    /// What the path leads to; nil when it is no resource of the API.
    package var target: ResourceTarget? { ResourceTarget(APIRequest(method, path: path)) }

    /// Whether the body was left out because it is too long or no JSON.
    package var lacksBody: Bool { bodySize > 0 && body.isNull }

    /// Whether the server keeps nothing of it.
    package var isDryRun: Bool { kind == .dryRun }

    /// The first value of a query item; nil when there is none.
    package func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
