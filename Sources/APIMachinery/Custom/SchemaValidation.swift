package import JSONCore

/// Checks the schema of a CustomResourceDefinition: whether it is structural, whether what it says fits together, whether its defaults
/// are valid. Source: apiextensions-apiserver `pkg/apis/apiextensions/validation` and `pkg/apiserver/schema/validation.go`.
package struct SchemaValidation {
    private enum Level {
        case root
        case field
        case item
    }

    private var errors: [FieldError] = []
    private static let limit = 100
    private static let unsupported: [(name: String, why: String)] = [
        ("$ref", "$ref is not supported"), ("definitions", "definitions is not supported"), ("dependencies", "dependencies is not supported"),
        ("patternProperties", "patternProperties is not supported"), ("additionalItems", "additionalItems is not supported"),
        ("id", "id is not supported"),
    ]

    /// What is wrong with a schema; `field` is its place, for example `spec.versions[0].schema.openAPIV3Schema`.
    package static func errors(_ schema: JSONValue, field: String) -> [FieldError] {
        var validation = SchemaValidation()
        validation.check(schema, .root, field)
        if validation.errors.isEmpty { validation.checkDefaults(schema, field, isBelowMetadata: false) }
        return validation.errors
    }

    private mutating func report(_ error: FieldError) {
        if errors.count < Self.limit { errors.append(error) }
    }

    // MARK: - Structure

    private mutating func check(_ schema: JSONValue, _ level: Level, _ field: String) {
        guard case .object = schema, errors.count < Self.limit else { return }
        checkType(schema, level, field)
        checkCommon(schema, field)
        checkExtensions(schema, level, field)
        checkListType(schema, field)
        if level == .root { checkRoot(schema, field) }
        if schema["x-kubernetes-embedded-resource"]?.boolValue == true { checkTypeFields(schema, field) }
        for member in schema["properties"]?.objectValue ?? JSONObject() { check(member.value, .field, "\(field).properties[\(member.key)]") }
        switch schema["items"] {
        case .object?: check(schema["items"] ?? .null, .item, "\(field).items")
        case .array?: report(.forbidden("\(field).items", "items must be a schema object and not an array"))
        default:
            if schema["type"]?.stringValue == "array" { report(.required("\(field).items", "must be specified")) }
        }
        switch schema["additionalProperties"] {
        case .object?:
            check(schema["additionalProperties"] ?? .null, .field, "\(field).additionalProperties")
        case .bool(false)?:
            report(.forbidden("\(field).additionalProperties", "additionalProperties cannot be set to false"))
        default: break
        }
        let hasProperties = schema["properties"]?.objectValue.map { !$0.isEmpty } ?? false
        if hasProperties, let additional = schema["additionalProperties"], additional != .bool(false), !additional.isNull {
            report(.forbidden("\(field).additionalProperties", "additionalProperties and properties are mutual exclusive"))
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            for (index, part) in (schema[name]?.arrayValue ?? []).enumerated() {
                checkNested(part, below: schema, "\(field).\(name)[\(index)]", structural: field, mayHaveType: Self.isIntOrStringPart(schema, name))
            }
        }
        if let not = schema["not"] { checkNested(not, below: schema, "\(field).not", structural: field, mayHaveType: false) }
    }

    private mutating func checkType(_ schema: JSONValue, _ level: Level, _ field: String) {
        let type = schema["type"]?.stringValue ?? ""
        let isIntOrString = schema["x-kubernetes-int-or-string"]?.boolValue == true
        let keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"]?.boolValue == true
        let isEmbedded = schema["x-kubernetes-embedded-resource"]?.boolValue == true
        let place = "\(field).type"
        if !type.isEmpty, StructuralSchema.Kind(rawValue: type) == nil {
            report(.notSupported(place, .string(type), StructuralSchema.Kind.allCases.map(\.rawValue)))
        }
        if isEmbedded, type != "object" {
            let why = "must be object if x-kubernetes-embedded-resource is true"
            report(type.isEmpty ? .required(place, why) : .invalid(place, .string(type), why))
        } else if type.isEmpty, !isIntOrString, !keepsUnknown {
            switch level {
            case .root: report(.required(place, "must not be empty at the root"))
            case .item: report(.required(place, "must not be empty for specified array items"))
            case .field: report(.required(place, "must not be empty for specified object fields"))
            }
        }
        if level == .root, !type.isEmpty, type != "object" { report(.invalid(place, .string(type), "must be object at the root")) }
        if isIntOrString, !type.isEmpty {
            report(.invalid(place, .string(type), "must be empty if x-kubernetes-int-or-string is true"))
        }
    }

    /// What holds for every schema, also inside `allOf` and its like.
    private mutating func checkCommon(_ schema: JSONValue, _ field: String) {
        for (name, why) in Self.unsupported {
            switch schema[name] {
            case nil, .null?, .string("")?: continue
            default: report(.forbidden("\(field).\(name)", why))
            }
        }
        if schema["uniqueItems"]?.boolValue == true {
            report(.forbidden("\(field).uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"))
        }
        if let pattern = schema["pattern"]?.stringValue, !pattern.isEmpty {
            do throws(PatternError) {
                _ = try Pattern(pattern)
            } catch {
                report(.invalid("\(field).pattern", .string(pattern), "must be a valid regular expression, but isn't: \(error.description)"))
            }
        }
        if let factor = schema["multipleOf"]?.doubleValue, factor <= 0 {
            report(.invalid("\(field).multipleOf", schema["multipleOf"] ?? .null, "must be greater than 0"))
        }
        if let values = schema["enum"]?.arrayValue, Set(values).count != values.count {
            report(.invalid("\(field).enum", .array(values), "must not contain duplicate entries"))
        }
    }

    private mutating func checkExtensions(_ schema: JSONValue, _ level: Level, _ field: String) {
        if schema["x-kubernetes-preserve-unknown-fields"] == .bool(false) {
            report(.invalid("\(field).x-kubernetes-preserve-unknown-fields", false, "must be true or undefined"))
        }
        if let mapType = schema["x-kubernetes-map-type"]?.stringValue {
            if !["granular", "atomic"].contains(mapType) {
                report(.notSupported("\(field).x-kubernetes-map-type", .string(mapType), ["atomic", "granular"]))
            }
            if schema["type"]?.stringValue != "object" {
                report(.invalid("\(field).type", schema["type"] ?? "", "must be object if x-kubernetes-map-type is specified"))
            }
        }
        let isEmbedded = schema["x-kubernetes-embedded-resource"]?.boolValue == true
        if isEmbedded, schema["additionalProperties"] != nil {
            report(.forbidden("\(field).additionalProperties", "must not be used if x-kubernetes-embedded-resource is set"))
        }
        let keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"]?.boolValue == true
        if isEmbedded, !keepsUnknown, schema["properties"]?.objectValue?.isEmpty ?? true {
            report(.required("\(field).properties", "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"))
        }
    }

    /// The members every object has are described by Kubernetes, not by the schema.
    private mutating func checkRoot(_ schema: JSONValue, _ field: String) {
        if schema["nullable"]?.boolValue == true { report(.forbidden("\(field).nullable", "nullable cannot be true at the root")) }
        checkTypeFields(schema, field)
    }

    private mutating func checkTypeFields(_ schema: JSONValue, _ field: String) {
        for name in ["apiVersion", "kind"] {
            guard let type = schema["properties"]?[name]?["type"]?.stringValue, type != "string" else { continue }
            report(.invalid("\(field).properties[\(name)].type", .string(type), "must be string"))
        }
        guard let metadata = schema["properties"]?["metadata"] else { return }
        let place = "\(field).properties[metadata]"
        if metadata["type"]?.stringValue != "object" {
            report(.invalid("\(place).type", metadata["type"] ?? "", "must be object"))
        }
        let described = metadata["properties"]?.objectValue?.keys ?? []
        if described.contains(where: { $0 != "name" && $0 != "generateName" }) {
            report(.forbidden(place, "must not specify anything other than name and generateName, but metadata is implicitly specified"))
        }
    }

    private mutating func checkListType(_ schema: JSONValue, _ field: String) {
        let keys = (schema["x-kubernetes-list-map-keys"]?.arrayValue ?? []).compactMap(\.stringValue)
        let keysPlace = "\(field).x-kubernetes-list-map-keys"
        guard let listType = schema["x-kubernetes-list-type"]?.stringValue else {
            if !keys.isEmpty {
                report(.required("\(field).x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty"))
            }
            return
        }
        if ListType(rawValue: listType) == nil {
            report(.notSupported("\(field).x-kubernetes-list-type", .string(listType), ["atomic", "map", "set"]))
        }
        if schema["type"]?.stringValue != "array" {
            let why = "must be array if x-kubernetes-list-type is specified"
            let type = schema["type"]?.stringValue ?? ""
            report(type.isEmpty ? .required("\(field).type", why) : .invalid("\(field).type", .string(type), why))
        }
        guard listType == "map" else {
            if !keys.isEmpty {
                report(.invalid("\(field).x-kubernetes-list-type", .string(listType), "must be map if x-kubernetes-list-map-keys is non-empty"))
            }
            if listType == "set" { checkSetItems(schema, field) }
            return
        }
        if keys.isEmpty { report(.required(keysPlace, "must not be empty if x-kubernetes-list-type is map")) }
        if Set(keys).count != keys.count {
            report(.invalid(keysPlace, .array(keys.map { .string($0) }), "must not contain duplicate entries"))
        }
        guard let items = schema["items"], case .object = items else {
            return report(.required("\(field).items", "must have a schema if x-kubernetes-list-type is map"))
        }
        if items["type"]?.stringValue != "object" {
            report(.invalid("\(field).items.type", items["type"] ?? "", "must be object if parent array's x-kubernetes-list-type is map"))
        }
        let required = Set((items["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        for key in keys {
            guard let property = items["properties"]?[key] else {
                report(.invalid(keysPlace, .array(keys.map { .string($0) }), "entries must all be names of item properties"))
                continue
            }
            let place = "\(field).items.properties[\(key)]"
            if ["object", "array"].contains(property["type"]?.stringValue) {
                report(.invalid("\(place).type", property["type"] ?? "", "must be a scalar type if parent array's x-kubernetes-list-type is map"))
            }
            if property["nullable"]?.boolValue == true {
                report(.forbidden("\(place).nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"))
            }
            if !required.contains(key), property["default"] == nil {
                let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
                report(.required("\(place).default", why))
            }
        }
    }

    private mutating func checkSetItems(_ schema: JSONValue, _ field: String) {
        guard let items = schema["items"] else { return }
        let place = "\(field).items"
        if items["nullable"]?.boolValue == true {
            report(.forbidden("\(place).nullable", "cannot be nullable when x-kubernetes-list-type is set"))
        }
        switch items["type"]?.stringValue {
        case "object" where items["x-kubernetes-map-type"]?.stringValue != "atomic":
            report(
                .invalid(
                    "\(place).x-kubernetes-map-type", items["x-kubernetes-map-type"] ?? .null,
                    "must be atomic as item of a list with x-kubernetes-list-type=set"))
        case "array" where !["atomic", nil].contains(items["x-kubernetes-list-type"]?.stringValue):
            report(
                .invalid(
                    "\(place).x-kubernetes-list-type", items["x-kubernetes-list-type"] ?? .null,
                    "must be atomic as item of a list with x-kubernetes-list-type=set"))
        default: break
        }
    }

    // MARK: - Nested rules

    /// Whether a part of `anyOf` may repeat the types of an int-or-string.
    private static func isIntOrStringPart(_ schema: JSONValue, _ name: String) -> Bool {
        guard schema["x-kubernetes-int-or-string"]?.boolValue == true else { return false }
        return name == "anyOf" || name == "allOf"
    }

    /// Inside `allOf` and its like there are only rules, for what the structure around them describes.
    private mutating func checkNested(_ schema: JSONValue, below outer: JSONValue, _ field: String, structural: String, mayHaveType: Bool) {
        guard case .object(let members) = schema, errors.count < Self.limit else { return }
        checkCommon(schema, field)
        let forbidden: [(String, String)] = [
            ("description", "must be empty to be structural"), ("title", "must be empty to be structural"),
            ("default", "must be undefined to be structural"), ("additionalProperties", "must be undefined to be structural"),
            ("nullable", "must be false to be structural"), ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
            ("x-kubernetes-embedded-resource", "must be false to be structural"),
            ("x-kubernetes-int-or-string", "must be false to be structural"),
            ("x-kubernetes-list-map-keys", "must be empty to be structural"), ("x-kubernetes-list-type", "must be undefined to be structural"),
            ("x-kubernetes-map-type", "must be undefined to be structural"),
        ]
        for (name, why) in forbidden {
            switch members[name] {
            case nil, .null?, .bool(false)?, .string("")?: continue
            default: report(.forbidden("\(field).\(name)", why))
            }
        }
        if let type = members["type"]?.stringValue, !type.isEmpty, !mayHaveType {
            report(.forbidden("\(field).type", "must be empty to be structural"))
        }
        for member in members["properties"]?.objectValue ?? JSONObject() {
            let place = "\(field).properties[\(member.key)]"
            let described = outer["properties"]?[member.key] ?? outer["additionalProperties"].flatMap { $0.objectValue == nil ? nil : $0 }
            let isImplied = structural.hasSuffix("openAPIV3Schema") && ["metadata", "kind", "apiVersion"].contains(member.key)
            if described == nil, !isImplied {
                report(.required("\(structural).properties[\(member.key)]", "because it is defined in \(place)"))
            }
            if isImplied, member.key == "metadata" {
                report(.forbidden("\(field).properties[metadata]", "must not be specified in a nested context"))
            }
            checkNested(
                member.value, below: described ?? .null, place, structural: "\(structural).properties[\(member.key)]",
                mayHaveType: mayRepeatType(described))
        }
        if let items = members["items"], case .object = items {
            if outer["items"] == nil { report(.required("\(structural).items", "because it is defined in \(field).items")) }
            checkNested(
                items, below: outer["items"] ?? .null, "\(field).items", structural: "\(structural).items", mayHaveType: mayRepeatType(outer["items"]))
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            for (index, part) in (members[name]?.arrayValue ?? []).enumerated() {
                checkNested(part, below: outer, "\(field).\(name)[\(index)]", structural: structural, mayHaveType: mayHaveType)
            }
        }
        if let not = members["not"] { checkNested(not, below: outer, "\(field).not", structural: structural, mayHaveType: false) }
    }

    private func mayRepeatType(_ schema: JSONValue?) -> Bool { schema?["x-kubernetes-int-or-string"]?.boolValue == true }

    // MARK: - Defaults

    private mutating func checkDefaults(_ schema: JSONValue, _ field: String, isBelowMetadata: Bool) {
        guard case .object(let members) = schema, errors.count < Self.limit else { return }
        if let preset = members["default"], !preset.isNull {
            let place = "\(field).default"
            if isBelowMetadata { report(.forbidden(place, "must not be set in top-level metadata")) }
            check(preset, StructuralSchema(schema), place)
        }
        let isRoot = field.hasSuffix("openAPIV3Schema")
        for member in members["properties"]?.objectValue ?? JSONObject() {
            checkDefaults(
                member.value, "\(field).properties[\(member.key)]", isBelowMetadata: isBelowMetadata || (isRoot && member.key == "metadata"))
        }
        if let items = members["items"] { checkDefaults(items, "\(field).items", isBelowMetadata: isBelowMetadata) }
        if let additional = members["additionalProperties"] {
            checkDefaults(additional, "\(field).additionalProperties", isBelowMetadata: isBelowMetadata)
        }
    }

    private mutating func check(_ preset: JSONValue, _ schema: StructuralSchema, _ place: String) {
        var pruning = CustomPruning()
        if pruning.prune(value: preset, schema) != nil {
            let fields = pruning.unknown.joined(separator: ", ")
            return report(.invalid(place, preset, "must not have unknown fields: \(fields)"))
        }
        var validator = CustomValidator()
        validator.check(CustomDefaulting.fill(preset, schema) ?? preset, schema)
        for error in validator.errors {
            let inner = error.field.isEmpty || error.field == "<nil>" ? place : "\(place).\(error.field)"
            report(FieldError(error.kind, field: inner, badValue: error.badValue, detail: error.detail))
        }
        var lists = CustomListRules()
        lists.check(preset, schema)
        for error in lists.errors {
            report(
                FieldError(error.kind, field: "\(place)\(error.field.hasPrefix("[") ? "" : ".")\(error.field)", badValue: error.badValue, detail: error.detail))
        }
    }
}
