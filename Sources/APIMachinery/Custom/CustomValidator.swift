import JSONCore

/// Checks a value against a schema, in the words of Kubernetes. Source: kube-openapi `pkg/validation/validate` and
/// apiextensions-apiserver `pkg/apiserver/validation`.
///
/// A part that did not change since `old` is not checked again, so that objects stored before a rule existed can still be written
/// (validation ratcheting).
struct CustomValidator {
    private(set) var errors: [FieldError] = []
    private var path = FieldPath()

    static let limit = 100

    /// Checks a value below the path.
    mutating func check(_ value: JSONValue, _ schema: StructuralSchema, old: JSONValue? = nil) {
        guard errors.count < Self.limit else { return }
        if let old, old == value { return }
        if value.isNull {
            if schema.isNullable { return checkEnumeration(value, schema.rules) }
            if schema.kind != nil || schema.isIntOrString { reportType(value, schema, found: "null") }
            return checkEnumeration(value, schema.rules)
        }
        checkType(value, schema)
        let rules = schema.rules
        switch value {
        case .string(let text): checkText(text, rules, schema)
        case .integer(let number): checkNumber(Double(number), value, rules)
        case .double(let number): checkNumber(number, value, rules)
        case .array(let elements): checkElements(elements, schema, old: old)
        case .object(let object): checkMembers(object, schema, old: old)
        case .bool, .null: break
        }
        checkEnumeration(value, rules)
        checkAlternatives(value, rules)
    }

    // MARK: - Types

    private mutating func checkType(_ value: JSONValue, _ schema: StructuralSchema) {
        if schema.isIntOrString {
            switch value {
            case .integer, .string: return
            case .double(let number) where number.rounded() == number: return
            default: return reportType(value, schema, found: Self.name(value))
            }
        }
        guard let kind = schema.kind else { return }
        let matches =
            switch (kind, value) {
            case (.array, .array), (.boolean, .bool), (.integer, .integer), (.number, .integer), (.number, .double), (.object, .object),
                (.string, .string):
                true
            case (.integer, .double(let number)): number.rounded() == number
            default: false
            }
        guard matches else { return reportType(value, schema, found: Self.name(value)) }
        if kind == .integer, schema.rules.format == "int32", let number = value.integerValue, Int32(exactly: number) == nil {
            append(.typeInvalid(place, "int64", "\(place) in body must be of type int32: \"int64\""))
        }
    }

    private mutating func reportType(_ value: JSONValue, _ schema: StructuralSchema, found: String) {
        let wanted = schema.isIntOrString ? "integer,string" : schema.kind?.rawValue ?? ""
        append(.typeInvalid(place, .string(found), "\(place) in body must be of type \(wanted): \(found.goQuoted)"))
    }

    private static func name(_ value: JSONValue) -> String { value.kindName }

    // MARK: - Scalars

    private mutating func checkText(_ text: String, _ rules: ValueRules, _ schema: StructuralSchema) {
        if let most = rules.maximumLength, Int64(text.unicodeScalars.count) > most {
            append(.tooLong(place, maximum: Int(clamping: most)))
        }
        if let least = rules.minimumLength, Int64(text.unicodeScalars.count) < least {
            report(.string(text), "should be at least \(least) chars long")
        }
        if let pattern = rules.pattern {
            switch pattern.matches(text) {
            case true?: break
            case false?: report(.string(text), "should match '\(pattern.source)'")
            case nil: report(.string(String(text.prefix(64))), "takes too long to match against '\(pattern.source)'")
            }
        }
        if let format = rules.format, schema.kind == .string || schema.kind == nil, !CustomFormats.matches(text, format) {
            append(.typeInvalid(place, .string(text), "\(place) in body must be of type \(format): \(text.goQuoted)"))
        }
    }

    private mutating func checkNumber(_ number: Double, _ value: JSONValue, _ rules: ValueRules) {
        if let most = rules.maximum, rules.isMaximumExclusive ? number >= most : number > most {
            report(value, "should be less than \(rules.isMaximumExclusive ? "" : "or equal to ")\(Self.text(most))")
        }
        if let least = rules.minimum, rules.isMinimumExclusive ? number <= least : number < least {
            report(value, "should be greater than \(rules.isMinimumExclusive ? "" : "or equal to ")\(Self.text(least))")
        }
        if let factor = rules.multipleOf, factor > 0 {
            let quotient = number / factor
            if !quotient.isFinite || abs(quotient - quotient.rounded()) > 1e-9 * max(1, abs(quotient)) {
                report(value, "should be a multiple of \(Self.text(factor))")
            }
        }
    }

    /// A bound as Go prints it.
    private static func text(_ number: Double) -> String {
        Int64(exactly: number).map { String($0) } ?? String(decoding: JSON.encode(.double(number)), as: UTF8.self)
    }

    private mutating func checkEnumeration(_ value: JSONValue, _ rules: ValueRules) {
        guard !rules.allowedValues.isEmpty, !rules.allowedValues.contains(where: { Self.isEqual($0, value) }) else { return }
        let list = rules.allowedValues.map { ($0.stringValue ?? $0.description).goQuoted }.joined(separator: ", ")
        append(FieldError(.notSupported, field: place, badValue: value, detail: "supported values: \(list)"))
    }

    private static func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if left == right { return true }
        guard let left = left.doubleValue, let right = right.doubleValue else { return false }
        return left == right
    }

    // MARK: - Lists and objects

    private mutating func checkElements(_ elements: [JSONValue], _ schema: StructuralSchema, old: JSONValue?) {
        let rules = schema.rules
        if let most = rules.maximumItems, Int64(elements.count) > most {
            append(.tooMany(place, actual: elements.count, maximum: Int(clamping: most)))
        }
        if let least = rules.minimumItems, Int64(elements.count) < least {
            report(.array(elements), "should have at least \(least) items")
        }
        if rules.isUnique, Set(elements).count != elements.count { report(.array(elements), "shouldn't contain duplicates") }
        guard let items = schema.items else { return }
        let previous = schema.listType == .map ? Self.byKeys(old?.arrayValue ?? [], schema) : [:]
        for (index, element) in elements.enumerated() {
            path.push(.index(index))
            check(element, items, old: previous.isEmpty ? nil : previous[Self.keys(of: element, schema)])
            path.pop()
        }
    }

    /// What tells an item of a map list apart.
    static func keys(of element: JSONValue, _ schema: StructuralSchema) -> JSONValue {
        var keys = JSONObject()
        for name in schema.mapKeys {
            if let value = element[name] ?? schema.items?.property(name)?.defaultValue { keys[name] = value }
        }
        return .object(keys)
    }

    private static func byKeys(_ elements: [JSONValue], _ schema: StructuralSchema) -> [JSONValue: JSONValue] {
        Dictionary(elements.map { (keys(of: $0, schema), $0) }) { first, _ in first }
    }

    private mutating func checkMembers(_ object: JSONObject, _ schema: StructuralSchema, old: JSONValue?) {
        let rules = schema.rules
        for name in rules.required where object[name] == nil {
            path.push(.field(name))
            append(.required(place))
            path.pop()
        }
        if let most = rules.maximumProperties, Int64(object.count) > most {
            append(.tooMany(place, actual: object.count, maximum: Int(clamping: most)))
        }
        if let least = rules.minimumProperties, Int64(object.count) < least {
            report(.object(object), "should have at least \(least) properties")
        }
        for member in object {
            guard let inner = schema.member(member.key) else { continue }
            path.push(.field(member.key))
            check(member.value, inner, old: old?[member.key])
            path.pop()
        }
    }

    // MARK: - Alternatives

    private mutating func checkAlternatives(_ value: JSONValue, _ rules: ValueRules) {
        if !rules.anyOf.isEmpty {
            let results = rules.anyOf.map { attempt(value, $0) }
            if !results.contains(where: \.isEmpty) {
                reportWhole("must validate at least one schema (anyOf)")
                addBest(results)
            }
        }
        if !rules.oneOf.isEmpty {
            let results = rules.oneOf.map { attempt(value, $0) }
            let valid = results.count { $0.isEmpty }
            if valid == 0 {
                reportWhole("must validate one and only one schema (oneOf). Found none valid")
                addBest(results)
            } else if valid > 1 {
                reportWhole("must validate one and only one schema (oneOf). Found \(valid) valid alternatives")
            }
        }
        if !rules.allOf.isEmpty {
            let results = rules.allOf.map { attempt(value, $0) }
            let valid = results.count { $0.isEmpty }
            for error in results.joined() { append(error) }
            if valid < results.count {
                reportWhole("must validate all the schemas (allOf)\(valid == 0 ? ". None validated" : "")")
            }
        }
        if let not = rules.not, attempt(value, not).isEmpty { reportWhole("must not validate the schema (not)") }
    }

    private func attempt(_ value: JSONValue, _ schema: StructuralSchema) -> [FieldError] {
        var inner = CustomValidator()
        inner.path = path
        inner.check(value, schema)
        return inner.errors
    }

    /// The alternative that comes closest tells what is missing.
    private mutating func addBest(_ results: [[FieldError]]) {
        for error in results.min(by: { $0.count < $1.count }) ?? [] { append(error) }
    }

    // MARK: - Reporting

    private var place: String { path.strictText }

    private mutating func report(_ value: JSONValue, _ why: String) { append(.invalid(place, value, "\(place) in body \(why)")) }

    /// What concerns alternatives names no field of its own, only in its text.
    private mutating func reportWhole(_ why: String) { append(.invalid("<nil>", "", "\(place.goQuoted) \(why)")) }

    private mutating func append(_ error: FieldError) {
        guard errors.count < Self.limit else { return }
        errors.append(error)
    }
}
