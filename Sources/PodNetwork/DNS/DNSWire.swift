/// What is wrong with a message.
package struct DNSMessageError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// Reads a message from its beginning; nothing in the bytes can make it read outside of them or for ever.
struct DNSReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() throws(DNSMessageError) -> UInt8 {
        guard position < bytes.count else { throw DNSMessageError("the message ends too early") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(DNSMessageError) -> UInt16 {
        let high = try byte()
        return UInt16(high) << 8 | UInt16(try byte())
    }

    mutating func longNumber() throws(DNSMessageError) -> UInt32 {
        let high = try number()
        return UInt32(high) << 16 | UInt32(try number())
    }

    mutating func bytes(_ count: Int) throws(DNSMessageError) -> [UInt8] {
        guard count >= 0, count <= bytes.count - position else { throw DNSMessageError("the message ends too early") }
        defer { position += count }
        return Array(bytes[position..<(position + count)])
    }

    /// A name; its pointers lead strictly backwards, so that there is an end to them.
    mutating func name() throws(DNSMessageError) -> DNSName {
        var wire: [UInt8] = []
        var place = position
        var bound = position
        var end: Int?
        while true {
            guard place < bytes.count else { throw DNSMessageError("a name has no end") }
            let size = Int(bytes[place])
            switch size >> 6 {
            case 0:
                guard place + 1 + size <= bytes.count else { throw DNSMessageError("a label is longer than the message") }
                wire += bytes[place...(place + size)]
                guard wire.count + (size == 0 ? 0 : 1) <= DNSName.maximumLength else { throw DNSMessageError("a name is longer than 255 bytes") }
                place += 1 + size
                if size == 0 {
                    position = end ?? place
                    return DNSName(wire: wire)
                }
            case 3:
                guard place + 1 < bytes.count else { throw DNSMessageError("a name has no end") }
                let target = (size & 0x3F) << 8 | Int(bytes[place + 1])
                guard target < bound else { throw DNSMessageError("a name refers to what is not before it") }
                end = end ?? place + 2
                (place, bound) = (target, target)
            default: throw DNSMessageError("a label has an unknown form")
            }
        }
    }
}

/// Writes a message; names that were written before are referred to.
struct DNSWriter {
    private(set) var bytes: [UInt8] = []
    private var places: [ArraySlice<UInt8>: Int] = [:]

    init() { bytes.reserveCapacity(512) }

    mutating func write(_ number: UInt16) { bytes += [UInt8(number >> 8), UInt8(number & 255)] }
    mutating func write(_ number: UInt32) {
        write(UInt16(number >> 16))
        write(UInt16(number & 0xFFFF))
    }
    mutating func write(_ more: [UInt8]) { bytes += more }

    mutating func write(_ name: DNSName, compressing: Bool = true) {
        var rest = name.wire[...]
        while let size = rest.first, size != 0 {
            if compressing, let place = places[rest] { return write(UInt16(0xC000 | place)) }
            if bytes.count < 0x4000 { places[rest] = bytes.count }
            bytes += rest.prefix(1 + Int(size))
            rest = rest.dropFirst(1 + Int(size))
        }
        bytes.append(0)
    }

    /// Replaces a number written before.
    mutating func patch(_ number: UInt16, at place: Int) {
        bytes[place] = UInt8(number >> 8)
        bytes[place + 1] = UInt8(number & 255)
    }

    /// Forgets everything from `length` on.
    mutating func cut(to length: Int) {
        bytes.removeLast(bytes.count - length)
        places = places.filter { $0.value < length }
    }
}
