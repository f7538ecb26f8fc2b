import JSONCore
import LinuxKernel

/// Walks a protobuf message beside its type and makes the JSON object it stands for.
struct ProtobufWalker {
    private let depthLimit: Int
    private var depth = 0
    /// Values that may still be made; a body of 3 MiB cannot hold more, however it is cut.
    private var budget = 4 << 20

    init(depthLimit: Int) { self.depthLimit = depthLimit }

    /// The object of a message.
    mutating func message(_ reader: ProtobufReader, _ type: TypeSchema) throws(ProtobufError) -> JSONObject {
        try enter()
        var object = JSONObject()
        try fields(reader, type, type.protobufFields, &object)
        depth -= 1
        return object
    }

    private mutating func enter() throws(ProtobufError) {
        depth += 1
        guard depth <= depthLimit else { throw ProtobufError(message: "exceeded max depth of \(depthLimit)") }
    }

    private mutating func fields(
        _ reader: ProtobufReader, _ type: TypeSchema, _ table: ProtobufFieldTable, _ object: inout JSONObject
    ) throws(ProtobufError) {
        var reader = reader
        // Items of a list arrive one by one; the list being filled is kept apart, so that it grows in place.
        var pending: (field: FieldSchema, items: [JSONValue])?
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            budget -= 1
            guard budget > 0 else { throw ProtobufError(message: "too many values") }
            switch table[number] {
            case .none: try reader.skip(wire, number: number)
            case .inlined(let inner):
                guard wire == .delimited else { throw wrongWire(wire, type, "inlined message") }
                let part = try reader.message()
                try enter()
                try fields(part, type, inner, &object)
                depth -= 1
            case .field(let position):
                let field = type.fields[position]
                guard case .array(let element) = field.type else {
                    try single(&reader, wire, field, type, &object)
                    continue
                }
                if let open = pending, open.field !== field { Self.flush(&pending, &object) }
                if pending == nil { pending = (field, Self.takeList(field, &object)) }
                try items(&reader, wire, element, field, type) { pending?.items.append($0) }
            }
        }
        Self.flush(&pending, &object)
    }

    private static func takeList(_ field: FieldSchema, _ object: inout JSONObject) -> [JSONValue] {
        guard let position = object.position(of: field.jsonName), case .array(let items) = object[position].value else { return [] }
        object[position].value = .null
        return items
    }

    private static func flush(_ pending: inout (field: FieldSchema, items: [JSONValue])?, _ object: inout JSONObject) {
        if let open = pending { object[open.field.jsonName] = .array(open.items) }
        pending = nil
    }

    private mutating func items(
        _ reader: inout ProtobufReader, _ wire: ProtobufReader.WireType, _ element: FieldType, _ field: FieldSchema,
        _ type: TypeSchema, _ add: (JSONValue) -> Void
    ) throws(ProtobufError) {
        if field.isWrapped {
            guard wire == .delimited else { throw wrongWire(wire, type, field.jsonName) }
            for item in try wrapped(try reader.message(), element, field, type) { add(item) }
        } else if wire == .delimited, element.isNumber {
            // Packed numbers.
            var part = try reader.message()
            while !part.isAtEnd {
                budget -= 1
                guard budget > 0 else { throw ProtobufError(message: "too many values") }
                add(try value(&part, element.packedWire, element, field, type))
            }
        } else {
            add(try value(&reader, wire, element, field, type))
        }
    }

    /// A list that is a message of its own: `{items = 1}`.
    private mutating func wrapped(
        _ reader: ProtobufReader, _ element: FieldType, _ field: FieldSchema, _ type: TypeSchema
    ) throws(ProtobufError) -> [JSONValue] {
        var reader = reader
        var list: [JSONValue] = []
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            if number == 1 { list.append(try value(&reader, wire, element, field, type)) } else { try reader.skip(wire, number: number) }
        }
        return list
    }

    private mutating func single(
        _ reader: inout ProtobufReader, _ wire: ProtobufReader.WireType, _ field: FieldSchema, _ type: TypeSchema,
        _ object: inout JSONObject
    ) throws(ProtobufError) {
        if case .map(let inner) = field.type {
            guard wire == .delimited else { throw wrongWire(wire, type, field.jsonName) }
            let (key, value) = try entry(try reader.message(), inner, field, type)
            var map: JSONObject = if case .object(let existing)? = object[field.jsonName] { existing } else { JSONObject() }
            object[field.jsonName] = .null
            map[key] = value
            object[field.jsonName] = .object(map)
            return
        }
        if case .object(let inner) = field.type, wire == .delimited {
            let part = try message(try reader.message(), inner)
            if inner.isUnion {
                object[field.jsonName] = Self.unionValue(part, inner)
                return
            }
            // A message given twice is merged, as proto2 asks.
            if case .object(var existing)? = object[field.jsonName] {
                for member in part { existing[member.key] = member.value }
                object[field.jsonName] = .object(existing)
            } else {
                object[field.jsonName] = .object(part)
            }
            return
        }
        let value = try value(&reader, wire, field.type, field, type)
        if value.isNull || Self.isAbsent(value, field) {
            object.removeValue(forKey: field.jsonName)
        } else {
            object[field.jsonName] = value
        }
    }

    /// Go clients write every field that is no pointer, zero or not.
    private static func isAbsent(_ value: JSONValue, _ field: FieldSchema) -> Bool {
        guard field.flags.contains(.dropsZero) else { return false }
        switch value {
        case .string(let text): return text.isEmpty
        case .integer(let number): return number == 0 && field.type.isNumber
        case .double(let number): return number == 0
        case .bool(let flag): return !flag
        default: return false
        }
    }

    private mutating func entry(
        _ reader: ProtobufReader, _ inner: FieldType, _ field: FieldSchema, _ type: TypeSchema
    ) throws(ProtobufError) -> (String, JSONValue) {
        var reader = reader
        var key = ""
        var result: JSONValue?
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            switch number {
            case 1:
                guard wire == .delimited else { throw wrongWire(wire, type, field.jsonName) }
                key = try reader.string()
            case 2:
                if case .array(let element) = inner, wire == .delimited {
                    result = .array(try wrapped(try reader.message(), element, field, type))
                } else {
                    result = try value(&reader, wire, inner, field, type)
                }
            default: try reader.skip(wire, number: number)
            }
        }
        return (key, result ?? Self.zero(inner))
    }

    private static func zero(_ type: FieldType) -> JSONValue {
        switch type {
        case .string, .bytes: .string("")
        case .bool: .bool(false)
        case .int32, .int64, .double, .intOrString: .integer(0)
        case .quantity: .string("0")
        case .array: .array([])
        default: .object(JSONObject())
        }
    }

    private mutating func value(
        _ reader: inout ProtobufReader, _ wire: ProtobufReader.WireType, _ type: FieldType, _ field: FieldSchema, _ owner: TypeSchema
    ) throws(ProtobufError) -> JSONValue {
        switch (type, wire) {
        case (.string, .delimited): return .string(try reader.string())
        case (.bool, .varint): return .bool(try reader.varint() != 0)
        case (.int32, .varint): return .integer(Int64(Int32(truncatingIfNeeded: try reader.varint())))
        case (.int64, .varint): return .integer(Int64(bitPattern: try reader.varint()))
        case (.double, .fixed64):
            let number = Double(bitPattern: try reader.fixed64())
            guard number.isFinite else { throw ProtobufError(message: "\(field.jsonName) is not a finite number") }
            return Self.number(number)
        case (.bytes, .delimited): return .string(Base64.encode(try reader.message().rest))
        case (.object(let inner), .delimited):
            let part = try message(try reader.message(), inner)
            return inner.isUnion ? Self.unionValue(part, inner) : .object(part)
        case (.quantity, .delimited), (.intOrString, .delimited), (.time, .delimited), (.microTime, .delimited),
            (.rawObject, .delimited), (.fieldsV1, .delimited), (.any, .delimited):
            return try ProtobufScalars.read(try reader.message(), type, field, depthLimit: max(1, depthLimit - depth))
        default: throw wrongWire(wire, owner, field.jsonName)
        }
    }

    /// A number as JSON text gives it back: without a fraction where it has none.
    private static func number(_ number: Double) -> JSONValue {
        guard number.magnitude < 1e15, number != 0 || number.sign == .plus, let integer = Int64(exactly: number) else { return .double(number) }
        return .integer(integer)
    }

    /// The value of a union: the object when there is one, else what else was sent, else the zero that stands for nothing sent.
    private static func unionValue(_ part: JSONObject, _ type: TypeSchema) -> JSONValue {
        let sent = type.fields.compactMap { part[$0.jsonName] }
        if let object = sent.first(where: { $0.objectValue != nil }) ?? sent.first { return object }
        let scalar = type.fields.first { $0.type.objectType == nil } ?? type.fields.last
        return scalar.map { zero($0.type) } ?? .null
    }

    private func wrongWire(_ wire: ProtobufReader.WireType, _ type: TypeSchema, _ field: String) -> ProtobufError {
        ProtobufError(message: "proto: wrong wireType = \(wire.rawValue) for field \(field) of \(type.shortName)")
    }
}

extension FieldType {
    /// Whether repeated values may be packed into one.
    fileprivate var isNumber: Bool {
        switch self {
        case .bool, .int32, .int64, .double: true
        default: false
        }
    }

    fileprivate var packedWire: ProtobufReader.WireType {
        if case .double = self { .fixed64 } else { .varint }
    }
}
