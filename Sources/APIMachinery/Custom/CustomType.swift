package import JSONCore
internal import Synchronization

/// What a kind that a CustomResourceDefinition describes has beyond the fields of a ``TypeSchema``: its schema as it was written, and
/// the form of it that objects are walked with, which is made on first use.
package final class CustomType: Sendable {
    /// The schema in OpenAPI v3, as the definition has it.
    package let published: JSONObject
    /// The type of `metadata`, also of embedded resources.
    let metadata: TypeSchema
    /// `apiVersion`, `kind` and `metadata` alone.
    let envelope: TypeSchema
    private let made = Mutex<StructuralSchema?>(nil)

    init(published: JSONObject, metadata: TypeSchema, envelope: TypeSchema) {
        self.published = published
        self.metadata = metadata
        self.envelope = envelope
    }

    /// The schema in the form that objects are walked with.
    package var schema: StructuralSchema {
        made.withLock { made in
            if let schema = made { return schema }
            let schema = StructuralSchema(.object(published))
            made = schema
            return schema
        }
    }
}

extension CustomType {
    /// The object as the schema reads it, as ``SchemaDecoder/decode(_:as:validation:duplicates:)`` does for built-in kinds. Only metadata
    /// is read as a type; values of other types than the schema's are found by validation.
    func decode(_ object: JSONObject, reportsUnknown: Bool) throws(DecodingFailure) -> (object: JSONObject, unknown: [String]) {
        let schema = schema
        var (result, unknown) = try coerced(object, reportsUnknown: reportsUnknown, place: "")
        var pruning = CustomPruning()
        if let pruned = pruning.prune(root: result, schema) { result = pruned }
        if reportsUnknown { unknown += pruning.unknown }
        if schema.leadsToResources, let inner = try resources(.object(result), schema, reportsUnknown, &unknown, place: ""),
            case .object(let changed) = inner
        {
            result = changed
        }
        return (result, Array(unknown.prefix(CustomPruning.limit)))
    }

    /// An object whose type fields and metadata are read by their types.
    private func coerced(
        _ object: JSONObject, reportsUnknown: Bool, place: String
    ) throws(DecodingFailure) -> (JSONObject, [String]) {
        var head = JSONObject()
        for name in ["apiVersion", "kind", "metadata"] {
            if let value = object[name] { head.append(unchecked: name, value: value) }
        }
        var walker = DecodingWalker(reportsUnknown: reportsUnknown)
        guard case .replaced(let changed) = try walker.convert(head, envelope) else { return (object, []) }
        var result = object
        for name in ["apiVersion", "kind", "metadata"] { result[name] = changed[name] }
        return (result, walker.unknown.map { place.isEmpty ? $0 : "\(place).\($0)" })
    }

    /// The value with the metadata of its embedded resources read by type; nil when nothing changed.
    private func resources(
        _ value: JSONValue, _ schema: StructuralSchema, _ reportsUnknown: Bool, _ unknown: inout [String], place: String
    ) throws(DecodingFailure) -> JSONValue? {
        guard schema.leadsToResources else { return nil }
        switch value {
        case .object(var object):
            var hasChanged = false
            if schema.isEmbeddedResource {
                let (changed, found) = try coerced(object, reportsUnknown: reportsUnknown, place: place)
                unknown += found
                hasChanged = changed != object
                object = changed
            }
            for index in object.indices {
                let member = object[index]
                guard let inner = schema.member(member.key), inner.leadsToResources else { continue }
                let below = place.isEmpty ? member.key : "\(place).\(member.key)"
                guard let changed = try resources(member.value, inner, reportsUnknown, &unknown, place: below) else { continue }
                object[index].value = changed
                hasChanged = true
            }
            return hasChanged ? .object(object) : nil
        case .array(var elements):
            guard let items = schema.items else { return nil }
            var hasChanged = false
            for index in elements.indices {
                guard let changed = try resources(elements[index], items, reportsUnknown, &unknown, place: "\(place)[\(index)]") else {
                    continue
                }
                elements[index] = changed
                hasChanged = true
            }
            return hasChanged ? .array(elements) : nil
        default: return nil
        }
    }

    /// The object with its defaults; nil when nothing changed.
    package func defaulted(_ object: JSONValue) -> JSONValue? { CustomDefaulting.fill(object, schema) }

    /// The object without fields the schema does not have; nil when it has none.
    package func pruned(_ value: JSONValue) -> JSONValue? {
        guard case .object(let object) = value else { return nil }
        var pruning = CustomPruning()
        return pruning.prune(root: object, schema).map { .object($0) }
    }

    /// What the schema finds wrong with an object. Parts that are as in `old` are not checked again.
    func errors(_ value: JSONValue, old: JSONValue?) -> [FieldError] {
        let schema = schema
        var validator = CustomValidator()
        validator.check(value, schema, old: old)
        var lists = CustomListRules()
        lists.check(value, schema)
        return validator.errors + lists.errors
    }
}
