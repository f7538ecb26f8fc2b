package import JSONCore

/// Why a configuration cannot be applied; the words are those of structured-merge-diff.
package struct AppliedError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The faults, each with its place.
    package let faults: [String]

    /// One fault, or a list of them.
    package var description: String {
        faults.count == 1 ? faults[0] : "errors:\n\(faults.map { "  \($0)" }.joined(separator: "\n"))"
    }
}

/// Checks a configuration against its type before it is merged: fields must be declared, values of the right kind, and list items must
/// have their keys and not repeat. Source: structured-merge-diff `typed/validate.go`.
package struct AppliedValidation {
    private var faults: [String] = []
    private static let limit = 100

    /// Throws what is wrong with a configuration.
    package static func check(_ value: JSONValue, type: TypeSchema) throws(AppliedError) {
        var walk = AppliedValidation()
        walk.members(value, .object(type), [], type)
        guard walk.faults.isEmpty else { throw AppliedError(faults: walk.faults) }
    }

    private mutating func report(_ path: [PathElement], _ message: String) {
        guard faults.count < Self.limit else { return }
        faults.append(path.isEmpty ? message : "\(path.fieldText): \(message)")
    }

    private mutating func members(_ value: JSONValue, _ shape: FieldShape, _ path: [PathElement], _ type: TypeSchema?) {
        guard case .object(let members) = value else {
            if !value.isNull { report(path, "expected map, got \(Self.shown(value))") }
            return
        }
        for member in members {
            let below = path + [.field(member.key)]
            if let type {
                guard let field = type.field(member.key) else {
                    if !type.keepsUnknown { report(below, "field not declared in schema") }
                    continue
                }
                check(member.value, field.type, FieldShape(field), below)
            } else if case .map(let inner) = shape {
                check(member.value, inner, FieldShape(inner), below)
            }
        }
    }

    private mutating func check(_ value: JSONValue, _ type: FieldType, _ shape: FieldShape, _ path: [PathElement]) {
        if value.isNull { return }
        switch type {
        case .object(let inner):
            if inner.isUnion { return }
            members(value, .object(inner), path, inner)
        case .map: members(value, .map(type.valueType), path, nil)
        case .array(let element): items(value, element, shape, path)
        case .string, .bytes, .time, .microTime:
            if value.stringValue == nil { report(path, "expected string, got \(Self.wrapped(value))") }
        case .bool:
            if value.boolValue == nil { report(path, "expected boolean, got \(Self.wrapped(value))") }
        case .int32, .int64, .double:
            if value.doubleValue == nil { report(path, "expected numeric (int or float), got \(Self.wrapped(value))") }
        case .quantity, .intOrString:
            switch value {
            case .object, .array: report(path, "expected scalar, got \(Self.wrapped(value))")
            default: break
            }
        case .rawObject, .fieldsV1:
            if value.objectValue == nil { report(path, "expected map, got \(Self.shown(value))") }
        case .any: break
        }
    }

    private mutating func items(_ value: JSONValue, _ element: FieldType, _ shape: FieldShape, _ path: [PathElement]) {
        guard case .array(let items) = value else { return report(path, "expected list, got \(Self.shown(value))") }
        var seen: Set<PathElement> = []
        for (index, item) in items.enumerated() {
            var place = PathElement.index(index)
            if shape.items(value) != nil {
                guard let identity = shape.element(of: item) else {
                    report(path, "element \(index): \(Self.keyFault(item, shape))")
                    continue
                }
                if !seen.insert(identity).inserted { report(path, "duplicate entries for key \(identity)") }
                place = identity
            }
            check(item, element, FieldShape(element), path + [place])
        }
    }

    private static func keyFault(_ item: JSONValue, _ shape: FieldShape) -> String {
        guard case .list(let keys, let type) = shape else {
            switch item {
            case .object: return "associative list without keys has an element that's a map type"
            case .array: return "not supported: associative list with lists as elements"
            default: return "associative list without keys has an element that's an explicit null"
            }
        }
        guard case .object(let members) = item else {
            return item.isNull
                ? "associative list with keys may not have a null element" : "associative list with keys may not have non-map elements"
        }
        let missing = keys.first { members[$0] == nil && type.field($0)?.defaultValue == nil } ?? keys[0]
        return "associative list with keys has an element that omits key field \(missing.goQuoted) (and doesn't have default value)"
    }

    private static func wrapped(_ value: JSONValue) -> String { "&value.valueUnstructured{Value:\(goText(value))}" }
    private static func shown(_ value: JSONValue) -> String { "&{\(plain(value))}" }

    private static func goText(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.goQuoted
        case .object(let members):
            "map[string]interface {}{\(members.map { "\($0.key.goQuoted):\(goText($0.value))" }.joined(separator: ", "))}"
        case .array(let items): "[]interface {}{\(items.map(goText).joined(separator: ", "))}"
        default: value.description
        }
    }

    /// As Go's `%v` prints it.
    private static func plain(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .object(let members):
            "map[\(members.sorted { $0.key < $1.key }.map { "\($0.key):\(plain($0.value))" }.joined(separator: " "))]"
        case .array(let items): "[\(items.map(plain).joined(separator: " "))]"
        case .null: "<nil>"
        default: value.description
        }
    }
}

extension FieldType {
    /// The type of a map's values; the type itself for every other.
    fileprivate var valueType: FieldType {
        if case .map(let value) = self { value } else { self }
    }
}
