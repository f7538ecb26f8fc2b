import JSONCore

/// The published schema of a kind that a CustomResourceDefinition describes. Source: apiextensions-apiserver
/// `pkg/controller/openapi/builder` and `pkg/controller/openapi/v2/conversion.go`.
struct OpenAPICustomSchema {
    let dialect: OpenAPIDialect
    /// The component name of ObjectMeta.
    let objectMeta: String
    private static let depthLimit = 200
    /// How it begins is asserted by Kubernetes' conformance suite, of what `kubectl explain` prints.
    private static let metadataSentence =
        "Standard object's metadata: name, namespace, labels, annotations and the rest of the object's identity."

    /// The definition of the kind: what the author wrote, and the fields that every object has.
    func definition(_ published: JSONObject, type: TypeSchema) -> JSONObject {
        // In Swagger, old clients refuse fields that a schema with some properties does not name; so one that keeps all of them says nothing.
        let isOpen = dialect == .v2 && published["x-kubernetes-preserve-unknown-fields"] == true
        var schema = isOpen ? JSONObject() : convert(published, 0)
        schema["type"] = "object"
        if !isOpen { addObjectFields(&schema) }
        if let gvk = type.gvk { schema["x-kubernetes-group-version-kind"] = [OpenAPIComponents.kind(gvk)] }
        return schema
    }

    private func addObjectFields(_ schema: inout JSONObject) {
        var properties = schema["properties"]?.objectValue ?? JSONObject()
        for name in ["apiVersion", "kind"] {
            let words = name == "kind" ? ImpliedFields.kindSentence : ImpliedFields.versionSentence
            properties[name] = ["description": .string(words), "type": "string"]
        }
        var metadata = dialect.wrapped(dialect.reference(objectMeta).objectValue ?? JSONObject())
        metadata["description"] = .string(Self.metadataSentence)
        properties["metadata"] = .object(metadata)
        schema["properties"] = .object(properties)
    }

    /// A schema in the dialect. Swagger cannot say all that OpenAPI 3 can; what it cannot say is left open.
    private func convert(_ schema: JSONObject, _ depth: Int) -> JSONObject {
        guard depth < Self.depthLimit else { return JSONObject() }
        var result = JSONObject()
        for member in schema {
            switch (member.key, member.value) {
            case ("properties", .object(let fields)):
                var converted = JSONObject()
                for field in fields {
                    converted.append(unchecked: field.key, value: .object(convert(field.value.objectValue ?? JSONObject(), depth + 1)))
                }
                result[member.key] = .object(converted)
            case ("items", .object(let inner)), ("additionalProperties", .object(let inner)), ("not", .object(let inner)):
                result[member.key] = .object(convert(inner, depth + 1))
            case ("allOf", .array(let inner)), ("anyOf", .array(let inner)), ("oneOf", .array(let inner)):
                result[member.key] = .array(inner.map { .object(convert($0.objectValue ?? JSONObject(), depth + 1)) })
            default: result[member.key] = member.value
            }
        }
        if dialect == .v2 { simplify(&result) }
        if result["x-kubernetes-embedded-resource"] == true, result["properties"] != nil || dialect == .v3 { addObjectFields(&result) }
        return result
    }

    private func simplify(_ schema: inout JSONObject) {
        for word in ["allOf", "anyOf", "oneOf", "not", "default"] { schema[word] = nil }
        if schema["nullable"] == true {
            for word in ["type", "items", "properties"] { schema[word] = nil }
        }
        schema["nullable"] = nil
        if schema["x-kubernetes-int-or-string"] == true { schema["type"] = nil }
        // Old clients drop fields that a schema with some properties does not name.
        if schema["x-kubernetes-preserve-unknown-fields"] == true {
            for word in ["items", "properties"] { schema[word] = nil }
        }
    }
}
