/// The fields of a type by protobuf number: a flat table, and one level of tables for inlined messages.
struct ProtobufFieldTable: Sendable {
    /// What a number stands for.
    enum Entry: Sendable {
        /// No field of ours.
        case none
        /// The field at this position.
        case field(Int)
        /// A message whose fields JSON shows on the same level.
        case inlined(ProtobufFieldTable)
    }

    private var entries: [Entry] = []

    init() {}

    init(_ fields: [FieldSchema]) {
        for (index, field) in fields.enumerated() where field.protobufNumber > 0 {
            insert(index, field.protobufNumber, field.protobufParents[...])
        }
    }

    /// What a number stands for.
    subscript(number: Int) -> Entry {
        number < entries.count ? entries[number] : .none
    }

    private mutating func insert(_ index: Int, _ number: Int32, _ parents: ArraySlice<Int32>) {
        let slot = Int(parents.first ?? number)
        while entries.count <= slot { entries.append(.none) }
        guard !parents.isEmpty else {
            entries[slot] = .field(index)
            return
        }
        var inner = ProtobufFieldTable()
        if case .inlined(let existing) = entries[slot] { inner = existing }
        inner.insert(index, number, parents.dropFirst())
        entries[slot] = .inlined(inner)
    }
}
