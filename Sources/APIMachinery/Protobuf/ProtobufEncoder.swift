package import JSONCore
import LinuxKernel

/// Writes objects as Kubernetes' protobuf bodies. Servers need only read them; writing serves tests and clients of other servers.
package enum ProtobufEncoder {
    /// A body: the magic, and a `runtime.Unknown` with the kind and the object. The value must have the shape of the type, as
    /// ``SchemaDecoder/decode(_:as:validation:duplicates:)`` gives it; members of another shape are left out.
    package static func encode(_ value: JSONValue, type: TypeSchema) -> [UInt8] {
        var meta = ProtobufWriter()
        meta.string(1, value["apiVersion"]?.stringValue ?? type.gvk?.apiVersion ?? "")
        meta.string(2, value["kind"]?.stringValue ?? type.gvk?.kind ?? type.shortName)
        var unknown = ProtobufWriter()
        unknown.delimited(1, meta.bytes)
        unknown.delimited(2, message(value.objectValue ?? JSONObject(), type).bytes)
        unknown.string(3, "")
        unknown.string(4, "")
        return ProtobufDecoder.magic + unknown.bytes
    }

    private static func message(_ object: JSONObject, _ type: TypeSchema) -> ProtobufWriter {
        var writer = ProtobufWriter()
        for field in type.fields where field.protobufNumber > 0 {
            guard let value = object[field.jsonName], !value.isNull else { continue }
            var inner = ProtobufWriter()
            write(value, field, &inner)
            // Inlined messages are written once for each of their fields; readers merge them.
            for (index, _) in field.protobufParents.enumerated().reversed() {
                var outer = ProtobufWriter()
                outer.delimited(Int(field.protobufParents[index]), inner.bytes)
                inner = outer
            }
            writer.bytes += inner.bytes
        }
        return writer
    }

    private static func write(_ value: JSONValue, _ field: FieldSchema, _ writer: inout ProtobufWriter) {
        let number = Int(field.protobufNumber)
        switch (field.type, value) {
        case (.array(let element), .array(let items)):
            if field.isWrapped {
                writer.delimited(number, wrapped(items, element).bytes)
            } else {
                for item in items { write(number, item, element, &writer) }
            }
        case (.map(let inner), .object(let object)):
            for member in object {
                var entry = ProtobufWriter()
                entry.string(1, member.key)
                if case .array(let element) = inner, case .array(let items) = member.value {
                    entry.delimited(2, wrapped(items, element).bytes)
                } else {
                    write(2, member.value, inner, &entry)
                }
                writer.delimited(number, entry.bytes)
            }
        default: write(number, value, field.type, &writer)
        }
    }

    private static func wrapped(_ items: [JSONValue], _ element: FieldType) -> ProtobufWriter {
        var writer = ProtobufWriter()
        for item in items { write(1, item, element, &writer) }
        return writer
    }

    private static func write(_ number: Int, _ value: JSONValue, _ type: FieldType, _ writer: inout ProtobufWriter) {
        switch (type, value) {
        case (.string, .string(let text)): writer.string(number, text)
        case (.bool, .bool(let flag)): writer.varint(number, flag ? 1 : 0)
        case (.int32, .integer(let integer)), (.int64, .integer(let integer)):
            writer.varint(number, UInt64(bitPattern: integer))
        case (.double, _): writer.fixed64(number, (value.doubleValue ?? 0).bitPattern)
        case (.bytes, .string(let text)): writer.delimited(number, Base64.decode(text) ?? [])
        case (.object(let inner), _) where inner.isUnion:
            guard let field = inner.unionField(for: value) else { return }
            writer.delimited(number, message([field.jsonName: value], inner).bytes)
        case (.object(let inner), .object(let object)): writer.delimited(number, message(object, inner).bytes)
        case (.quantity, .string(let text)):
            var inner = ProtobufWriter()
            inner.string(1, text)
            writer.delimited(number, inner.bytes)
        case (.intOrString, _):
            var inner = ProtobufWriter()
            inner.varint(1, value.stringValue == nil ? 0 : 1)
            inner.varint(2, UInt64(bitPattern: value.integerValue ?? 0))
            inner.string(3, value.stringValue ?? "")
            writer.delimited(number, inner.bytes)
        case (.time, .string(let text)), (.microTime, .string(let text)):
            guard let timestamp = Timestamp(rfc3339: text) else { return }
            var inner = ProtobufWriter()
            inner.varint(1, UInt64(bitPattern: timestamp.seconds))
            inner.varint(2, UInt64(timestamp.nanoseconds.magnitude))
            writer.delimited(number, inner.bytes)
        case (.rawObject, _), (.fieldsV1, _), (.any, _):
            var inner = ProtobufWriter()
            inner.delimited(1, JSON.encode(value))
            writer.delimited(number, inner.bytes)
        default: break
        }
    }
}

/// Writes the wire format of protobuf.
struct ProtobufWriter {
    var bytes: [UInt8] = []

    mutating func varint(_ number: Int, _ value: UInt64) {
        raw(UInt64(number) << 3)
        raw(value)
    }

    mutating func fixed64(_ number: Int, _ value: UInt64) {
        raw(UInt64(number) << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func string(_ number: Int, _ text: String) { delimited(number, Array(text.utf8)) }

    mutating func delimited(_ number: Int, _ content: [UInt8]) {
        raw(UInt64(number) << 3 | 2)
        raw(UInt64(content.count))
        bytes += content
    }

    private mutating func raw(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
