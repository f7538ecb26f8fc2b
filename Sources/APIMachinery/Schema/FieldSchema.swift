package import JSONCore

/// How the items of a list relate, for merging and for server-side apply.
package enum ListType: String, Sendable, Hashable {
    /// The list is one value.
    case atomic
    /// The items are distinct scalars.
    case set
    /// The items are objects told apart by keys.
    case map
}

/// One field of a type. A class only so that walks over objects pass it without copying.
package final class FieldSchema: Sendable {
    /// Facts that are either so or not.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt16
        static let required = Flags(rawValue: 1 << 0)
        static let expected = Flags(rawValue: 1 << 1)
        static let immutable = Flags(rawValue: 1 << 2)
        static let pointer = Flags(rawValue: 1 << 3)
        static let omitsZero = Flags(rawValue: 1 << 4)
        static let wrapped = Flags(rawValue: 1 << 5)
        static let deprecated = Flags(rawValue: 1 << 6)
        static let secret = Flags(rawValue: 1 << 7)
        static let unique = Flags(rawValue: 1 << 8)
        static let atomic = Flags(rawValue: 1 << 9)
        static let unlisted = Flags(rawValue: 1 << 11)
        /// Derived: whether the zero value counts as absent.
        static let dropsZero = Flags(rawValue: 1 << 10)
    }

    /// The name in JSON.
    package let jsonName: String
    /// The number in protobuf; 0 when the field is not part of the message.
    package let protobufNumber: Int32
    /// The numbers of the messages that protobuf wraps around the field and JSON leaves out, outermost first; usually empty.
    package let protobufParents: [Int32]
    /// The type of the value.
    package let type: FieldType
    let flags: Flags
    /// The default; nil when there is none. An object field with `{}` is created and filled with its own defaults.
    package let defaultValue: JSONValue?
    /// How the default is made when it is no plain value.
    let defaultRule: DefaultRule?
    /// How list items relate; atomic unless stated.
    package let listType: ListType
    /// The keys that tell the items of a map list apart.
    package let mapKeys: [String]
    /// The key that strategic merge patches join list items by; nil when there is none.
    package let patchMergeKey: String?
    /// The strategies of strategic merge patches: `merge`, `replace`, `retainKeys`.
    package let patchStrategies: [String]
    /// Bounds on the value; nil when there are none.
    let constraints: FieldConstraints?
    let text: SchemaText
    let documentationRange: Range<Int32>

    init(
        jsonName: String, protobufNumber: Int32, protobufParents: [Int32], type: FieldType, flags: Flags,
        defaultValue: JSONValue?, defaultRule: DefaultRule?, listType: ListType, mapKeys: [String], patchMergeKey: String?,
        patchStrategies: [String], constraints: FieldConstraints?, text: SchemaText, documentationRange: Range<Int32>
    ) {
        self.jsonName = jsonName
        self.protobufNumber = protobufNumber
        self.protobufParents = protobufParents
        self.type = type
        self.flags = flags
        self.defaultValue = defaultValue
        self.defaultRule = defaultRule
        self.listType = listType
        self.mapKeys = mapKeys
        self.patchMergeKey = patchMergeKey
        self.patchStrategies = patchStrategies
        self.constraints = constraints
        self.text = text
        self.documentationRange = documentationRange
    }

    /// Whether a value must be given (422 otherwise).
    package var isRequired: Bool { flags.contains(.required) }
    /// Whether OpenAPI lists the field as required.
    package var isListedAsRequired: Bool { !flags.isDisjoint(with: [.required, .expected]) && !flags.contains(.unlisted) }
    /// Whether the value may not change once it is set.
    package var isImmutable: Bool { flags.contains(.immutable) }
    /// Whether the zero value is a value of its own.
    package var isPointer: Bool { flags.contains(.pointer) }
    /// Whether the field should no longer be used.
    package var isDeprecated: Bool { flags.contains(.deprecated) }
    /// Whether screens mask the value.
    package var isSecret: Bool { flags.contains(.secret) }
    /// Whether repeated list items are an error.
    package var isUnique: Bool { flags.contains(.unique) }
    /// Whether a map or an object is one value to appliers.
    package var isAtomic: Bool { flags.contains(.atomic) }
    /// Whether each inner list is a message of its own in protobuf.
    package var isWrapped: Bool { flags.contains(.wrapped) }
    /// The closed set of values; empty when there is none.
    package var enumValues: [String] { constraints?.enumValues ?? [] }
    /// The patch strategies joined by commas, as OpenAPI shows them; nil when there is none.
    package var patchStrategy: String? { patchStrategies.isEmpty ? nil : patchStrategies.joined(separator: ",") }
    /// Whether the list is merged by strategic merge patches.
    package var isMerged: Bool { patchStrategies.contains("merge") }
    /// What the field means, in our own words.
    package var documentation: String { text.documentation(documentationRange) }
}

/// A default that depends on sibling fields.
struct DefaultRule: Sendable {
    /// The default is the value of this sibling.
    var copiedFrom: String?
    /// Each sibling must have one of these values; nil stands for absence.
    var conditions: [(field: String, values: [String?])] = []

    func holds(in object: JSONObject) -> Bool {
        conditions.allSatisfy { condition in
            let value: String? =
                switch object[condition.field] {
                case .string(let text)?: text
                case .bool(let flag)?: flag ? "true" : "false"
                case .integer(let number)?: String(number)
                case nil, .null?: nil
                default: ""
                }
            return condition.values.contains(value)
        }
    }
}

/// Bounds on the value of a field.
final class FieldConstraints: Sendable {
    let enumValues: [String]
    let minimum: Int64?
    let maximum: Int64?
    let minimumItems: Int?
    let maximumItems: Int?
    let minimumLength: Int?
    let maximumLength: Int?
    let format: ValueFormat?

    init(
        enumValues: [String], minimum: Int64?, maximum: Int64?, minimumItems: Int?, maximumItems: Int?, minimumLength: Int?,
        maximumLength: Int?, format: ValueFormat?
    ) {
        self.enumValues = enumValues
        self.minimum = minimum
        self.maximum = maximum
        self.minimumItems = minimumItems
        self.maximumItems = maximumItems
        self.minimumLength = minimumLength
        self.maximumLength = maximumLength
        self.format = format
    }
}
