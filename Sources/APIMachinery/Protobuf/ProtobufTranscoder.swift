import JSONCore

/// Writes JSON text as protobuf messages, straight from the bytes that are stored: no value is made on the way.
///
/// A message gets its fields by ascending number, as Go writes them, and one inlined message for all of its fields. What the type
/// does not have, nulls, and members of another shape are left out.
struct ProtobufTranscoder {
    /// A field that was written, and where.
    private struct Piece {
        let rank: Int
        let start: Int
        var end = 0
    }

    /// What was written so far.
    var writer = ProtobufWriter()
    private var pieces: [Piece] = []
    private var sorted = ProtobufWriter()
    private var depth = 0

    /// Forgets a message that could not be written to its end.
    mutating func reset(to count: Int) {
        writer.bytes.removeLast(writer.bytes.count - count)
        pieces.removeAll(keepingCapacity: true)
        depth = 0
    }

    /// Writes the fields of the object that comes next.
    mutating func message(_ json: inout JSONCursor, _ type: TypeSchema) throws(ProtobufError) {
        depth += 1
        guard depth <= JSONLimits.deepestDepth else { throw ProtobufError(message: "exceeded max depth of \(JSONLimits.deepestDepth)") }
        try json.expect(UInt8(ascii: "{"))
        let start = writer.bytes.count
        let base = pieces.count
        var isInOrder = !type.protobufOrder.hasInlined
        var last = -1
        if !json.take(UInt8(ascii: "}")) {
            repeat {
                let key = try name(&json)
                let place = writer.bytes.count
                guard let position = key, type.fields[position].protobufNumber > 0 else {
                    try json.skip()
                    continue
                }
                try field(&json, type.fields[position])
                guard writer.bytes.count > place else { continue }
                let rank = type.protobufOrder.ranks[position]
                if rank < last { isInOrder = false }
                last = rank
                pieces.append(Piece(rank: rank, start: place))
            } while json.take(UInt8(ascii: ","))
            try json.expect(UInt8(ascii: "}"))
        }
        if !isInOrder { arrange(from: base, start, type) }
        pieces.removeLast(pieces.count - base)
        depth -= 1

        func name(_ json: inout JSONCursor) throws(ProtobufError) -> Int? {
            let key = try json.string()
            try json.expect(UInt8(ascii: ":"))
            // No field's name needs an escape.
            return key.isPlain ? type.position(of: json[key.start..<key.end]) : nil
        }
    }

    // MARK: Order

    /// Puts the fields of a message in the order of their numbers.
    private mutating func arrange(from base: Int, _ start: Int, _ type: TypeSchema) {
        for index in base..<pieces.count { pieces[index].end = index + 1 < pieces.count ? pieces[index + 1].start : writer.bytes.count }
        pieces[base...].sort { $0.rank < $1.rank }
        sorted.bytes.removeAll(keepingCapacity: true)
        gather(base..<pieces.count, level: 0, type)
        writer.bytes.replaceSubrange(start..., with: sorted.bytes)
    }

    /// Copies fields whose enclosing messages are the same down to `level`.
    private mutating func gather(_ range: Range<Int>, level: Int, _ type: TypeSchema) {
        func parents(_ index: Int) -> [Int32] { type.fields[type.protobufOrder.positions[pieces[index].rank]].protobufParents }
        var index = range.lowerBound
        while index < range.upperBound {
            let own = parents(index)
            guard own.count > level else {
                sorted.bytes += writer.bytes[pieces[index].start..<pieces[index].end]
                index += 1
                continue
            }
            var end = index + 1
            while end < range.upperBound {
                let next = parents(end)
                guard next.count > level, next[level] == own[level] else { break }
                end += 1
            }
            let place = sorted.open(Int(own[level]))
            gather(index..<end, level: level + 1, type)
            sorted.close(place)
            index = end
        }
    }

    // MARK: Values

    private mutating func field(_ json: inout JSONCursor, _ field: FieldSchema) throws(ProtobufError) {
        let number = Int(field.protobufNumber)
        switch field.type {
        case .array(let element):
            guard !field.isWrapped else { return try list(&json, number, element) }
            try items(&json, number, element)
        case .map(let inner): try entries(&json, number, inner)
        default: try value(&json, number, field.type)
        }
    }

    private mutating func items(_ json: inout JSONCursor, _ number: Int, _ element: FieldType) throws(ProtobufError) {
        guard json.peek() == UInt8(ascii: "[") else {
            try json.skip()
            return
        }
        try json.expect(UInt8(ascii: "["))
        if json.take(UInt8(ascii: "]")) { return }
        repeat {
            if json.peek() == UInt8(ascii: "n") {
                try json.skip()
                zero(number, element)
            } else {
                try value(&json, number, element)
            }
        } while json.take(UInt8(ascii: ","))
        try json.expect(UInt8(ascii: "]"))
    }

    /// A list that is a message of its own.
    private mutating func list(_ json: inout JSONCursor, _ number: Int, _ element: FieldType) throws(ProtobufError) {
        guard json.peek() == UInt8(ascii: "[") else {
            try json.skip()
            return
        }
        let place = writer.open(number)
        try items(&json, 1, element)
        writer.close(place)
    }

    private mutating func entries(_ json: inout JSONCursor, _ number: Int, _ inner: FieldType) throws(ProtobufError) {
        guard json.peek() == UInt8(ascii: "{") else {
            try json.skip()
            return
        }
        try json.expect(UInt8(ascii: "{"))
        if json.take(UInt8(ascii: "}")) { return }
        repeat {
            let place = writer.open(number)
            let key = try json.string()
            try text(json, 1, key)
            try json.expect(UInt8(ascii: ":"))
            try value(&json, 2, inner)
            writer.close(place)
        } while json.take(UInt8(ascii: ","))
        try json.expect(UInt8(ascii: "}"))
    }

    private mutating func value(_ json: inout JSONCursor, _ number: Int, _ type: FieldType) throws(ProtobufError) {
        let first = json.peek()
        switch type {
        case .string where first == UInt8(ascii: "\""):
            let content = try json.string()
            try text(json, number, content)
        case .object(let inner) where inner.isUnion: try union(&json, first, number, inner)
        case .object(let inner) where first == UInt8(ascii: "{"):
            let place = writer.open(number)
            try message(&json, inner)
            writer.close(place)
        case .array(let element): try list(&json, number, element)
        case .bool where first == UInt8(ascii: "t") || first == UInt8(ascii: "f"):
            try json.skip()
            writer.varint(number, first == UInt8(ascii: "t") ? 1 : 0)
        case .int32 where Self.startsNumber(first), .int64 where Self.startsNumber(first):
            if let integer = try integer(&json) { writer.varint(number, UInt64(bitPattern: integer)) }
        default: try scalar(&json, first, number, type)
        }
    }

    /// A value that is one of several kinds of JSON. Go's unions of an object and a boolean are true when they hold an object.
    private mutating func union(
        _ json: inout JSONCursor, _ first: UInt8, _ number: Int, _ type: TypeSchema
    ) throws(ProtobufError) {
        guard let own = type.unionField(startingWith: first) else {
            try json.skip()
            return
        }
        let place = writer.open(number)
        for field in type.fields {
            if field === own {
                try self.field(&json, field)
            } else if case .bool = field.type, first == UInt8(ascii: "{") {
                writer.varint(Int(field.protobufNumber), 1)
            }
        }
        writer.close(place)
    }

    static func startsNumber(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte &- 0x30 < 10 }
}
