package import JSONCore

/// Makes the types of kinds that CustomResourceDefinitions describe.
package enum CustomTypes {
    /// The fields that every object has, in front of those of its schema.
    private static let typeFields: Set<String> = ["apiVersion", "kind", "metadata"]

    /// The fields a type shows; a schema that has more is used in full for decoding and validation all the same.
    private static let mostFields = 10_000

    /// The type of a kind. `isComplete` adds the schema's fields, down to the leaves, for those who walk types: server-side apply and
    /// editors. Without, making it takes no time, and decoding and validation work all the same.
    package static func make(
        _ gvk: GroupVersionKind, schema: JSONValue, registry: SchemaRegistry, isComplete: Bool, sharing other: TypeSchema? = nil
    ) -> TypeSchema? {
        guard let objectMeta = registry.type("meta.v1.ObjectMeta") else { return nil }
        let custom =
            other?.custom
            ?? CustomType(
                published: schema.objectValue ?? JSONObject(), metadata: objectMeta, envelope: envelope(gvk, objectMeta))
        let type = empty(gvk, name: gvk.kind, component: componentName(gvk), documentation: text(custom.published["description"]))
        type.gvk = gvk
        type.custom = custom
        var fields = implied(objectMeta)
        if isComplete {
            let root = custom.schema
            for property in root.properties.prefix(mostFields) where !typeFields.contains(property.name) {
                fields.append(field(property.name, property.schema, gvk, objectMeta, path: gvk.kind))
            }
            type.keepsUnknown = root.keepsUnknown
        }
        type.setFields(fields)
        return type
    }

    /// The type of a kind's lists.
    package static func makeList(of element: TypeSchema, _ gvk: GroupVersionKind, registry: SchemaRegistry) -> TypeSchema? {
        guard let listMeta = registry.type("meta.v1.ListMeta") else { return nil }
        let list = empty(gvk, name: gvk.kind, component: componentName(gvk), documentation: "")
        list.gvk = gvk
        list.isList = true
        list.setFields([
            plain("apiVersion", .string), plain("kind", .string), plain("metadata", .object(listMeta)),
            plain("items", .array(of: .object(element)), [.expected, .pointer]),
        ])
        return list
    }

    /// `com.example.stable.v1.CronTab`: the group's labels in reverse.
    package static func componentName(_ gvk: GroupVersionKind) -> String {
        let group = gvk.group.split(separator: ".").reversed().joined(separator: ".")
        return "\(group).\(gvk.version).\(gvk.kind)"
    }

    // MARK: - Parts

    private static func text(_ value: JSONValue?) -> String { value?.stringValue ?? "" }

    private static func empty(_ gvk: GroupVersionKind, name: String, component: String, documentation: String, isAtomic: Bool = false) -> TypeSchema {
        let text = SchemaText(Array(documentation.utf8))
        return TypeSchema(
            name: "\(gvk.group).\(gvk.version).\(name)", shortName: name, namespace: "\(gvk.group).\(gvk.version)",
            groupVersion: gvk.groupVersion, componentName: component, isAtomic: isAtomic, isUnion: false, text: text,
            documentation: 0..<Int32(clamping: text.bytes.count))
    }

    private static func envelope(_ gvk: GroupVersionKind, _ objectMeta: TypeSchema) -> TypeSchema {
        let type = empty(gvk, name: gvk.kind, component: componentName(gvk), documentation: "")
        type.setFields(implied(objectMeta))
        return type
    }

    private static func implied(_ objectMeta: TypeSchema) -> [FieldSchema] {
        [plain("apiVersion", .string), plain("kind", .string), plain("metadata", .object(objectMeta))]
    }

    private static func plain(_ name: String, _ type: FieldType, _ flags: FieldSchema.Flags = .pointer, documentation: String = "") -> FieldSchema {
        make(name, type, flags, documentation: documentation, preset: nil, listType: .atomic, mapKeys: [])
    }

    private static func make(
        _ name: String, _ type: FieldType, _ flags: FieldSchema.Flags, documentation: String, preset: JSONValue?, listType: ListType,
        mapKeys: [String]
    ) -> FieldSchema {
        let text = SchemaText(Array(documentation.utf8))
        return FieldSchema(
            jsonName: name, protobufNumber: 0, protobufParents: [], type: type, flags: flags, defaultValue: preset, defaultRule: nil,
            listType: listType, mapKeys: mapKeys, patchMergeKey: nil, patchStrategies: [], constraints: nil, text: text,
            documentationRange: 0..<Int32(clamping: text.bytes.count))
    }

    private static func field(
        _ name: String, _ schema: StructuralSchema, _ gvk: GroupVersionKind, _ objectMeta: TypeSchema, path: String
    ) -> FieldSchema {
        var flags: FieldSchema.Flags = .pointer
        if schema.isAtomic { flags.insert(.atomic) }
        return make(
            name, type(schema, gvk, objectMeta, path: "\(path).\(name)"), flags, documentation: schema.documentation,
            preset: schema.defaultValue, listType: schema.listType ?? .atomic, mapKeys: schema.mapKeys)
    }

    private static func type(_ schema: StructuralSchema, _ gvk: GroupVersionKind, _ objectMeta: TypeSchema, path: String) -> FieldType {
        if schema.isIntOrString { return .intOrString }
        switch schema.kind {
        case .string: return .string
        case .boolean: return .bool
        case .integer: return .int64
        case .number: return .double
        case .array:
            guard let items = schema.items else { return .array(of: .any) }
            return .array(of: type(items, gvk, objectMeta, path: path))
        case nil: return .any
        case .object: break
        }
        if schema.properties.isEmpty, !schema.isEmbeddedResource {
            switch schema.additional {
            case .schema(let inner): return .map(of: type(inner, gvk, objectMeta, path: path))
            case .anything: return .map(of: .any)
            case .none where schema.keepsUnknown: return .any
            case .none: break
            }
        }
        let inner = empty(
            gvk, name: path, component: "\(componentName(gvk)).\(path)", documentation: schema.documentation, isAtomic: schema.isAtomic)
        inner.keepsUnknown = schema.keepsUnknown
        var fields = schema.isEmbeddedResource ? implied(objectMeta) : []
        for property in schema.properties.prefix(mostFields) where !schema.isEmbeddedResource || !typeFields.contains(property.name) {
            fields.append(field(property.name, property.schema, gvk, objectMeta, path: path))
        }
        inner.setFields(fields)
        return .object(inner)
    }
}
