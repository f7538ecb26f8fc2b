package import JSONCore

/// Reads a server's OpenAPI v3 document into types that objects are checked and completed with.
///
/// Reading never fails: what a document says in a way that is not understood is left open, so that nothing is refused because of it. Documents
/// come from outside: depth, types and fields are bounded. What the built-in schemas know beyond OpenAPI of the same component (bounds,
/// derived defaults, what is really required) is taken over.
package struct OpenAPIReader {
    /// Types of one document; a whole cluster's core group has some 500.
    private static let mostTypes = 20_000
    private static let mostFields = 10_000
    private static let deepest = 64

    private let components: JSONObject
    private let known: [String: TypeSchema]
    private var made: [String: TypeSchema] = [:]
    private var all: [TypeSchema] = []
    /// Components whose fields are still to be read.
    private var waiting: [(name: String, type: TypeSchema)] = []
    private var groupVersion: GroupVersion

    init(_ document: JSONValue, groupVersion: GroupVersion, known: SchemaRegistry) {
        components = document["components", "schemas"]?.objectValue ?? JSONObject()
        self.groupVersion = groupVersion
        self.known = Dictionary(known.types.map { ($0.componentName, $0) }) { first, _ in first }
    }

    /// The served resources of a document, with their types. `known` are kinds that are described already.
    package static func resources(_ document: JSONValue, groupVersion: GroupVersion, known: SchemaRegistry) -> [ResourceDescriptor] {
        var reader = OpenAPIReader(document, groupVersion: groupVersion, known: known)
        let found = OpenAPIResources(document, groupVersion).resources
        let byKind = reader.componentsByKind()
        var types: [GroupVersionKind: TypeSchema] = [:]
        for resource in found {
            guard types[resource.gvk] == nil, let name = byKind[resource.gvk] else { continue }
            guard case .object(let type) = reader.component(name) else { continue }
            type.gvk = resource.gvk
            types[resource.gvk] = type
        }
        reader.readWaiting()
        SchemaClosure.compute(reader.all)
        return found.compactMap { resource in types[resource.gvk].map { resource.descriptor($0, known: known) } }
    }

    private func componentsByKind() -> [GroupVersionKind: String] {
        var result: [GroupVersionKind: String] = [:]
        for member in components {
            for kind in member.value["x-kubernetes-group-version-kind"]?.arrayValue ?? [] {
                if let gvk = OpenAPIResources.kind(kind), result[gvk] == nil { result[gvk] = member.key }
            }
        }
        return result
    }

    // MARK: - Types

    private static let shared: [String: FieldType] = [
        OpenAPISharedType.quantity.rawValue: .quantity, OpenAPISharedType.intOrString.rawValue: .intOrString,
        OpenAPISharedType.time.rawValue: .time, OpenAPISharedType.microTime.rawValue: .microTime,
        OpenAPISharedType.rawExtension.rawValue: .rawObject, OpenAPISharedType.fieldsV1.rawValue: .fieldsV1,
    ]

    private mutating func component(_ name: String) -> FieldType {
        if let type = Self.shared[name] { return type }
        if let type = made[name] { return .object(type) }
        guard let schema = components[name], made.count < Self.mostTypes else { return .any }
        guard schema["properties"]?.objectValue != nil || schema["type"] == "object" && schema["additionalProperties"] == nil else {
            // A scalar or a map with a name of its own. One that refers to itself ends at the depth.
            return schema["$ref"] == nil ? type(schema, path: name, depth: 1, isBuiltin: Self.isBuiltin(name)) : .any
        }
        let type = empty(name, component: name, schema)
        // Built-in kinds that are open say so by having no fields at all.
        type.keepsUnknown = Self.keepsUnknown(schema) || Self.isBuiltin(name) && schema["properties"] == nil
        made[name] = type
        waiting.append((name, type))
        return .object(type)
    }

    private static func isBuiltin(_ component: String) -> Bool { component.hasPrefix("io.k8s.") }
    private static func keepsUnknown(_ schema: JSONValue) -> Bool { schema["x-kubernetes-preserve-unknown-fields"] == true }

    private mutating func readWaiting() {
        while let next = waiting.popLast() {
            let schema = components[next.name] ?? .null
            next.type.setFields(fields(schema, path: next.name, depth: 0, isBuiltin: Self.isBuiltin(next.name), known: known[next.name]))
        }
    }

    private mutating func empty(_ name: String, component: String, _ schema: JSONValue) -> TypeSchema {
        let words = SchemaText(Array((schema["description"]?.stringValue ?? "").utf8))
        let short = name.split(separator: ".").last.map(String.init) ?? name
        let type = TypeSchema(
            name: name, shortName: short, namespace: groupVersion.apiVersion, groupVersion: groupVersion, componentName: component,
            isAtomic: schema["x-kubernetes-map-type"] == "atomic", text: words, documentation: 0..<Int32(clamping: words.bytes.count))
        all.append(type)
        return type
    }

    private mutating func fields(_ schema: JSONValue, path: String, depth: Int, isBuiltin: Bool, known: TypeSchema?) -> [FieldSchema] {
        let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        var result: [FieldSchema] = []
        for member in (schema["properties"]?.objectValue ?? JSONObject()).prefix(Self.mostFields) {
            let type = type(member.value, path: "\(path).\(member.key)", depth: depth + 1, isBuiltin: isBuiltin)
            let facts = OpenAPIField(member.value, isRequired: required.contains(member.key), isBuiltin: isBuiltin)
            result.append(facts.field(member.key, type, known: known?.field(member.key)))
        }
        return result
    }

    private mutating func type(_ schema: JSONValue, path: String, depth: Int, isBuiltin: Bool) -> FieldType {
        guard depth < Self.deepest, all.count < Self.mostTypes else { return .any }
        if let name = Self.reference(schema) { return component(name) }
        if schema["x-kubernetes-int-or-string"] == true || schema["format"] == "int-or-string" { return .intOrString }
        if schema["x-kubernetes-embedded-resource"] == true { return .any }
        switch schema["type"]?.stringValue {
        case "string": return schema["format"] == "byte" && isBuiltin ? .bytes : .string
        case "boolean": return .bool
        case "integer": return schema["format"] == "int32" ? .int32 : .int64
        case "number": return .double
        case "array":
            return .array(of: schema["items"].map { type($0, path: path, depth: depth + 1, isBuiltin: isBuiltin) } ?? .any)
        case "object": return object(schema, path: path, depth: depth, isBuiltin: isBuiltin)
        default: return schema["properties"] == nil ? .any : object(schema, path: path, depth: depth, isBuiltin: isBuiltin)
        }
    }

    private mutating func object(_ schema: JSONValue, path: String, depth: Int, isBuiltin: Bool) -> FieldType {
        if schema["properties"] == nil {
            switch schema["additionalProperties"] {
            case .object(let inner)?: return .map(of: type(.object(inner), path: path, depth: depth + 1, isBuiltin: isBuiltin))
            case .bool(true)?: return .map(of: .any)
            default: if isBuiltin || Self.keepsUnknown(schema) { return .any }
            }
        }
        let inner = empty(path, component: path, schema)
        inner.keepsUnknown = Self.keepsUnknown(schema) || schema["additionalProperties"] != nil
        inner.setFields(fields(schema, path: path, depth: depth, isBuiltin: isBuiltin, known: nil))
        return .object(inner)
    }

    /// The component a schema stands for, directly or as the only part of `allOf`.
    private static func reference(_ schema: JSONValue) -> String? {
        let only = schema["allOf"]?.arrayValue.flatMap { $0.count == 1 ? $0[0]["$ref"] : nil }
        guard let text = (schema["$ref"] ?? only)?.stringValue, let slash = text.lastIndex(of: "/") else { return nil }
        return String(text[text.index(after: slash)...])
    }
}
