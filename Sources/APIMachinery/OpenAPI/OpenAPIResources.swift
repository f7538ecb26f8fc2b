import JSONCore

/// The resources that a document's paths serve: their plural names, scope and verbs.
struct OpenAPIResources {
    /// One resource.
    struct Resource {
        let gvk: GroupVersionKind
        let plural: String
        var isNamespaced: Bool
        var verbs: Set<String>

        func descriptor(_ type: TypeSchema, known: SchemaRegistry) -> ResourceDescriptor {
            let same = known.resource(kind: gvk)
            return ResourceDescriptor(
                kind: gvk, plural: plural, singular: same?.singular ?? gvk.kind.lowercased(), shortNames: same?.shortNames ?? [],
                categories: same?.categories ?? [], isNamespaced: isNamespaced, verbs: verbs, subresources: same?.subresources ?? [],
                selectableFields: same?.selectableFields ?? [], type: type, listType: same?.listType)
        }
    }

    private static let mostResources = 2000
    private(set) var resources: [Resource] = []

    init(_ document: JSONValue, _ groupVersion: GroupVersion) {
        let root = groupVersion.urlPath.split(separator: "/").map(String.init)
        var places: [String: Int] = [:]
        for member in document["paths"]?.objectValue ?? JSONObject() {
            var parts = member.key.split(separator: "/").map(String.init)
            guard parts.starts(with: root) else { continue }
            parts.removeFirst(root.count)
            let isNamespaced = parts.count > 2 && parts[0] == "namespaces" && parts[1] == "{namespace}"
            if isNamespaced { parts.removeFirst(2) }
            guard let plural = parts.first, parts.count == 1 || parts.count == 2 && parts[1] == "{name}" else { continue }
            let found = Self.operations(member.value)
            guard let gvk = found.gvk, gvk.groupVersion == groupVersion else { continue }
            if let place = places[plural] {
                resources[place].verbs.formUnion(found.verbs)
                resources[place].isNamespaced = resources[place].isNamespaced || isNamespaced
            } else if resources.count < Self.mostResources {
                places[plural] = resources.count
                resources.append(Resource(gvk: gvk, plural: plural, isNamespaced: isNamespaced, verbs: found.verbs))
            }
        }
    }

    private static let verbs = [
        "list": "list", "get": "get", "post": "create", "put": "update", "patch": "patch", "delete": "delete",
        "deletecollection": "deletecollection", "watch": "watch",
    ]

    private static func operations(_ item: JSONValue) -> (gvk: GroupVersionKind?, verbs: Set<String>) {
        var result: (gvk: GroupVersionKind?, verbs: Set<String>) = (nil, [])
        for method in ["get", "post", "put", "patch", "delete"] {
            guard let operation = item[method], let action = operation["x-kubernetes-action"]?.stringValue, let verb = verbs[action] else { continue }
            result.verbs.insert(verb)
            if verb == "list" { result.verbs.insert("watch") }
            if let gvk = operation["x-kubernetes-group-version-kind"].flatMap(kind), verb != "delete", verb != "deletecollection" {
                result.gvk = result.gvk ?? gvk
            }
        }
        return result
    }

    static func kind(_ value: JSONValue) -> GroupVersionKind? {
        guard let kind = value["kind"]?.stringValue, let version = value["version"]?.stringValue else { return nil }
        return GroupVersionKind(group: value["group"]?.stringValue ?? "", version: version, kind: kind)
    }
}
