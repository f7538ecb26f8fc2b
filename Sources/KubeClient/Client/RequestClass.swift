import APIMachinery
import JSONCore

/// What a request does to a cluster, as far as a gate must know. Whatever is not surely harmless counts as a write.
package enum RequestClass: Sendable, Hashable {
    /// Changes nothing: get, list, watch, logs, discovery.
    case read
    /// A write of which the server keeps nothing.
    case dryRun
    /// Asks what someone may do.
    case review
    /// Everything else, and what reaches into pods, nodes and services whatever its HTTP method.
    case write

    /// The class of a request.
    package init(_ request: APIRequest) {
        guard let segments = request.pathSegments, !Self.asksForMore(request) else {
            self = .write
            return
        }
        let target = Target(segments)
        if target.isPassage {
            self = .write
        } else if request.method == .get || request.method == .head {
            self = .read
        } else if target.isReview, request.method == .post {
            self = .review
        } else if target.allowsDryRun, Self.isDryRun(request) {
            self = .dryRun
        } else {
            self = .write
        }
    }

    /// Whether headers turn the request into something its method does not say: an upgraded connection or another method.
    private static func asksForMore(_ request: APIRequest) -> Bool {
        request.headers.contains { name, _ in
            let name = name.lowercased()
            return name == "upgrade" || name.hasPrefix("sec-websocket") || name.contains("method-override")
        }
    }

    /// Whether the server will keep nothing. It reads a deletion's options from the body when there is one, and then ignores the
    /// query: both must say so.
    private static func isDryRun(_ request: APIRequest) -> Bool {
        let values = request.queryValues("dryRun")
        guard !values.isEmpty, values.allSatisfy({ $0 == "All" }) else { return false }
        guard request.method == .delete, !request.body.isEmpty else { return request.method != .options }
        // A body that is not understood here, protobuf for example, might say anything to the server.
        guard let body = try? JSON.parse(request.body) else { return false }
        return body["dryRun"] == ["All"]
    }
}

/// What a path leads to.
private struct Target {
    private static let passages: Set<String> = ["exec", "attach", "portforward", "proxy", "token"]
    private static let plainSubresources: Set<String> = ["status", "scale", "ephemeralcontainers", "resize"]
    private static let reviews: Set<String> = [
        "authorization.k8s.io/selfsubjectaccessreviews", "authorization.k8s.io/selfsubjectrulesreviews",
        "authorization.k8s.io/subjectaccessreviews", "authorization.k8s.io/localsubjectaccessreviews",
        "authentication.k8s.io/selfsubjectreviews",
    ]

    private var group: String?
    private var resource = ""
    private var name: String?
    private var subresource: [String] = []
    private var isLegacyProxy = false

    init(_ segments: [String]) {
        var rest = segments[...]
        switch rest.popFirst() {
        case "api": group = ""
        case "apis": group = rest.popFirst()
        default: return
        }
        guard group != nil, rest.popFirst() != nil else { return }
        isLegacyProxy = rest.first == "proxy"
        // The old form of a watch puts the word before the resource.
        if rest.first == "watch" { rest.removeFirst() }
        // namespaces/N/pods/P is inside a namespace; namespaces/N and namespaces/N/status are the namespace itself.
        if rest.first == "namespaces", rest.count > 2, !["status", "finalize"].contains(rest[rest.startIndex + 2]) {
            rest.removeFirst(2)
        }
        resource = rest.popFirst() ?? ""
        name = rest.popFirst()
        subresource = Array(rest)
    }

    /// Whether the path leads through the server into a pod, node or service, or hands out credentials.
    var isPassage: Bool {
        isLegacyProxy || subresource.first.map(Self.passages.contains) ?? false
    }

    var isReview: Bool {
        guard let group, name == nil else { return false }
        return Self.reviews.contains("\(group)/\(resource)")
    }

    var allowsDryRun: Bool {
        guard group != nil, !resource.isEmpty else { return false }
        switch subresource.count {
        case 0: return true
        case 1: return Self.plainSubresources.contains(subresource[0])
        default: return false
        }
    }
}
