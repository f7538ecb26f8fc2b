/// The fields and types that follow from a kind and are written in no schema file.
struct ImpliedFields {
    private let text: SchemaText
    private let kindRange: Range<Int32>
    private let versionRange: Range<Int32>
    private let itemsRange: Range<Int32>
    private let listMetaRange: Range<Int32>

    /// What `kind` says.
    static let kindSentence = "Which kind of object this is, for example Pod; it cannot change."
    /// What `apiVersion` says. How it begins is asserted by Kubernetes' conformance suite, of what `kubectl explain` prints.
    static let versionSentence = "APIVersion defines the group and version of the schema this object follows, for example apps/v1."

    init() {
        let sentences = [
            Self.kindSentence, Self.versionSentence,
            "The objects of the list.",
            "What holds for the list as a whole: the revision it was read at, and how to read on.",
        ]
        var bytes: [UInt8] = []
        var ranges: [Range<Int32>] = []
        for sentence in sentences {
            let start = Int32(bytes.count)
            bytes += sentence.utf8
            ranges.append(start..<Int32(bytes.count))
        }
        text = SchemaText(bytes)
        (kindRange, versionRange, itemsRange, listMetaRange) = (ranges[0], ranges[1], ranges[2], ranges[3])
    }

    /// `apiVersion` and `kind`, which protobuf keeps outside the message.
    var typeMeta: [FieldSchema] {
        [field("apiVersion", 0, .string, versionRange), field("kind", 0, .string, kindRange)]
    }

    /// The list type of a kind.
    func list(of element: TypeSchema, listMeta: TypeSchema, gvk: GroupVersionKind) -> TypeSchema {
        let prefix = element.componentName.dropLast(element.shortName.count)
        let list = TypeSchema(
            name: "\(element.namespace).\(gvk.kind)", shortName: gvk.kind, namespace: element.namespace,
            groupVersion: element.groupVersion, componentName: "\(prefix)\(gvk.kind)", isAtomic: false, text: text,
            documentation: itemsRange)
        list.gvk = gvk
        list.isList = true
        list.setFields(
            typeMeta + [
                field("metadata", 1, .object(listMeta), listMetaRange),
                field("items", 2, .array(of: .object(element)), itemsRange, [.expected]),
            ])
        return list
    }

    private func field(
        _ name: String, _ number: Int32, _ type: FieldType, _ documentation: Range<Int32>, _ flags: FieldSchema.Flags = []
    ) -> FieldSchema {
        FieldSchema(
            jsonName: name, protobufNumber: number, protobufParents: [], type: type,
            flags: flags.isEmpty ? [.dropsZero] : flags, defaultValue: nil, defaultRule: nil, listType: .atomic, mapKeys: [],
            patchMergeKey: nil, patchStrategies: [], constraints: nil, text: text, documentationRange: documentation)
    }
}
