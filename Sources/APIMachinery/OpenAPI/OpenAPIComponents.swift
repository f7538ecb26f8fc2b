import JSONCore

/// The component schemas of a document: the types that were added and every type they reach.
struct OpenAPIComponents {
    private let registry: SchemaRegistry
    private let dialect: OpenAPIDialect
    private var known: [String: JSONValue] = [:]

    init(_ registry: SchemaRegistry, dialect: OpenAPIDialect = .v3) {
        self.registry = registry
        self.dialect = dialect
    }

    /// The schemas, sorted by name.
    var schemas: JSONObject {
        var object = JSONObject()
        for (name, schema) in known.sorted(by: { $0.key < $1.key }) { object.append(unchecked: name, value: schema) }
        return object
    }

    /// Adds what a resource reads and writes.
    mutating func add(_ resource: ResourceDescriptor) {
        add(resource.type)
        if let list = resource.listType { add(list) }
        for subresource in resource.subresources { if let type = subresource.type { add(type) } }
    }

    /// Adds a type and what it reaches.
    mutating func add(_ type: TypeSchema) {
        var waiting = [type]
        while let next = waiting.popLast() {
            guard known[next.componentName] == nil else { continue }
            known[next.componentName] = schema(of: next, &waiting)
        }
    }

    private mutating func schema(of type: TypeSchema, _ waiting: inout [TypeSchema]) -> JSONValue {
        if let custom = type.custom, let objectMeta = registry.type("meta.v1.ObjectMeta") {
            waiting.append(objectMeta)
            return .object(
                OpenAPICustomSchema(dialect: dialect, objectMeta: objectMeta.componentName).definition(custom.published, type: type))
        }
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
        if schema["$ref"] != nil { schema = dialect.wrapped(schema) }
        var property = JSONObject()
        let words = field.isDeprecated ? "Deprecated. \(field.documentation)" : field.documentation
        if !words.isEmpty { property["description"] = .string(words) }
        for member in schema { property.append(unchecked: member.key, value: member.value) }
        addDefault(field, &property)
        if !field.enumValues.isEmpty {
            let values = JSONValue.array(field.enumValues.map { .string($0) })
            if case .array = field.type { property["items"]?["enum"] = values } else { property["enum"] = values }
        }
        addListFacts(field, &property)
        return .object(property)
    }

    /// Swagger names only the defaults that a person would write.
    private func addDefault(_ field: FieldSchema, _ property: inout JSONObject) {
        if let value = field.defaultValue {
            if dialect == .v3 || value.objectValue == nil { property["default"] = value }
        } else if dialect == .v3 {
            switch field.type {
            case .object where !field.isPointer: property["default"] = .object(JSONObject())
            case .string where field.isListedAsRequired: property["default"] = ""
            default: break
            }
        }
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
            return dialect.reference(inner.componentName).objectValue ?? JSONObject()
        case .array(let element): return ["type": "array", "items": .object(item(element, &waiting))]
        case .map(let inner): return ["type": "object", "additionalProperties": .object(item(inner, &waiting))]
        }
    }

    private mutating func item(_ type: FieldType, _ waiting: inout [TypeSchema]) -> JSONObject {
        let schema = value(type, &waiting)
        guard schema["$ref"] != nil, dialect == .v3 else { return schema }
        if case .object = type { return ["default": [:], "allOf": [.object(schema)]] }
        return ["allOf": [.object(schema)]]
    }

    private mutating func shared(_ shared: OpenAPISharedType) -> JSONObject {
        known[shared.rawValue] = shared.schema(dialect)
        return dialect.reference(shared.rawValue).objectValue ?? JSONObject()
    }
}
