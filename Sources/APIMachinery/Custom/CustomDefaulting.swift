import JSONCore

/// Fills in defaults, and drops nulls where a schema does not allow them. Source: apiextensions-apiserver
/// `pkg/apiserver/schema/defaulting`.
enum CustomDefaulting {
    /// The value with its defaults; nil when nothing changed.
    static func fill(_ value: JSONValue, _ schema: StructuralSchema) -> JSONValue? {
        switch value {
        case .object(let object): fill(object, schema).map { .object($0) }
        case .array(let elements):
            if let items = schema.items { fill(elements, items) } else { nil }
        default: nil
        }
    }

    private static func fill(_ object: JSONObject, _ schema: StructuralSchema) -> JSONObject? {
        var result: JSONObject?
        for (name, property) in schema.properties {
            guard let preset = property.defaultValue else { continue }
            let current = (result ?? object)[name]
            guard current == nil || (current == .null && !property.isNullable) else { continue }
            if result == nil { result = object }
            result?[name] = preset
        }
        var nulls: Set<String> = []
        let base = result ?? object
        for index in base.indices {
            let member = base[index]
            guard let inner = schema.member(member.key) else { continue }
            if member.value.isNull {
                guard !inner.isNullable else { continue }
                guard let preset = inner.defaultValue else {
                    nulls.insert(member.key)
                    continue
                }
                if result == nil { result = object }
                result?[index].value = fill(preset, inner) ?? preset
            } else if let changed = fill(member.value, inner) {
                if result == nil { result = object }
                result?[index].value = changed
            }
        }
        guard !nulls.isEmpty else { return result }
        var rest = result ?? object
        rest.removeAll { nulls.contains($0.key) }
        return rest
    }

    private static func fill(_ elements: [JSONValue], _ schema: StructuralSchema) -> JSONValue? {
        var result: [JSONValue]?
        for index in elements.indices {
            var element = elements[index]
            if element.isNull, !schema.isNullable, let preset = schema.defaultValue { element = preset }
            let changed = fill(element, schema) ?? (element == elements[index] ? nil : element)
            guard let changed else { continue }
            if result == nil { result = elements }
            result?[index] = changed
        }
        return result.map { .array($0) }
    }
}
