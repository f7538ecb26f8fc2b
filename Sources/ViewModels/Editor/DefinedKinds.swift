import APIMachinery
import JSONCore
import KubeSchemas

/// The kinds that the CustomResourceDefinitions of a text define: other documents of it may be of these, before any server knows them.
enum DefinedKinds {
    static let definition = GroupVersionKind(group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition")
    private static let mostVersions = 64

    /// The kinds with their types; what a definition lacks makes none.
    static func resources(_ documents: [JSONValue]) -> [ResourceDescriptor] {
        let definitions = documents.filter { KubeObject($0).gvk == definition }
        return definitions.flatMap { definition in
            (definition["spec", "versions"]?.arrayValue ?? []).flatMap { resources(definition, $0) }
        }.prefix(mostVersions).map { $0 }
    }

    private static func resources(_ definition: JSONValue, _ version: JSONValue) -> [ResourceDescriptor] {
        guard let group = definition["spec", "group"]?.stringValue, let kind = definition["spec", "names", "kind"]?.stringValue,
            let plural = definition["spec", "names", "plural"]?.stringValue, let name = version["name"]?.stringValue
        else { return [] }
        let groupVersion = GroupVersion(group: group, version: name)
        let gvk: JSONValue = ["group": .string(group), "version": .string(name), "kind": .string(kind)]
        let scope = definition["spec", "scope"] == "Cluster" ? "" : "namespaces/{namespace}/"
        let operations = ["get": "get", "post": "post", "put": "put"].mapValues { action -> JSONValue in
            ["x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": gvk]
        }
        var methods = JSONObject()
        for (method, operation) in operations { methods[method] = operation }
        var paths = JSONObject()
        paths["\(groupVersion.urlPath)/\(scope)\(plural)"] = .object(methods)
        var schemas = JSONObject()
        schemas["\(group).\(name).\(kind)"] = schema(version, gvk)
        let document: JSONValue = ["paths": .object(paths), "components": ["schemas": .object(schemas)]]
        return OpenAPIReader.resources(document, groupVersion: groupVersion, known: builtinSchemas)
    }

    /// What the version says of its objects, with what all objects have.
    private static func schema(_ version: JSONValue, _ gvk: JSONValue) -> JSONValue {
        var schema = version["schema", "openAPIV3Schema"]?.objectValue ?? JSONObject()
        var properties = schema["properties"]?.objectValue ?? JSONObject()
        for field in ["apiVersion", "kind"] { properties[field] = ["type": "string"] }
        properties["metadata"] = [:]
        schema["type"] = "object"
        schema["properties"] = .object(properties)
        schema["x-kubernetes-group-version-kind"] = [gvk]
        return .object(schema)
    }
}
