package import JSONCore

/// One node of the schema of a custom resource, in the form that decoding, defaulting and validation walk. Made once from the JSON of a
/// CustomResourceDefinition and then only read.
///
/// Reading never fails: what ``SchemaValidation`` would refuse is left out, so that a definition stored by other means cannot harm.
package final class StructuralSchema: Sendable {
    /// The JSON types a schema can ask for.
    enum Kind: String, Sendable, CaseIterable {
        case array, boolean, integer, number, object, string
    }

    /// What an object may hold besides its properties.
    enum Additional: Sendable {
        /// Nothing.
        case none
        /// Anything, undescribed.
        case anything
        /// Values of a schema.
        case schema(StructuralSchema)
    }

    /// The type; nil when any is allowed or the node only adds rules to another.
    let kind: Kind?
    /// The described members of an object, in their written order.
    let properties: [(name: String, schema: StructuralSchema)]
    private let places: [String: Int]
    let additional: Additional
    /// The schema of list items.
    let items: StructuralSchema?
    let isNullable: Bool
    let keepsUnknown: Bool
    let isEmbeddedResource: Bool
    let isIntOrString: Bool
    let defaultValue: JSONValue?
    /// How list items relate; nil when the schema does not say.
    let listType: ListType?
    let mapKeys: [String]
    /// Whether an object is one value to appliers.
    let isAtomic: Bool
    /// What values must fulfil.
    let rules: ValueRules
    let documentation: String

    /// Whether the node or one below it has a default.
    let leadsToDefaults: Bool
    /// Whether the node or one below it says how list items relate.
    let leadsToLists: Bool
    /// Whether the node or one below it is an embedded resource.
    let leadsToResources: Bool

    /// The deepest a schema is read; CustomResourceDefinitions cannot nest deeper, since their JSON cannot.
    private static let deepest = 256

    /// Reads a schema, as in `spec.versions[*].schema.openAPIV3Schema`.
    package convenience init(_ value: JSONValue) { self.init(value, depth: 0) }

    private init(_ value: JSONValue, depth: Int) {
        func child(_ value: JSONValue) -> StructuralSchema? {
            guard case .object = value, depth < Self.deepest else { return nil }
            return StructuralSchema(value, depth: depth + 1)
        }
        func flag(_ name: String) -> Bool { value[name]?.boolValue ?? false }
        let kind = value["type"]?.stringValue.flatMap(Kind.init(rawValue:))
        let properties = (value["properties"]?.objectValue ?? JSONObject()).compactMap { member in
            child(member.value).map { (name: member.key, schema: $0) }
        }
        let additional: Additional =
            switch value["additionalProperties"] {
            case .object(let schema)?: child(.object(schema)).map { .schema($0) } ?? .none
            case .bool(true)?: .anything
            default: .none
            }
        let items = value["items"].flatMap(child)
        let listType = value["x-kubernetes-list-type"]?.stringValue.flatMap(ListType.init(rawValue:))
        let defaultValue = value["default"].flatMap { $0.isNull ? nil : $0 }
        let isEmbeddedResource = flag("x-kubernetes-embedded-resource")
        self.kind = kind
        self.properties = properties
        places = Dictionary(properties.enumerated().map { ($1.name, $0) }) { first, _ in first }
        self.additional = additional
        self.items = items
        isNullable = flag("nullable")
        keepsUnknown = flag("x-kubernetes-preserve-unknown-fields")
        self.isEmbeddedResource = isEmbeddedResource
        isIntOrString = flag("x-kubernetes-int-or-string")
        self.defaultValue = defaultValue
        self.listType = listType
        mapKeys = (value["x-kubernetes-list-map-keys"]?.arrayValue ?? []).compactMap(\.stringValue)
        isAtomic = value["x-kubernetes-map-type"]?.stringValue == "atomic"
        rules = ValueRules(value, child: child)
        documentation = value["description"]?.stringValue ?? ""
        var below = properties.map(\.schema)
        if let items { below.append(items) }
        if case .schema(let schema) = additional { below.append(schema) }
        leadsToDefaults = defaultValue != nil || below.contains(where: \.leadsToDefaults)
        leadsToLists = listType == .set || listType == .map || below.contains(where: \.leadsToLists)
        leadsToResources = isEmbeddedResource || below.contains(where: \.leadsToResources)
    }

    /// The schema of a described member; nil when there is none.
    func property(_ name: String) -> StructuralSchema? { places[name].map { properties[$0].schema } }

    /// The schema of a member, described or additional.
    func member(_ name: String) -> StructuralSchema? {
        if let schema = property(name) { return schema }
        if case .schema(let schema) = additional { return schema }
        return nil
    }
}

/// What a schema asks of a value besides its type.
struct ValueRules: Sendable {
    let format: String?
    let maximum: Double?
    let isMaximumExclusive: Bool
    let minimum: Double?
    let isMinimumExclusive: Bool
    let maximumLength: Int64?
    let minimumLength: Int64?
    let pattern: Pattern?
    let maximumItems: Int64?
    let minimumItems: Int64?
    let isUnique: Bool
    let multipleOf: Double?
    let allowedValues: [JSONValue]
    let maximumProperties: Int64?
    let minimumProperties: Int64?
    let required: [String]
    let allOf: [StructuralSchema]
    let anyOf: [StructuralSchema]
    let oneOf: [StructuralSchema]
    let not: StructuralSchema?

    init(_ value: JSONValue, child: (JSONValue) -> StructuralSchema?) {
        func list(_ name: String) -> [StructuralSchema] { (value[name]?.arrayValue ?? []).compactMap(child) }
        format = value["format"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        maximum = value["maximum"]?.doubleValue
        isMaximumExclusive = value["exclusiveMaximum"]?.boolValue ?? false
        minimum = value["minimum"]?.doubleValue
        isMinimumExclusive = value["exclusiveMinimum"]?.boolValue ?? false
        maximumLength = value["maxLength"]?.integerValue
        minimumLength = value["minLength"]?.integerValue
        // best effort: validation refuses a definition whose pattern cannot be read.
        pattern = value["pattern"]?.stringValue.flatMap { $0.isEmpty ? nil : try? Pattern($0) }
        maximumItems = value["maxItems"]?.integerValue
        minimumItems = value["minItems"]?.integerValue
        isUnique = value["uniqueItems"]?.boolValue ?? false
        multipleOf = value["multipleOf"]?.doubleValue
        allowedValues = value["enum"]?.arrayValue ?? []
        maximumProperties = value["maxProperties"]?.integerValue
        minimumProperties = value["minProperties"]?.integerValue
        required = (value["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        allOf = list("allOf")
        anyOf = list("anyOf")
        oneOf = list("oneOf")
        not = value["not"].flatMap(child)
    }
}
