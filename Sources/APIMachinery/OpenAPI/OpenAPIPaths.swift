import JSONCore

/// The paths of a document: one operation for each verb of each resource and subresource.
struct OpenAPIPaths {
    private let registry: SchemaRegistry
    private(set) var paths = JSONObject()

    init(_ registry: SchemaRegistry) { self.registry = registry }

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
            [
                "name": .string(name), "in": "path", "description": .string(OpenAPIParameter.placeholder(name)), "required": true,
                "schema": ["type": "string", "uniqueItems": true],
            ]
        }
        parameters.append(OpenAPIParameter.pretty.value)
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
        let parameters = OpenAPIParameter.of(verb)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters.map(\.value)) }
        if let body = body(verb, type) { operation["requestBody"] = body }
        operation["responses"] = responses(verb, resource, type)
        operation["x-kubernetes-action"] = .string(Self.action(verb))
        operation["x-kubernetes-group-version-kind"] = OpenAPIComponents.kind(kind)
        return .object(operation)
    }

    private func body(_ verb: String, _ type: TypeSchema?) -> JSONValue? {
        switch verb {
        case "create", "update":
            guard let type else { return nil }
            let reference = OpenAPIComponents.reference(type.componentName)
            return ["content": ["*/*": ["schema": reference]], "required": true]
        case "patch":
            var content = JSONObject()
            for media in OpenAPIV3.patchMediaTypes { content[media] = ["schema": ["type": "object"]] }
            return ["content": .object(content), "required": true]
        case "delete", "deletecollection":
            guard let options = registry.type("meta.v1.DeleteOptions") else { return nil }
            return ["content": ["*/*": ["schema": OpenAPIComponents.reference(options.componentName)]]]
        default: return nil
        }
    }

    private func responses(_ verb: String, _ resource: ResourceDescriptor, _ type: TypeSchema?) -> JSONValue {
        let answer: TypeSchema? =
            switch verb {
            case "list": resource.listType
            case "delete", "deletecollection": registry.type("meta.v1.Status")
            default: type
            }
        var content = JSONObject()
        if let answer {
            let schema: JSONValue = ["schema": OpenAPIComponents.reference(answer.componentName)]
            content["application/json"] = schema
            content["application/yaml"] = schema
            if verb == "list" { content["application/json;stream=watch"] = schema }
        } else {
            content["*/*"] = ["schema": ["type": "string"]]
        }
        var responses: JSONObject = ["200": ["description": "OK", "content": .object(content)]]
        if verb == "create" || verb == "update" || verb == "patch" {
            responses["201"] = ["description": "Created", "content": .object(content)]
        }
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
