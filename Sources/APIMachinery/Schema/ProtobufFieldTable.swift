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

/// The fields of a type in the order of their numbers, those of an inlined message together at its number.
struct ProtobufOrder: Sendable {
    /// The place of each field in the order.
    private(set) var ranks: [Int] = []
    /// The field at each place.
    private(set) var positions: [Int] = []
    /// Whether any field is part of an inlined message.
    private(set) var hasInlined = false
    /// Whether every field has a number, but for the name of the kind, which stands outside.
    private(set) var isWhole = true

    init() {}

    init(_ fields: [FieldSchema], isKind: Bool) {
        isWhole = fields.allSatisfy { $0.protobufNumber > 0 || (isKind && ["apiVersion", "kind"].contains($0.jsonName)) }
        hasInlined = fields.contains { !$0.protobufParents.isEmpty }
        func path(_ position: Int) -> [Int32] { fields[position].protobufParents + [fields[position].protobufNumber] }
        positions = fields.indices.sorted { first, second in
            guard hasInlined else { return fields[first].protobufNumber < fields[second].protobufNumber }
            return path(first).lexicographicallyPrecedes(path(second))
        }
        ranks = [Int](repeating: 0, count: fields.count)
        for (rank, position) in positions.enumerated() { ranks[position] = rank }
    }
}
