import JSONCore

/// The paths of a document: one operation for each verb of each resource and subresource.
struct OpenAPIPaths {
    private let registry: SchemaRegistry
    private let dialect: OpenAPIDialect
    private(set) var paths = JSONObject()

    init(_ registry: SchemaRegistry, dialect: OpenAPIDialect = .v3) {
        self.registry = registry
        self.dialect = dialect
    }

    /// Adds every path of a resource.
    mutating func add(_ resource: ResourceDescriptor) {
        let root = "/\(resource.groupVersion.urlPath)"
        let scope = resource.isNamespaced ? "\(root)/namespaces/{namespace}" : root
        let collection = "\(scope)/\(resource.plural)"
        var whole: [(String, JSONValue)] = []
        if resource.verbs.contains("deletecollection") { whole.append(("delete", operation(resource, "deletecollection"))) }
        if resource.verbs.contains("list") { whole.append(("get", operation(resource, "list"))) }
        if resource.verbs.contains("create") { whole.append(("post", operation(resource, "create"))) }
        put(collection, resource.isNamespaced ? ["namespace"] : [], whole)
        if resource.isNamespaced, resource.verbs.contains("list") {
            put("\(root)/\(resource.plural)", [], [("get", operation(resource, "list", suffix: "ForAllNamespaces"))])
        }
        let place = resource.isNamespaced ? ["name", "namespace"] : ["name"]
        let item = "\(collection)/{name}"
        put(item, place, methods(resource.verbs).map { ($0.method, operation(resource, $0.verb)) })
        for subresource in resource.subresources {
            var verbs = methods(subresource.verbs)
            if subresource.verbs.contains("create") { verbs.append(("post", "create")) }
            put(
                "\(item)/\(subresource.name)", place,
                verbs.map { ($0.method, operation(resource, $0.verb, subresource: subresource)) })
        }
    }

    private func methods(_ verbs: Set<String>) -> [(method: String, verb: String)] {
        [("delete", "delete"), ("get", "get"), ("patch", "patch"), ("put", "update")].filter { verbs.contains($0.1) }
    }

    private mutating func put(_ path: String, _ placeholders: [String], _ operations: [(String, JSONValue)]) {
        guard !operations.isEmpty else { return }
        var entry = JSONObject()
        for (method, operation) in operations { entry[method] = operation }
        var parameters = placeholders.map { name -> JSONValue in
            dialect.parameter(name, place: "path", type: "string", description: OpenAPIParameter.placeholder(name), isRequired: true)
        }
        parameters.append(OpenAPIParameter.pretty.value(dialect))
        entry["parameters"] = .array(parameters)
        paths[path] = .object(entry)
    }

    private func operation(
        _ resource: ResourceDescriptor, _ verb: String, suffix: String = "", subresource: Subresource? = nil
    ) -> JSONValue {
        let kind = subresource?.kind ?? resource.gvk
        let type = subresource == nil ? resource.type : subresource?.type
        var operation: JSONObject = [
            "tags": [.string(Self.tag(resource.groupVersion))],
            "description": .string(Self.words(verb, kind.kind, subresource?.name)),
            "operationId": .string(Self.identifier(resource, verb, subresource, suffix)),
        ]
        var parameters = OpenAPIParameter.of(verb).map { $0.value(dialect) }
        let body = body(verb, type)
        switch dialect {
        case .v2:
            operation["consumes"] = .array((verb == "patch" ? OpenAPIV3.patchMediaTypes(resource) : ["*/*"]).map { .string($0) })
            operation["produces"] = .array(produced(verb, type).map { .string($0) })
            operation["schemes"] = ["https"]
            if let body {
                parameters.insert(["name": "body", "in": "body", "required": .bool(verb != "delete" && verb != "deletecollection"), "schema": body], at: 0)
            }
        case .v3:
            if let body { operation["requestBody"] = requestBody(verb, resource, body) }
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        operation["responses"] = responses(verb, resource, type)
        operation["x-kubernetes-action"] = .string(Self.action(verb))
        operation["x-kubernetes-group-version-kind"] = OpenAPIComponents.kind(kind)
        return .object(operation)
    }

    /// The schema of what is sent.
    private func body(_ verb: String, _ type: TypeSchema?) -> JSONValue? {
        switch verb {
        case "create", "update": type.map { dialect.reference($0.componentName) }
        case "patch": ["type": "object"]
        case "delete", "deletecollection": registry.type("meta.v1.DeleteOptions").map { dialect.reference($0.componentName) }
        default: nil
        }
    }

    private func requestBody(_ verb: String, _ resource: ResourceDescriptor, _ schema: JSONValue) -> JSONValue {
        var content = JSONObject()
        for media in verb == "patch" ? OpenAPIV3.patchMediaTypes(resource) : ["*/*"] { content[media] = ["schema": schema] }
        var body: JSONObject = ["content": .object(content)]
        if verb != "delete", verb != "deletecollection" { body["required"] = true }
        return .object(body)
    }

    /// The media types of an answer.
    private func produced(_ verb: String, _ type: TypeSchema?) -> [String] {
        guard type != nil || verb == "list" || verb == "delete" || verb == "deletecollection" else { return ["*/*"] }
        return ["application/json", "application/yaml"] + (verb == "list" ? ["application/json;stream=watch"] : [])
    }

    private func responses(_ verb: String, _ resource: ResourceDescriptor, _ type: TypeSchema?) -> JSONValue {
        let answer: TypeSchema? =
            switch verb {
            case "list": resource.listType
            case "delete", "deletecollection": registry.type("meta.v1.Status")
            default: type
            }
        let schema = answer.map { dialect.reference($0.componentName) } ?? ["type": "string"]
        func response(_ description: String) -> JSONValue {
            var response: JSONObject = ["description": .string(description)]
            switch dialect {
            case .v2: response["schema"] = schema
            case .v3:
                var content = JSONObject()
                for media in produced(verb, answer) { content[media] = ["schema": schema] }
                response["content"] = .object(content)
            }
            return .object(response)
        }
        var responses: JSONObject = ["200": response("OK")]
        if verb == "create" || verb == "update" || verb == "patch" { responses["201"] = response("Created") }
        responses["401"] = ["description": "Unauthorized"]
        return .object(responses)
    }

    private static func action(_ verb: String) -> String {
        switch verb {
        case "create": "post"
        case "update": "put"
        default: verb
        }
    }

    private static func words(_ verb: String, _ kind: String, _ subresource: String?) -> String {
        let target = subresource.map { "\($0) of the specified \(kind)" } ?? "the specified \(kind)"
        return switch verb {
        case "list": "list or watch objects of kind \(kind)"
        case "deletecollection": "delete collection of \(kind)"
        case "create": subresource.map { "create \($0) of a \(kind)" } ?? "create a \(kind)"
        case "update": "replace \(target)"
        case "patch": "partially update \(target)"
        case "delete": "delete a \(kind)"
        default: "read \(target)"
        }
    }

    private static func tag(_ groupVersion: GroupVersion) -> String {
        let group = groupVersion.group.isEmpty ? "core" : String(groupVersion.group.prefix { $0 != "." })
        return "\(group)_\(groupVersion.version)"
    }

    /// `patchAppsV1NamespacedDeploymentStatus`
    private static func identifier(
        _ resource: ResourceDescriptor, _ verb: String, _ subresource: Subresource?, _ suffix: String
    ) -> String {
        let names = [
            "list": "list", "get": "read", "create": "create", "update": "replace", "patch": "patch", "delete": "delete",
            "deletecollection": "deleteCollection",
        ]
        let group = resource.group.isEmpty ? "core" : String(resource.group.prefix { $0 != "." })
        let scope = resource.isNamespaced && suffix.isEmpty ? "Namespaced" : ""
        let parts = [group, resource.version, scope, resource.kind, subresource?.name ?? ""].map(capitalized)
        return (names[verb] ?? verb) + parts.joined() + suffix
    }

    private static func capitalized(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }
}
