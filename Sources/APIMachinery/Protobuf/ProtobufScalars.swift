import JSONCore
import LinuxKernel

/// The messages that stand for single values in JSON.
enum ProtobufScalars {
    static func read(
        _ reader: ProtobufReader, _ type: FieldType, _ field: FieldSchema, depthLimit: Int
    ) throws(ProtobufError) -> JSONValue {
        switch type {
        case .quantity: return try quantity(reader, field)
        case .intOrString: return try intOrString(reader)
        case .time: return try time(reader, field)?.rfc3339.json ?? .null
        case .microTime: return try time(reader, field)?.rfc3339Micro.json ?? .null
        default: return try raw(reader, field, depthLimit)
        }
    }

    /// `{string = 1}`
    private static func quantity(_ reader: ProtobufReader, _ field: FieldSchema) throws(ProtobufError) -> JSONValue {
        var reader = reader
        var text = "0"
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            if number == 1, wire == .delimited { text = try reader.string() } else { try reader.skip(wire, number: number) }
        }
        if text.isEmpty { text = "0" }
        do throws(QuantityError) { return .string(try Quantity(parsing: text).canonical) } catch {
            throw ProtobufError(message: "\(field.jsonName): \(error.rawValue)")
        }
    }

    /// `{type = 1 (0 integer, 1 string), intVal = 2, strVal = 3}`
    private static func intOrString(_ reader: ProtobufReader) throws(ProtobufError) -> JSONValue {
        var reader = reader
        var isText = false
        var integer: Int32 = 0
        var text = ""
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            switch (number, wire) {
            case (1, .varint): isText = try reader.varint() == 1
            case (2, .varint): integer = Int32(truncatingIfNeeded: try reader.varint())
            case (3, .delimited): text = try reader.string()
            default: try reader.skip(wire, number: number)
            }
        }
        return isText ? .string(text) : .integer(Int64(integer))
    }

    /// `{seconds = 1, nanos = 2}`; an empty message is no time, which Go writes for fields that are not set.
    private static func time(_ reader: ProtobufReader, _ field: FieldSchema) throws(ProtobufError) -> Timestamp? {
        var reader = reader
        var seconds: Int64?
        var nanos: Int32 = 0
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            switch (number, wire) {
            case (1, .varint): seconds = Int64(bitPattern: try reader.varint())
            case (2, .varint): nanos = Int32(truncatingIfNeeded: try reader.varint())
            default: try reader.skip(wire, number: number)
            }
        }
        guard let seconds else { return nil }
        // Go's zero time, the first second of the year 1, is no time either.
        if seconds == -62_135_596_800, nanos == 0 { return nil }
        guard seconds >= -62_135_596_800, seconds <= 253_402_300_799, nanos >= 0, nanos < 1_000_000_000 else {
            throw ProtobufError(message: "\(field.jsonName) is not a time between the years 1 and 9999")
        }
        return Timestamp(seconds: seconds, nanoseconds: nanos)
    }

    /// `{raw = 1}`: JSON as bytes. A raw protobuf object inside is refused, since its type is unknown here.
    private static func raw(_ reader: ProtobufReader, _ field: FieldSchema, _ depthLimit: Int) throws(ProtobufError) -> JSONValue {
        var reader = reader
        var bytes: UnsafeBufferPointer<UInt8>?
        while !reader.isAtEnd {
            let (number, wire) = try reader.field()
            if number == 1, wire == .delimited { bytes = try reader.message().rest } else { try reader.skip(wire, number: number) }
        }
        guard let bytes, !bytes.isEmpty else { return .null }
        do throws(JSONError) {
            return try JSON.parse(UnsafeRawBufferPointer(bytes), limits: JSONLimits(maximumDepth: depthLimit))
        } catch {
            throw ProtobufError(message: "\(field.jsonName) holds no JSON: \(error.message)")
        }
    }
}

extension String {
    fileprivate var json: JSONValue { .string(self) }
}
