import JSONCore

/// What an OpenAPI property says about a field besides its type.
struct OpenAPIField {
    private let schema: JSONValue
    private let isRequired: Bool
    private let isBuiltin: Bool

    init(_ schema: JSONValue, isRequired: Bool, isBuiltin: Bool) {
        self.schema = schema
        self.isRequired = isRequired
        self.isBuiltin = isBuiltin
    }

    /// The field; `known` is the same one as the built-in schemas have it.
    func field(_ name: String, _ type: FieldType, known: FieldSchema?) -> FieldSchema {
        let words = schema["description"]?.stringValue ?? ""
        var flags: FieldSchema.Flags = known?.flags ?? .pointer
        // Servers list fields of built-in kinds as required that they fill in or take empty; only the schema of a custom kind means it.
        if isRequired { flags.insert(isBuiltin ? .expected : .required) }
        if schema["x-kubernetes-map-type"] == "atomic" { flags.insert(.atomic) }
        if schema["deprecated"] == true || words.hasPrefix("Deprecated") || words.hasPrefix("DEPRECATED") { flags.insert(.deprecated) }
        let text = SchemaText(Array(words.utf8))
        return FieldSchema(
            jsonName: name, protobufNumber: 0, protobufParents: [], type: type, flags: flags, defaultValue: known?.defaultValue ?? preset,
            defaultRule: known?.defaultRule, listType: listType, mapKeys: texts("x-kubernetes-list-map-keys"),
            patchMergeKey: schema["x-kubernetes-patch-merge-key"]?.stringValue,
            patchStrategies: (schema["x-kubernetes-patch-strategy"]?.stringValue ?? "").split(separator: ",").map(String.init),
            constraints: known?.constraints ?? constraints, text: text, documentationRange: 0..<Int32(clamping: text.bytes.count))
    }

    /// Zero values are in the documents of built-in kinds whether they are defaults or not.
    private var preset: JSONValue? {
        guard let value = schema["default"], !value.isNull else { return nil }
        guard isBuiltin else { return value }
        switch value {
        case .string(let text): return text.isEmpty ? nil : value
        case .integer(let number): return number == 0 ? nil : value
        case .bool, .double: return value
        default: return nil
        }
    }

    private var listType: ListType {
        schema["x-kubernetes-list-type"]?.stringValue.flatMap(ListType.init(rawValue:)) ?? .atomic
    }

    private func texts(_ name: String) -> [String] { (schema[name]?.arrayValue ?? []).compactMap(\.stringValue) }

    private var constraints: FieldConstraints? {
        let values = texts("enum").isEmpty ? (schema["items", "enum"]?.arrayValue ?? []).compactMap(\.stringValue) : texts("enum")
        func count(_ name: String) -> Int? { schema[name]?.integerValue.flatMap { Int(exactly: $0) } }
        let minimum = schema["exclusiveMinimum"] == true ? nil : schema["minimum"]?.integerValue
        let maximum = schema["exclusiveMaximum"] == true ? nil : schema["maximum"]?.integerValue
        let found = FieldConstraints(
            enumValues: values, minimum: minimum, maximum: maximum, minimumItems: count("minItems"), maximumItems: count("maxItems"),
            minimumLength: count("minLength"), maximumLength: count("maxLength"), format: nil)
        let isEmpty =
            values.isEmpty && minimum == nil && maximum == nil && found.minimumItems == nil && found.maximumItems == nil
            && found.minimumLength == nil && found.maximumLength == nil
        return isEmpty ? nil : found
    }
}
