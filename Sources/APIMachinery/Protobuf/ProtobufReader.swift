/// Why bytes are no protobuf message of the expected type.
struct ProtobufError: Error {
    let message: String
}

/// Reads the wire format of protobuf from a part of a buffer. Never reads outside it.
struct ProtobufReader {
    /// How a field's value is laid out.
    enum WireType: UInt8 {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
        case startGroup = 3
        case endGroup = 4
        case fixed32 = 5
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position: Int
    private let end: Int

    /// A reader of a whole buffer, which must outlive it.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position >= end }

    /// The number and layout of the next field.
    mutating func field() throws(ProtobufError) -> (number: Int, wire: WireType) {
        let tag = try varint()
        guard let wire = WireType(rawValue: UInt8(tag & 7)) else { throw ProtobufError(message: "proto: illegal wireType \(tag & 7)") }
        guard let number = Int(exactly: tag >> 3), number > 0, number < 1 << 29 else {
            throw ProtobufError(message: "proto: illegal tag \(tag >> 3) (wire type \(tag & 7))")
        }
        return (number, wire)
    }

    mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = bytes[position]
            position += 1
            // The tenth byte holds one bit.
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { break }
        }
        throw ProtobufError(message: position >= end ? "unexpected EOF" : "proto: integer overflow")
    }

    mutating func fixed64() throws(ProtobufError) -> UInt64 {
        guard end - position >= 8 else { throw ProtobufError(message: "unexpected EOF") }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += 8
        return value
    }

    mutating func fixed32() throws(ProtobufError) -> UInt32 {
        guard end - position >= 4 else { throw ProtobufError(message: "unexpected EOF") }
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[position + index]) << UInt32(8 * index) }
        position += 4
        return value
    }

    /// A reader of the next length-delimited value.
    mutating func message() throws(ProtobufError) -> ProtobufReader {
        let length = try varint()
        guard let count = Int(exactly: length), count <= end - position else { throw ProtobufError(message: "unexpected EOF") }
        defer { position += count }
        return ProtobufReader(bytes, position..<position + count)
    }

    /// The next length-delimited value as text; bytes that are no UTF-8 are an error.
    mutating func string() throws(ProtobufError) -> String {
        let part = try message().rest
        guard let text = String(validating: part, as: UTF8.self) else {
            throw ProtobufError(message: "proto: a string field contains invalid UTF-8")
        }
        return text
    }

    /// What is left, without copying.
    var rest: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[position..<end]) }

    /// Passes over a value; groups may nest to a bounded depth.
    mutating func skip(_ wire: WireType, number: Int, depth: Int = 0) throws(ProtobufError) {
        switch wire {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .fixed32: _ = try fixed32()
        case .delimited: _ = try message()
        case .endGroup: throw ProtobufError(message: "proto: unexpected end group")
        case .startGroup:
            guard depth < 32 else { throw ProtobufError(message: "proto: groups are nested too deep") }
            while true {
                let inner = try field()
                if inner.wire == .endGroup {
                    guard inner.number == number else { throw ProtobufError(message: "proto: unexpected end group") }
                    return
                }
                try skip(inner.wire, number: inner.number, depth: depth + 1)
            }
        }
    }
}
