import JSONCore

/// The component schemas of a document: the types that were added and every type they reach.
struct OpenAPIComponents {
    private let registry: SchemaRegistry
    private var known: [String: JSONValue] = [:]

    init(_ registry: SchemaRegistry) { self.registry = registry }

    /// The schemas, sorted by name.
    var schemas: JSONObject {
        var object = JSONObject()
        for (name, schema) in known.sorted(by: { $0.key < $1.key }) { object.append(unchecked: name, value: schema) }
        return object
    }

    /// A reference to a component.
    static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// Adds a type and what it reaches.
    mutating func add(_ type: TypeSchema) {
        var waiting = [type]
        while let next = waiting.popLast() {
            guard known[next.componentName] == nil else { continue }
            known[next.componentName] = schema(of: next, &waiting)
        }
    }

    private mutating func schema(of type: TypeSchema, _ waiting: inout [TypeSchema]) -> JSONValue {
        var schema = JSONObject()
        if !type.documentation.isEmpty { schema["description"] = .string(type.documentation) }
        if type.isUnion { return .object(schema) }
        schema["type"] = "object"
        let required = type.fields.filter(\.isListedAsRequired).map { JSONValue.string($0.jsonName) }
        if !required.isEmpty { schema["required"] = .array(required) }
        if !type.fields.isEmpty {
            var properties = JSONObject()
            for field in type.fields { properties.append(unchecked: field.jsonName, value: property(field, &waiting)) }
            schema["properties"] = .object(properties)
        }
        if let gvk = type.gvk { schema["x-kubernetes-group-version-kind"] = [OpenAPIComponents.kind(gvk)] }
        if type.isAtomic { schema["x-kubernetes-map-type"] = "atomic" }
        return .object(schema)
    }

    static func kind(_ gvk: GroupVersionKind) -> JSONValue {
        ["group": .string(gvk.group), "kind": .string(gvk.kind), "version": .string(gvk.version)]
    }

    private mutating func property(_ field: FieldSchema, _ waiting: inout [TypeSchema]) -> JSONValue {
        var schema = value(field.type, &waiting)
        // A reference can have no siblings, so it is wrapped to carry the rest.
        if schema["$ref"] != nil { schema = ["allOf": [.object(schema)]] }
        var property = JSONObject()
        let words = field.isDeprecated ? "Deprecated. \(field.documentation)" : field.documentation
        if !words.isEmpty { property["description"] = .string(words) }
        for member in schema { property.append(unchecked: member.key, value: member.value) }
        if let value = field.defaultValue {
            property["default"] = value
        } else if case .object = field.type, !field.isPointer {
            property["default"] = .object(JSONObject())
        } else if case .string = field.type, field.isListedAsRequired {
            property["default"] = ""
        }
        if !field.enumValues.isEmpty {
            let values = JSONValue.array(field.enumValues.map { .string($0) })
            if case .array = field.type { property["items"]?["enum"] = values } else { property["enum"] = values }
        }
        addListFacts(field, &property)
        return .object(property)
    }

    private func addListFacts(_ field: FieldSchema, _ property: inout JSONObject) {
        if case .array = field.type {
            property["x-kubernetes-list-type"] = .string(field.listType.rawValue)
            if !field.mapKeys.isEmpty {
                property["x-kubernetes-list-map-keys"] = .array(field.mapKeys.map { .string($0) })
            }
        } else if field.isAtomic {
            property["x-kubernetes-map-type"] = "atomic"
        }
        if let key = field.patchMergeKey { property["x-kubernetes-patch-merge-key"] = .string(key) }
        if let strategy = field.patchStrategy { property["x-kubernetes-patch-strategy"] = .string(strategy) }
    }

    /// The schema of a value.
    private mutating func value(_ type: FieldType, _ waiting: inout [TypeSchema]) -> JSONObject {
        switch type {
        case .string: return ["type": "string"]
        case .bool: return ["type": "boolean"]
        case .int32: return ["type": "integer", "format": "int32"]
        case .int64: return ["type": "integer", "format": "int64"]
        case .double: return ["type": "number", "format": "double"]
        case .bytes: return ["type": "string", "format": "byte"]
        case .quantity: return shared(.quantity)
        case .intOrString: return shared(.intOrString)
        case .time: return shared(.time)
        case .microTime: return shared(.microTime)
        case .rawObject: return shared(.rawExtension)
        case .fieldsV1: return shared(.fieldsV1)
        case .any: return ["x-kubernetes-preserve-unknown-fields": true]
        case .object(let inner):
            waiting.append(inner)
            return OpenAPIComponents.reference(inner.componentName).objectValue ?? JSONObject()
        case .array(let element): return ["type": "array", "items": .object(item(element, &waiting))]
        case .map(let inner): return ["type": "object", "additionalProperties": .object(item(inner, &waiting))]
        }
    }

    private mutating func item(_ type: FieldType, _ waiting: inout [TypeSchema]) -> JSONObject {
        let schema = value(type, &waiting)
        guard schema["$ref"] != nil else {
            return schema
        }
        if case .object = type { return ["default": [:], "allOf": [.object(schema)]] }
        return ["allOf": [.object(schema)]]
    }

    private mutating func shared(_ shared: OpenAPISharedType) -> JSONObject {
        known[shared.rawValue] = shared.schema
        return OpenAPIComponents.reference(shared.rawValue).objectValue ?? JSONObject()
    }
}

/// The components of values that no schema file describes.
enum OpenAPISharedType: String {
    case quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"
    case intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
    case time = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
    case microTime = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
    case rawExtension = "io.k8s.apimachinery.pkg.runtime.RawExtension"
    case fieldsV1 = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"

    var schema: JSONValue {
        switch self {
        case .quantity:
            [
                "description": "An amount: a number with an optional suffix such as m (thousandth), k, M, G, Ki, Mi or Gi.",
                "oneOf": [["type": "string"], ["type": "number"]],
            ]
        case .intOrString:
            [
                "description": "A whole number, or text such as a percentage or the name of a port.", "format": "int-or-string",
                "oneOf": [["type": "integer"], ["type": "string"]],
            ]
        case .time: ["description": "A moment to the second, as in RFC 3339.", "type": "string", "format": "date-time"]
        case .microTime: ["description": "A moment to the microsecond, as in RFC 3339.", "type": "string", "format": "date-time"]
        case .rawExtension: ["description": "An object of any kind, kept as it is.", "type": "object"]
        case .fieldsV1: ["description": "The fields that a manager owns.", "type": "object"]
        }
    }
}
