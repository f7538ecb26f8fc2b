internal import APIMachinery
internal import KubeClient

/// What a request is, in the words of metrics and the audit log.
struct RequestKind: Sendable, Hashable {
    /// As RBAC names it, for example `list`; the HTTP method in lower case for what is no resource.
    var verb: String
    var group = ""
    var version = ""
    var resource = ""
    var subresource = ""
    var namespace = ""
    var name = ""
    var isDryRun = false

    /// Reads a request's path and query.
    init(_ request: APIRequest, _ target: RequestPath?) {
        isDryRun = request.queryValue("dryRun") == "All"
        guard case .resource(let path)? = target else {
            verb = request.method.rawValue.lowercased()
            if case .other(let segments)? = target, let first = segments.first, Self.knownPaths.contains(first) { subresource = "/\(first)" }
            return
        }
        verb = path.verb(request)
        group = path.group
        version = path.version
        resource = path.resource
        subresource = path.subresource ?? ""
        namespace = path.namespace ?? (path.resource == "namespaces" ? path.name ?? "" : "")
        name = path.name ?? ""
    }

    private static let knownPaths: Set<String> = [
        "api", "apis", "openapi", "version", "healthz", "livez", "readyz", "metrics", "openid", ".well-known", "kdash",
    ]

    /// Whether it changes something.
    var isMutating: Bool {
        ["create", "update", "patch", "delete", "deletecollection", "post", "put"].contains(verb)
    }

    /// Whether its answer may last: a watch, a log, a stream. Source: `pkg/controlplane/apiserver/config.go` LongRunningFunc.
    var isLongRunning: Bool { verb == "watch" || subresource == "log" || Self.connects.contains(subresource) }

    /// The verb as metrics spell it. Source: apiserver `pkg/endpoints/metrics` cleanVerb.
    func metricVerb(_ request: APIRequest) -> String {
        switch verb {
        case "create": Self.connects.contains(subresource) ? "CONNECT" : "POST"
        case "update": "PUT"
        case "patch": (request.contentType ?? "").hasPrefix("application/apply-patch") ? "APPLY" : "PATCH"
        case "get" where Self.connects.contains(subresource): "CONNECT"
        case "": "OPTIONS"
        default: verb.uppercased()
        }
    }

    private static let connects: Set<String> = ["exec", "attach", "portforward", "proxy"]

    /// `resource`, `namespace` or `cluster`, or nothing for what is no resource.
    var scope: String {
        if resource.isEmpty { return "" }
        if !name.isEmpty { return "resource" }
        return namespace.isEmpty ? "cluster" : "namespace"
    }
}
