internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// One request at one of its stages as audit.k8s.io/v1 Event at level Metadata: who did what to which object, without bodies; of a
/// refusal its words, which may quote a field. Source: apiserver `pkg/apis/audit/v1/types.go`, `pkg/audit/request.go`.
struct AuditEvent: Sendable {
    /// How far the request has come.
    enum Stage: String, Sendable {
        /// A long answer has begun.
        case started = "ResponseStarted"
        /// Nothing more will be sent.
        case complete = "ResponseComplete"
    }

    let id: String
    let request: APIRequest
    let kind: RequestKind
    /// Who sent the request; nil when whoever it is was not believed.
    let user: UserInfo?
    let received: Timestamp

    /// A line of the audit log. `failure` is the answer of a request that was refused.
    func line(_ stage: Stage, code: Int, failure: APIStatus? = nil, _ notes: WarningBox, at time: Timestamp) -> [UInt8] {
        var event = JSONObject()
        event.append(unchecked: "kind", value: "Event")
        event.append(unchecked: "apiVersion", value: "audit.k8s.io/v1")
        event.append(unchecked: "level", value: "Metadata")
        event.append(unchecked: "auditID", value: .string(id))
        event.append(unchecked: "stage", value: .string(stage.rawValue))
        event.append(unchecked: "requestURI", value: .string(address))
        event.append(unchecked: "verb", value: .string(kind.verb))
        event.append(unchecked: "user", value: user.map(AccessReviews.userInfo) ?? .object(JSONObject()))
        if let impersonated = notes.impersonated { event.append(unchecked: "impersonatedUser", value: AccessReviews.userInfo(impersonated)) }
        let sources = AuditSources.addresses(request)
        if !sources.isEmpty { event.append(unchecked: "sourceIPs", value: .array(sources.map { .string($0) })) }
        if let agent = request.userAgent { event.append(unchecked: "userAgent", value: .string(Self.shortened(agent))) }
        if !kind.resource.isEmpty { event.append(unchecked: "objectRef", value: reference(notes)) }
        event.append(unchecked: "responseStatus", value: Self.response(code, failure))
        event.append(unchecked: "requestReceivedTimestamp", value: .string(received.rfc3339Micro))
        event.append(unchecked: "stageTimestamp", value: .string(time.rfc3339Micro))
        var remarks = JSONObject()
        if user != nil { remarks["authorization.k8s.io/decision"] = .string(notes.isAuthorized || code != 403 ? "allow" : "forbid") }
        for (key, value) in notes.annotations.sorted(by: { $0.key < $1.key }) { remarks[key] = .string(value) }
        if !remarks.isEmpty { event.append(unchecked: "annotations", value: .object(remarks)) }
        return JSON.encode(.object(event))
    }

    /// Code and, of a refusal, its words.
    private static func response(_ code: Int, _ failure: APIStatus?) -> JSONValue {
        var status: JSONObject = ["metadata": .object(JSONObject())]
        if let failure {
            status["status"] = "Failure"
            status["message"] = .string(failure.message)
            if let reason = failure.value["reason"] { status["reason"] = reason }
            if let details = failure.value["details"] { status["details"] = details }
        }
        status["code"] = .integer(Int64(code))
        return .object(status)
    }

    /// Source: apiserver `pkg/audit/request.go` maybeTruncateUserAgent.
    private static func shortened(_ agent: String) -> String {
        agent.utf8.count > 1024 ? "\(String(decoding: agent.utf8.prefix(1024), as: UTF8.self))...TRUNCATED" : agent
    }

    private func reference(_ notes: WarningBox) -> JSONValue {
        var reference: JSONObject = ["resource": .string(kind.resource)]
        for (field, text) in [
            ("namespace", kind.namespace), ("name", kind.name.isEmpty ? notes.objectName : kind.name), ("apiGroup", kind.group), ("apiVersion", kind.version),
            ("subresource", kind.subresource),
        ] where !text.isEmpty {
            reference[field] = .string(text)
        }
        return .object(reference)
    }

    /// Path and query. What a command is given may be a secret, so it is left out.
    private var address: String {
        let items = request.query.map { $0.name == "command" ? QueryItem($0.name, "-") : $0 }
        let text = items.isEmpty ? request.path : "\(request.path)?\(QueryItem.encode(items))"
        return text.utf8.count > 4096 ? String(decoding: text.utf8.prefix(4096), as: UTF8.self) : text
    }

    /// Whether a request is worth a line: what the cluster's own parts read, and their heartbeats and events, are not.
    static func isWorthwhile(_ kind: RequestKind, _ user: UserInfo?) -> Bool {
        guard let user else { return true }
        let isOwn =
            ["system:apiserver", "system:kube-scheduler", "system:kube-controller-manager"].contains(user.name)
            || user.name.hasPrefix("system:node:") || user.name.hasPrefix("system:serviceaccount:kube-system:")
        guard isOwn else { return true }
        return kind.isMutating && kind.resource != "leases" && kind.resource != "events" && kind.resource != "nodes"
    }
}

/// Where a request came from: the proxies' word for it first, the connection's own end last.
/// Source: apimachinery `pkg/util/net/http.go` SourceIPs.
enum AuditSources {
    static func addresses(_ request: APIRequest) -> [String] {
        var found: [String] = []
        // The first header of a name counts, as in Go.
        for part in (header("x-forwarded-for", request) ?? "").split(separator: ",") {
            if let address = valid(String(part.trimmingSpaces())) { found.append(address) }
        }
        if let address = header("x-real-ip", request).flatMap({ valid($0) }), !found.contains(address) { found.append(address) }
        if let address = valid(request.peer), found.last != address { found.append(address) }
        return found
    }

    private static func header(_ name: String, _ request: APIRequest) -> String? { request.headers.first { $0.0 == name }?.1 }

    private static func valid(_ text: String) -> String? { ValueValidation.address(text).isEmpty ? text : nil }
}
