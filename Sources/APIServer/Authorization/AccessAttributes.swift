internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// What somebody wants to do, as authorization sees it.
struct AccessAttributes: Sendable, Hashable {
    var verb: String
    var group = ""
    var resource = ""
    var subresource = ""
    var namespace = ""
    var name = ""
    /// The path of a non-resource request.
    var path = ""
    /// Whether it concerns an API resource rather than a path.
    var isResource = true

    init(verb: String, path: String) {
        self.verb = verb
        self.path = path
        isResource = false
    }

    init(verb: String, group: String, resource: String, subresource: String = "", namespace: String = "", name: String = "") {
        self.verb = verb
        self.group = group
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }

    /// What a request asks to do.
    init(_ path: RequestPath, _ request: APIRequest) {
        switch path {
        case .resource(let path):
            let verb = path.verb(request)
            self.init(path, verb: verb)
            if name.isEmpty, verb == "list" || verb == "watch" { name = Self.selectedName(request) ?? "" }
        case .other(let segments): self.init(verb: request.method.rawValue.lowercased(), path: "/\(segments.joined(separator: "/"))")
        }
    }

    /// The one name that a field selector leaves: whoever may see that object may ask for it so.
    /// Source: apiserver `pkg/endpoints/request/requestinfo.go`.
    private static func selectedName(_ request: APIRequest) -> String? {
        guard let text = request.queryValue("fieldSelector"), text.contains("metadata.name"),
            let selector = try? FieldSelector(parsing: text)  // best effort: the verb says what is wrong with it
        else { return nil }
        return selector.requirements.first { $0.field == "metadata.name" && $0.equals }?.value
    }

    init(_ path: ResourcePath, verb: String) {
        self.init(
            verb: verb, group: path.group, resource: path.resource, subresource: path.subresource ?? "",
            namespace: path.namespace ?? (path.resource == "namespaces" ? path.name ?? "" : ""), name: path.name ?? "")
    }

    /// The Forbidden status of a refused request, in Kubernetes' words.
    func forbidden(_ user: UserInfo) -> APIStatus {
        guard isResource else {
            return .forbidden(GroupResource(group: "", resource: ""), "", "User \(user.name.goQuoted) cannot \(verb) path \(path.goQuoted)")
        }
        let full = subresource.isEmpty ? resource : "\(resource)/\(subresource)"
        let place = namespace.isEmpty || resource == "namespaces" ? "at the cluster scope" : "in the namespace \(namespace.goQuoted)"
        let why = "User \(user.name.goQuoted) cannot \(verb) resource \(full.goQuoted) in API group \(group.goQuoted) \(place)"
        return .forbidden(GroupResource(group: group, resource: resource), name, why)
    }
}
