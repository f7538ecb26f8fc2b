import JSONCore
import LinuxKernel

extension ProtobufTranscoder {
    /// A string of the text as a field.
    mutating func text(_ json: JSONCursor, _ number: Int, _ text: JSONCursor.Text) throws(ProtobufError) {
        if text.isPlain { return writer.delimited(number, json[text.start..<text.end]) }
        guard case .string(let value) = try parsed(json, text.start - 1..<text.end + 1) else { throw json.damage() }
        writer.string(number, value)
    }

    /// An integer; nil for a number that is none.
    mutating func integer(_ json: inout JSONCursor) throws(ProtobufError) -> Int64? {
        if let integer = json.integer() { return integer }
        let range = try json.skip()
        return try parsed(json, range).integerValue
    }

    /// The messages that stand for single values in JSON, and rarer scalars; what has another shape is passed over.
    mutating func scalar(_ json: inout JSONCursor, _ first: UInt8, _ number: Int, _ type: FieldType) throws(ProtobufError) {
        switch type {
        case .quantity where first == UInt8(ascii: "\""):
            let content = try json.string()
            let place = writer.open(number)
            try text(json, 1, content)
            writer.close(place)
        case .quantity where Self.startsNumber(first):
            let place = writer.open(number)
            writer.delimited(1, json[try json.skip()])
            writer.close(place)
        case .intOrString where first == UInt8(ascii: "\""):
            let content = try json.string()
            let place = writer.open(number)
            writer.varint(1, 1)
            writer.varint(2, 0)
            try text(json, 3, content)
            writer.close(place)
        case .intOrString where Self.startsNumber(first): intOrString(number, try integer(&json) ?? 0)
        case .time where first == UInt8(ascii: "\""), .microTime where first == UInt8(ascii: "\""):
            let content = try json.string()
            if let time = Timestamp(rfc3339: json[content.start..<content.end]) { self.time(number, time) }
        case .rawObject where first != UInt8(ascii: "n"), .fieldsV1 where first != UInt8(ascii: "n"), .any where first != UInt8(ascii: "n"):
            let place = writer.open(number)
            writer.delimited(1, json[try json.skip()])
            writer.close(place)
        case .double where Self.startsNumber(first):
            let range = try json.skip()
            writer.fixed64(number, (try parsed(json, range).doubleValue ?? 0).bitPattern)
        case .bytes where first == UInt8(ascii: "\""):
            let content = try json.string()
            guard content.isPlain else { return try bytes(json, number, content) }
            writer.delimited(number, Base64.decode(String(decoding: json[content.start..<content.end], as: UTF8.self)) ?? [])
        default: try json.skip()
        }
    }

    private mutating func bytes(_ json: JSONCursor, _ number: Int, _ text: JSONCursor.Text) throws(ProtobufError) {
        let value = try parsed(json, text.start - 1..<text.end + 1)
        writer.delimited(number, Base64.decode(value.stringValue ?? "") ?? [])
    }

    private mutating func intOrString(_ number: Int, _ integer: Int64) {
        let place = writer.open(number)
        writer.varint(1, 0)
        writer.varint(2, UInt64(bitPattern: integer))
        writer.string(3, "")
        writer.close(place)
    }

    private mutating func time(_ number: Int, _ time: Timestamp) {
        let place = writer.open(number)
        writer.varint(1, UInt64(bitPattern: time.seconds))
        writer.varint(2, UInt64(time.nanoseconds.magnitude))
        writer.close(place)
    }

    /// What null is as an item of a list.
    mutating func zero(_ number: Int, _ type: FieldType) {
        switch type {
        case .bool, .int32, .int64: writer.varint(number, 0)
        case .double: writer.fixed64(number, 0)
        case .intOrString: intOrString(number, 0)
        default: writer.delimited(number, [])
        }
    }

    private func parsed(_ json: JSONCursor, _ range: Range<Int>) throws(ProtobufError) -> JSONValue {
        do throws(JSONError) {
            return try JSON.parse(UnsafeRawBufferPointer(json[range]), limits: .unlimitedSize)
        } catch {
            throw ProtobufError(message: "the JSON text is damaged: \(error.message)")
        }
    }
}
