import JSONCore

/// One object type: its fields, in the order of the schema file.
package final class TypeSchema: @unchecked Sendable {
    // Safe because the fields and what is derived from them are set once, by the registry that makes the type,
    // before anybody else can see it. For the same reason access needs no exclusivity checks at run time.

    /// The full name, for example `apps.v1.DeploymentSpec`.
    package let name: String
    /// The part of the name before the type's own: `apps.v1`.
    package let namespace: String
    /// The type's own name: `DeploymentSpec`.
    package let shortName: String
    /// Whether the object is one value to appliers.
    package let isAtomic: Bool
    /// Whether the value is that of one of the fields, told apart by its JSON kind, instead of an object of them.
    package let isUnion: Bool
    /// The component name in OpenAPI documents: `io.k8s.api.apps.v1.DeploymentSpec`.
    package let componentName: String
    /// The group, version and kind of a top-level type; nil for every other. A type of several kinds has its first here.
    package internal(set) var gvk: GroupVersionKind?
    /// The group version of the file section that declares the type.
    package let groupVersion: GroupVersion
    /// The fields. Top-level types start with `apiVersion` and `kind`.
    @exclusivity(unchecked) package private(set) var fields: [FieldSchema] = []
    /// Whether the type is the list of another.
    package internal(set) var isList = false
    /// What the kind has beyond its fields; nil unless a CustomResourceDefinition describes it.
    @exclusivity(unchecked) package internal(set) var custom: CustomType?
    /// Whether members that are no fields are kept, whatever they are.
    package internal(set) var keepsUnknown = false

    let text: SchemaText
    let documentationRange: Range<Int32>
    @exclusivity(unchecked) private var table = FieldTable()

    /// Positions of fields that have defaults or lead to some.
    @exclusivity(unchecked) var defaultingFields: [Int] = []
    /// Positions of fields that must be given.
    @exclusivity(unchecked) private(set) var requiredFields: [Int] = []
    /// Whether structural checks can find anything in this type or below it.
    @exclusivity(unchecked) var hasConstraints = false
    /// Fields by protobuf number.
    @exclusivity(unchecked) private(set) var protobufFields = ProtobufFieldTable()
    /// Fields in the order in which protobuf writes them.
    @exclusivity(unchecked) private(set) var protobufOrder = ProtobufOrder()

    init(
        name: String, shortName: String, namespace: String, groupVersion: GroupVersion, componentName: String, isAtomic: Bool,
        isUnion: Bool = false, text: SchemaText, documentation: Range<Int32>
    ) {
        self.name = name
        self.shortName = shortName
        self.namespace = namespace
        self.groupVersion = groupVersion
        self.componentName = componentName
        self.isAtomic = isAtomic
        self.isUnion = isUnion
        self.text = text
        self.documentationRange = documentation
    }

    /// What the type is, in our own words.
    package var documentation: String { text.documentation(documentationRange) }

    /// Whether every field has a number in protobuf; of a list, whether its items' have. What would be lost there is not written so.
    package var hasProtobuf: Bool {
        guard isList, let item = field("items")?.type.objectType else { return protobufOrder.isWhole }
        return item.hasProtobuf
    }

    /// The field of a JSON name; nil when there is none.
    package func field(_ jsonName: String) -> FieldSchema? {
        position(of: jsonName).map { fields[$0] }
    }

    /// The position of the field of a JSON name.
    func position(of jsonName: String) -> Int? {
        var jsonName = jsonName
        return jsonName.withUTF8 { table.find($0) }
    }

    /// The position of the field whose JSON name has these bytes.
    func position(of jsonName: UnsafeBufferPointer<UInt8>) -> Int? { table.find(jsonName) }

    /// The field of a union that a value belongs to; nil when it belongs to none.
    func unionField(for value: JSONValue) -> FieldSchema? {
        fields.first { field in
            switch (field.type, value) {
            case (.object, .object), (.map, .object), (.array, .array), (.bool, .bool), (.string, .string): true
            default: false
            }
        }
    }

    /// The field of a union that a JSON text belongs to by its first byte; nil when it belongs to none.
    func unionField(startingWith byte: UInt8) -> FieldSchema? {
        fields.first { field in
            switch (field.type, byte) {
            case (.object, UInt8(ascii: "{")), (.map, UInt8(ascii: "{")), (.array, UInt8(ascii: "[")), (.bool, UInt8(ascii: "t")),
                (.bool, UInt8(ascii: "f")), (.string, UInt8(ascii: "\"")):
                true
            default: false
            }
        }
    }

    /// `v1.DeploymentSpec`, as Go names it in messages.
    var goName: String { "\(groupVersion.version).\(shortName)" }

    /// Sets the fields; called once.
    func setFields(_ fields: [FieldSchema]) {
        self.fields = fields
        requiredFields = fields.indices.filter { fields[$0].isRequired }
        table = FieldTable(fields)
        protobufFields = ProtobufFieldTable(fields)
        protobufOrder = ProtobufOrder(fields, isKind: gvk != nil)
    }
}

/// Finds a field by name without hashing the whole name: by its length and its first, last and middle byte.
private struct FieldTable {
    private var slots: [Int16] = []
    private var mask = 0
    /// The bytes of all names, one after the other, and where each begins and ends.
    private var names: [UInt8] = []
    private var bounds: [Int32] = [0]

    init() {}

    init(_ fields: [FieldSchema]) {
        var size = 8
        while size < fields.count * 3 { size *= 2 }
        mask = size - 1
        slots = [Int16](repeating: -1, count: size)
        for (index, field) in fields.enumerated() {
            var name = field.jsonName
            var slot = name.withUTF8 { Self.hash($0) } & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int16(index)
            names += name.utf8
            bounds.append(Int32(names.count))
        }
    }

    func find(_ name: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !slots.isEmpty else { return nil }
        var slot = Self.hash(name) & mask
        while true {
            let index = Int(slots[slot])
            if index < 0 { return nil }
            if isName(index, name) { return index }
            slot = (slot + 1) & mask
        }
    }

    private func isName(_ index: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = Int(bounds[index])
        guard Int(bounds[index + 1]) - start == name.count else { return false }
        return names.withUnsafeBufferPointer { names in
            for place in 0..<name.count where names[start + place] != name[place] { return false }
            return true
        }
    }

    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        let count = name.count
        guard count > 0 else { return 0 }
        return count &* 31 &+ Int(name[0]) &* 7 &+ Int(name[count - 1]) &* 13 &+ Int(name[count / 2]) &* 3
    }
}
