package import JSONCore

/// Answers an editor's questions about a place in an object.
package enum SchemaLookup {
    /// One thing that can be written at a place.
    package struct Completion: Sendable, Hashable {
        /// The key or value to insert.
        package let text: String
        /// Whether it is a key (and a colon follows) or a value.
        package let isKey: Bool
        /// The type of what follows, in words; empty for a value.
        package let type: String
        /// What it means, in our own words.
        package let documentation: String
        /// Whether the object is incomplete without it.
        package let isRequired: Bool
        /// Whether it should no longer be used.
        package let isDeprecated: Bool
        /// The default as JSON text; nil when there is none.
        package let defaultText: String?
    }

    /// The type of the value at a place, found through the schema alone; nil when the schema does not reach it.
    package static func type(at pointer: JSONPointer, in type: TypeSchema) -> FieldType? {
        var current = FieldType.object(type)
        for token in pointer.tokens {
            switch current {
            case .object(let inner):
                guard let field = inner.field(of: token) else { return nil }
                current = field.type
            case .array(let element): current = element
            case .map(let value): current = value
            default: return nil
            }
        }
        return current
    }

    /// The field that a place is the value of, or an item of; nil when the schema does not reach it.
    package static func field(at pointer: JSONPointer, in type: TypeSchema) -> FieldSchema? {
        var current = FieldType.object(type)
        var last: FieldSchema?
        for token in pointer.tokens {
            switch current {
            case .object(let inner):
                guard let field = inner.field(of: token) else { return nil }
                (last, current) = (field, field.type)
            case .array(let element): current = element
            case .map(let value): current = value
            default: return nil
            }
        }
        return last
    }

    /// What the place means, in our own words; empty when nothing is known. The root gives the type's own documentation.
    package static func documentation(at pointer: JSONPointer, in type: TypeSchema) -> String {
        pointer.tokens.isEmpty ? type.documentation : field(at: pointer, in: type)?.documentation ?? ""
    }

    /// What can be written inside the object at a place, or as the value there, beginning with `prefix`.
    /// Keys in `existing` are left out; required fields come first, deprecated ones last.
    package static func completions(
        at pointer: JSONPointer, in type: TypeSchema, prefix: String = "", excluding existing: Set<String> = []
    ) -> [Completion] {
        guard let place = Self.type(at: pointer, in: type) else { return [] }
        let matching: [Completion] =
            if case .object = place, let inner = place.objectType {
                inner.fields.filter { !existing.contains($0.jsonName) }.map(completion)
            } else if let field = field(at: pointer, in: type) {
                values(of: field, place)
            } else {
                []
            }
        let found = matching.enumerated().filter { $0.element.text.hasPrefix(prefix) }
        return found.sorted { left, right in
            (left.element.rank, left.offset) < (right.element.rank, right.offset)
        }.map(\.element)
    }

    private static func completion(_ field: FieldSchema) -> Completion {
        Completion(
            text: field.jsonName, isKey: true, type: field.type.name, documentation: field.documentation,
            isRequired: field.isListedAsRequired, isDeprecated: field.isDeprecated, defaultText: field.defaultValue?.description)
    }

    private static func values(of field: FieldSchema, _ type: FieldType) -> [Completion] {
        var texts = field.enumValues
        if case .bool = type { texts = ["true", "false"] }
        if texts.isEmpty, let value = field.defaultValue {
            switch value {
            case .string(let text): texts = [text]
            case .integer, .bool, .double: texts = [value.description]
            default: break
            }
        }
        return texts.map {
            Completion(
                text: $0, isKey: false, type: "", documentation: "", isRequired: false, isDeprecated: false, defaultText: nil)
        }
    }
}

extension TypeSchema {
    /// The field that a member of a value of this type has: for a union, that of the object it may be.
    fileprivate func field(of token: String) -> FieldSchema? {
        isUnion ? FieldType.object(self).objectType?.field(token) : field(token)
    }
}

extension SchemaLookup.Completion {
    fileprivate var rank: Int { isDeprecated ? 2 : isRequired ? 0 : 1 }
}
