import JSONCore

/// Removes the fields a schema does not have. Source: apiextensions-apiserver `pkg/apiserver/schema/pruning`.
struct CustomPruning {
    /// The places of what was removed, at most ``limit``.
    private(set) var unknown: [String] = []
    private var path = FieldPath()

    static let limit = 100
    private static let typeFields: Set<String> = ["apiVersion", "kind", "metadata"]

    /// The whole object without unknown fields; nil when it has none. The fields of its type and metadata are not looked at.
    mutating func prune(root object: JSONObject, _ schema: StructuralSchema) -> JSONObject? {
        prune(object, schema, isResource: true, keepsUnknown: schema.keepsUnknown)
    }

    /// A value without unknown fields; nil when it has none.
    mutating func prune(value: JSONValue, _ schema: StructuralSchema) -> JSONValue? { prune(value, schema) }

    private mutating func prune(_ value: JSONValue, _ schema: StructuralSchema?) -> JSONValue? {
        switch value {
        case .object(let object):
            guard let schema else { return removeAll(object) }
            return prune(object, schema, isResource: schema.isEmbeddedResource, keepsUnknown: schema.keepsUnknown).map { .object($0) }
        case .array(let elements): return prune(elements, schema, keepsUnknown: schema?.keepsUnknown ?? false)
        default: return nil
        }
    }

    private mutating func removeAll(_ object: JSONObject) -> JSONValue? {
        guard !object.isEmpty else { return nil }
        for member in object { report(member.key) }
        return .object(JSONObject())
    }

    private mutating func prune(
        _ object: JSONObject, _ schema: StructuralSchema, isResource: Bool, keepsUnknown: Bool
    ) -> JSONObject? {
        var result: JSONObject?
        var removed: Set<String> = []
        for index in object.indices {
            let member = object[index]
            if isResource, Self.typeFields.contains(member.key) { continue }
            var changed: JSONValue?
            path.push(.field(member.key))
            if let property = schema.property(member.key) {
                changed = prune(member.value, property)
            } else {
                switch schema.additional {
                case .schema(let inner): changed = prune(member.value, inner)
                case .anything: changed = prune(member.value, nil)
                case .none where keepsUnknown: break
                case .none:
                    path.pop()
                    report(member.key)
                    removed.insert(member.key)
                    continue
                }
            }
            path.pop()
            guard let changed else { continue }
            if result == nil { result = object }
            result?[index].value = changed
        }
        guard !removed.isEmpty else { return result }
        var rest = result ?? object
        rest.removeAll { removed.contains($0.key) }
        return rest
    }

    private mutating func prune(_ elements: [JSONValue], _ schema: StructuralSchema?, keepsUnknown: Bool) -> JSONValue? {
        // What is undescribed inside a list that keeps everything is kept.
        if schema?.items == nil, keepsUnknown { return nil }
        var result: [JSONValue]?
        for index in elements.indices {
            path.push(.index(index))
            let changed = prune(elements[index], schema?.items)
            path.pop()
            guard let changed else { continue }
            if result == nil { result = elements }
            result?[index] = changed
        }
        return result.map { .array($0) }
    }

    private mutating func report(_ key: String) {
        guard unknown.count < Self.limit else { return }
        path.push(.field(key))
        unknown.append(path.strictText)
        path.pop()
    }
}
