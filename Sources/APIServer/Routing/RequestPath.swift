internal import KubeClient

/// What a request path asks for. Source: apiserver `pkg/endpoints/request/requestinfo.go`.
enum RequestPath: Sendable, Equatable {
    /// An API resource.
    case resource(ResourcePath)
    /// Everything else: health, discovery, documents, extensions.
    case other([String])

    /// Reads decoded path segments.
    init(_ segments: [String]) {
        var parts = segments[...]
        let group: String
        let version: String
        switch parts.first {
        case "api" where parts.count >= 3:
            group = ""
            version = parts[1]
            parts = parts.dropFirst(2)
        case "apis" where parts.count >= 4:
            group = parts[1]
            version = parts[2]
            parts = parts.dropFirst(3)
        default:
            self = .other(segments)
            return
        }
        var isLegacyWatch = false
        if parts.first == "watch", parts.count > 1 {
            isLegacyWatch = true
            parts = parts.dropFirst()
        }
        var path = ResourcePath(group: group, version: version, resource: "", isLegacyWatch: isLegacyWatch)
        if parts.first == "namespaces", parts.count > 1 {
            let name = parts[parts.startIndex + 1]
            path.namespace = name
            let rest = parts.dropFirst(2)
            if let next = rest.first, next != "status", next != "finalize" { parts = rest }
        }
        path.resource = parts.first ?? ""
        if path.resource == "namespaces" { path.namespace = nil }
        path.name = parts.dropFirst().first
        path.subresource = parts.dropFirst(2).first
        path.rest = Array(parts.dropFirst(3))
        self = .resource(path)
    }
}

/// The parts of a resource's path.
struct ResourcePath: Sendable, Equatable {
    /// Empty for core.
    var group: String
    var version: String
    var resource: String
    var namespace: String?
    var name: String?
    var subresource: String?
    /// What follows the subresource, for proxies.
    var rest: [String] = []
    /// Whether the path has the deprecated `/watch/` prefix.
    var isLegacyWatch = false

    init(group: String, version: String, resource: String, isLegacyWatch: Bool = false) {
        self.group = group
        self.version = version
        self.resource = resource
        self.isLegacyWatch = isLegacyWatch
    }

    /// The verb authorization knows a request by.
    func verb(_ request: APIRequest) -> String {
        switch request.method {
        case .post: return "create"
        case .put: return "update"
        case .patch: return "patch"
        case .delete: return name == nil ? "deletecollection" : "delete"
        // Nobody serves it, so it has no name. Source: apiserver `pkg/endpoints/request/requestinfo.go`.
        case .options: return ""
        case .get, .head:
            if isLegacyWatch { return "watch" }
            if name != nil { return "get" }
            return request.queryFlag("watch") ? "watch" : "list"
        }
    }
}
