import JSONCore

/// How a value splits into fields that can have different owners.
enum FieldShape {
    /// One value: scalars, and whatever is atomic.
    case leaf
    /// An object described by a type.
    case object(TypeSchema)
    /// An object with free keys.
    case map(FieldType)
    /// A list of distinct scalars.
    case set
    /// A list of objects told apart by keys.
    case list(keys: [String], element: TypeSchema)
    /// Whatever it turns out to be: objects split by key, all else is one value.
    case free

    init(_ field: FieldSchema) {
        if field.isAtomic {
            self = .leaf
            return
        }
        switch (field.listType, field.type) {
        case (.set, .array): self = .set
        case (.map, .array(of: .object(let element))) where !field.mapKeys.isEmpty:
            self = .list(keys: field.mapKeys.count > 1 ? field.mapKeys.sorted() : field.mapKeys, element: element)
        default: self.init(field.type)
        }
    }

    init(_ type: FieldType) {
        switch type {
        case .object(let inner): self = inner.isAtomic || inner.isUnion ? .leaf : .object(inner)
        case .map(let value): self = .map(value)
        case .rawObject: self = .map(.fieldsV1)
        case .any: self = .free
        default: self = .leaf
        }
    }

    /// Whether `name` is a field the type declares.
    func declares(_ name: String) -> Bool {
        if case .object(let type) = self { type.field(name) != nil } else { false }
    }

    /// The shape of what an element leads to.
    func below(_ element: PathElement) -> FieldShape {
        switch (self, element) {
        case (.object(let type), .field(let name)): type.field(name).map { FieldShape($0) } ?? .free
        case (.map(let value), .field): FieldShape(value)
        case (.list(_, let type), .key): .object(type)
        case (.free, .field): .free
        default: .leaf
        }
    }

    /// The members of a value of this shape as objects; nil when the shape is no object or the value is none.
    func members(_ value: JSONValue) -> JSONObject? {
        switch (self, value) {
        case (.object, .object(let members)), (.map, .object(let members)), (.free, .object(let members)): members
        default: nil
        }
    }

    /// The items of a value of this shape; nil when the shape is no list of its own fields.
    func items(_ value: JSONValue) -> [JSONValue]? {
        switch (self, value) {
        case (.set, .array(let items)), (.list, .array(let items)): items
        default: nil
        }
    }

    /// What tells an item of a list apart; nil when it lacks a key.
    func element(of item: JSONValue) -> PathElement? {
        switch self {
        case .set:
            switch item {
            case .object, .array, .null: return nil
            default: return .value(item)
            }
        case .list(let keys, let type):
            guard case .object(let members) = item else { return nil }
            var values: [PathElement.KeyValue] = []
            values.reserveCapacity(keys.count)
            for key in keys {
                guard let value = members[key] ?? type.field(key)?.defaultValue, !value.isNull else { return nil }
                values.append(PathElement.KeyValue(name: key, value: value))
            }
            return .key(values)
        default: return nil
        }
    }
}

extension FieldSchema {
    /// What a present parent holds here when the JSON shows nothing, because Go has no absence for such a field: an empty object for a
    /// struct, null for a list or map, zero for a scalar that is always written. Nil for a field that can be absent.
    var silentValue: JSONValue? {
        switch type {
        case .object(let type):
            if isPointer { return nil }
            let isCreated = defaultValue != nil && defaultRule == nil
            return isListedAsRequired || isCreated || type.shortName == "ObjectMeta" ? .object(JSONObject()) : nil
        case .array, .map: return isListedAsRequired ? .null : nil
        case .string where isListedAsRequired && !isPointer: return .string("")
        case .bool where isListedAsRequired && !isPointer: return .bool(false)
        case .int32 where isListedAsRequired && !isPointer, .int64 where isListedAsRequired && !isPointer: return .integer(0)
        default: return nil
        }
    }
}
