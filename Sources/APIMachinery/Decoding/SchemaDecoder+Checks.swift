package import JSONCore

extension SchemaDecoder {
    /// What the schema alone finds wrong with a decoded object: missing fields, values outside their bounds, repeated items.
    /// Of custom resources what is as it was in `old` is not checked again.
    package static func structuralErrors(_ value: JSONValue, type: TypeSchema, old: JSONValue? = nil) -> [FieldError] {
        if let custom = type.custom { return custom.errors(value, old: old) }
        guard case .object(let object) = value, type.hasConstraints else { return [] }
        var walker = StructuralWalker()
        walker.check(object, type)
        return walker.findings.map(\.error)
    }

    /// What changed between two versions of an object although the schema says it cannot.
    package static func immutabilityErrors(_ value: JSONValue, old: JSONValue, type: TypeSchema) -> [FieldError] {
        guard type.custom == nil, case .object(let new) = value, case .object(let previous) = old else { return [] }
        var walker = StructuralWalker()
        walker.compare(new, previous, type)
        return walker.findings.map(\.error)
    }
}

/// Collects what is structurally wrong, with the place of each fault.
struct StructuralWalker {
    struct Finding {
        let error: FieldError
        let pointer: JSONPointer
    }

    private(set) var findings: [Finding] = []
    private var path = FieldPath()
    private static let limit = 100

    mutating func check(_ object: JSONObject, _ type: TypeSchema) {
        for position in type.requiredFields {
            let field = type.fields[position]
            if !Self.isMissing(object[field.jsonName], field) { continue }
            path.push(.field(field.jsonName))
            reportMissing(field)
            path.pop()
        }
        for member in object {
            guard let field = type.field(member.key) else { continue }
            let leads = field.type.objectType?.hasConstraints ?? false
            guard field.constraints != nil || leads || field.isUnique else { continue }
            path.push(.field(member.key))
            if let constraints = field.constraints { check(member.value, constraints, field.type) }
            if field.isUnique { checkUnique(member.value, field) }
            if leads { descend(member.value, field.type) }
            path.pop()
        }
    }

    private static func isMissing(_ value: JSONValue?, _ field: FieldSchema) -> Bool {
        switch value {
        case nil, .null?: true
        case .string(let text)?: text.isEmpty && !field.isPointer
        case .array(let elements)?: elements.isEmpty && !field.isPointer
        default: false
        }
    }

    /// A missing object is reported by what it would have to hold, as Kubernetes sees an empty one.
    private mutating func reportMissing(_ field: FieldSchema, depth: Int = 0) {
        if case .object(let type) = field.type, depth < 8 {
            if !type.requiredFields.isEmpty {
                for field in type.requiredFields.map({ type.fields[$0] }) {
                    path.push(.field(field.jsonName))
                    reportMissing(field, depth: depth + 1)
                    path.pop()
                }
                return
            }
        }
        report { .required($0) }
    }

    private mutating func descend(_ value: JSONValue, _ type: FieldType) {
        guard findings.count < Self.limit else { return }
        switch (type, value) {
        case (.object(let inner), _) where inner.isUnion:
            if let field = inner.unionField(for: value) { descend(value, field.type) }
        case (.object(let inner), .object(let object)): check(object, inner)
        case (.array(let element), .array(let elements)):
            for (index, item) in elements.enumerated() {
                path.push(.index(index))
                descend(item, element)
                path.pop()
            }
        case (.map(let inner), .object(let object)):
            for member in object {
                path.push(.key(member.key))
                descend(member.value, inner)
                path.pop()
            }
        default: break
        }
    }

    private mutating func check(_ value: JSONValue, _ bounds: FieldConstraints, _ type: FieldType) {
        switch value {
        case .string(let text):
            if !bounds.enumValues.isEmpty, !text.isEmpty, !bounds.enumValues.contains(text) {
                report { .notSupported($0, value, bounds.enumValues) }
            }
            if let most = bounds.maximumLength, text.utf8.count > most { report { .tooLong($0, maximum: most) } }
            if let least = bounds.minimumLength, text.utf8.count < least {
                report { .invalid($0, value, "must be at least \(least) bytes long") }
            }
            if case .quantity = type {
                checkQuantity(text, bounds)
            } else if let format = bounds.format {
                for why in format.problems(text) { report { .invalid($0, value, why) } }
            }
        case .integer(let number): checkNumber(number, bounds)
        case .array(let elements):
            if let most = bounds.maximumItems, elements.count > most {
                report { .tooMany($0, actual: elements.count, maximum: most) }
            }
            if let least = bounds.minimumItems, elements.count < least {
                report { .invalid($0, .integer(Int64(elements.count)), "must have at least \(least) items") }
            }
            let inner = FieldConstraints.forItems(of: bounds)
            guard let inner, case .array(let element) = type else { return }
            for (index, item) in elements.enumerated() {
                path.push(.index(index))
                check(item, inner, element)
                path.pop()
            }
        case .object(let members) where bounds.format == .labels:
            for error in LabelValidation.labels(members, field: path.text) { append(error) }
        default: break
        }
    }

    private mutating func checkNumber(_ number: Int64, _ bounds: FieldConstraints) {
        let low = bounds.minimum ?? (bounds.format == .portNumber ? 1 : nil)
        let high = bounds.maximum ?? (bounds.format == .portNumber ? 65535 : nil)
        if let low, let high {
            for why in ValueValidation.range(number, low, high) { report { .invalid($0, .integer(number), why) } }
        } else if let low, number < low {
            report { .invalid($0, .integer(number), "must be greater than or equal to \(low)") }
        } else if let high, number > high {
            report { .invalid($0, .integer(number), "must be less than or equal to \(high)") }
        }
    }

    private mutating func checkQuantity(_ text: String, _ bounds: FieldConstraints) {
        guard let low = bounds.minimum ?? bounds.maximum else { return }
        do throws(QuantityError) {
            let quantity = try Quantity(parsing: text)
            if bounds.minimum != nil, quantity < Quantity(value: low) {
                report { .invalid($0, .string(text), "must be greater than or equal to \(low)") }
            }
            if let high = bounds.maximum, quantity > Quantity(value: high) {
                report { .invalid($0, .string(text), "must be less than or equal to \(high)") }
            }
        } catch {
            report { .invalid($0, .string(text), error.rawValue) }
        }
    }

    private mutating func checkUnique(_ value: JSONValue, _ field: FieldSchema) {
        guard case .array(let elements) = value else { return }
        var seen: Set<JSONValue> = []
        for (index, element) in elements.enumerated() {
            let identity = ListIdentity.identity(of: element, field)
            guard !seen.insert(identity).inserted else { continue }
            path.push(.index(index))
            if field.mapKeys.count == 1 { path.push(.field(field.mapKeys[0])) }
            let shown = field.mapKeys.count == 1 ? element[field.mapKeys[0]] ?? .null : identity
            report { .duplicate($0, shown) }
            if field.mapKeys.count == 1 { path.pop() }
            path.pop()
        }
    }

    mutating func compare(_ new: JSONObject, _ old: JSONObject, _ type: TypeSchema) {
        for field in type.fields {
            let value = new[field.jsonName]
            let previous = old[field.jsonName]
            path.push(.field(field.jsonName))
            if field.isImmutable {
                let isSet = previous.map { !$0.isNull } ?? false
                if isSet, value != previous { report { .immutable($0, value ?? .null) } }
            } else if case .object(let inner) = field.type, case .object(let a)? = value, case .object(let b)? = previous {
                compare(a, b, inner)
            }
            path.pop()
        }
    }

    private mutating func report(_ make: (String) -> FieldError) { append(make(path.text)) }

    private mutating func append(_ error: FieldError) {
        guard findings.count < Self.limit else { return }
        findings.append(Finding(error: error, pointer: path.pointer))
    }
}

extension FieldConstraints {
    /// The bounds that hold for each item of a list: the enumeration, the format and the range.
    fileprivate static func forItems(of bounds: FieldConstraints) -> FieldConstraints? {
        guard !bounds.enumValues.isEmpty || bounds.format != nil || bounds.minimum != nil || bounds.maximum != nil else { return nil }
        return FieldConstraints(
            enumValues: bounds.enumValues, minimum: bounds.minimum, maximum: bounds.maximum, minimumItems: nil,
            maximumItems: nil, minimumLength: nil, maximumLength: nil, format: bounds.format)
    }
}

/// What tells the items of a list apart.
enum ListIdentity {
    /// The keys of an item of a map list with their defaults, or the item itself.
    static func identity(of element: JSONValue, _ field: FieldSchema) -> JSONValue {
        guard !field.mapKeys.isEmpty, case .object(let object) = element else { return element }
        var identity = JSONObject()
        for key in field.mapKeys {
            let fallback = field.type.objectType?.field(key)?.defaultValue
            identity.append(unchecked: key, value: object[key] ?? fallback ?? .null)
        }
        return .object(identity)
    }
}
