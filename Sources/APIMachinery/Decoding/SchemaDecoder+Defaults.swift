package import JSONCore

extension SchemaDecoder {
    /// Fills in the defaults of a type, in the order of its fields, down to every object that is present or that a default creates.
    package static func applyDefaults(_ value: inout JSONValue, type: TypeSchema) {
        if let custom = type.custom {
            if let filled = custom.defaulted(value) { value = filled }
            return
        }
        guard case .object(let object) = value, let filled = withDefaults(object, type) else { return }
        value = .object(filled)
    }

    /// The object with its defaults; nil when nothing was missing. Walks no deeper than the object itself, plus the depth of
    /// defaults, which a schema bounds.
    private static func withDefaults(_ object: JSONObject, _ type: TypeSchema) -> JSONObject? {
        var result: JSONObject?
        for index in type.defaultingFields {
            let field = type.fields[index]
            let current = result ?? object
            if let position = current.position(of: field.jsonName), !current[position].value.isNull {
                guard let changed = withDefaults(current[position].value, field.type) else { continue }
                if result == nil { result = object }
                result?[position].value = changed
            } else if let value = defaultValue(of: field, in: current) {
                if result == nil { result = object }
                result?[field.jsonName] = withDefaults(value, field.type) ?? value
            }
        }
        return result
    }

    private static func defaultValue(of field: FieldSchema, in object: JSONObject) -> JSONValue? {
        if let rule = field.defaultRule {
            guard rule.holds(in: object) else { return nil }
            if let source = rule.copiedFrom { return object[source].flatMap { $0.isNull ? nil : $0 } }
        }
        return field.defaultValue
    }

    private static func withDefaults(_ value: JSONValue, _ type: FieldType) -> JSONValue? {
        switch (type, value) {
        case (.object(let inner), .object(let object)):
            return inner.defaultingFields.isEmpty ? nil : withDefaults(object, inner).map { .object($0) }
        case (.array(let element), .array(let elements)):
            guard element.objectType?.defaultingFields.isEmpty == false else { return nil }
            var result: [JSONValue]?
            for index in elements.indices {
                guard let changed = withDefaults(elements[index], element) else { continue }
                if result == nil { result = elements }
                result?[index] = changed
            }
            return result.map { .array($0) }
        case (.map(let inner), .object(let object)):
            guard inner.objectType?.defaultingFields.isEmpty == false else { return nil }
            var result: JSONObject?
            for index in object.indices {
                guard let changed = withDefaults(object[index].value, inner) else { continue }
                if result == nil { result = object }
                result?[index].value = changed
            }
            return result.map { .object($0) }
        default: return nil
        }
    }
}
