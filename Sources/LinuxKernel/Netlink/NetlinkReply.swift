/// One message the kernel sent.
package struct NetlinkReply: Sendable {
    package let type: UInt16
    package let flags: UInt16
    package let sequence: UInt32
    /// Everything after the netlink header.
    package let payload: ArraySlice<UInt8>

    /// Splits what one recv(2) brought into messages; a malformed rest is dropped.
    package static func all(in bytes: [UInt8]) -> [NetlinkReply] {
        var replies: [NetlinkReply] = []
        var position = 0
        while position + 16 <= bytes.count {
            let length = Int(bytes.number(UInt32.self, at: position))
            guard length >= 16, length <= bytes.count - position else { break }
            replies.append(
                NetlinkReply(
                    type: bytes.number(UInt16.self, at: position + 4), flags: bytes.number(UInt16.self, at: position + 6),
                    sequence: bytes.number(UInt32.self, at: position + 8),
                    payload: bytes[(position + 16)..<(position + length)]))
            position += (length + 3) & ~3
        }
        return replies
    }

    /// A number of the fixed header, `offset` bytes into the payload; 0 beyond its end.
    package func field<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
        payload.number(type, at: payload.startIndex + offset)
    }

    /// The attributes behind a fixed header of `headerSize` bytes.
    package func attributes(after headerSize: Int) -> NetlinkAttributes {
        NetlinkAttributes(payload.dropFirst((headerSize + 3) & ~3))
    }
}

/// The attributes of a message or of a nested attribute, by type; the last of equal ones wins.
package struct NetlinkAttributes: Sendable {
    private var values: [UInt16: ArraySlice<UInt8>] = [:]
    /// In the order sent, for lists.
    package private(set) var ordered: [(type: UInt16, value: ArraySlice<UInt8>)] = []

    package init(_ bytes: ArraySlice<UInt8>) {
        var position = bytes.startIndex
        while position + 4 <= bytes.endIndex {
            let length = Int(bytes.number(UInt16.self, at: position))
            guard length >= 4, length <= bytes.endIndex - position else { return }
            let type = bytes.number(UInt16.self, at: position + 2) & 0x3fff
            let value = bytes[(position + 4)..<(position + length)]
            values[type] = value
            ordered.append((type, value))
            position += (length + 3) & ~3
        }
    }

    package subscript(_ type: UInt16) -> ArraySlice<UInt8>? { values[type] }

    /// A number in the machine's byte order.
    package func number<T: FixedWidthInteger>(_ type: UInt16, _ as: T.Type = T.self) -> T? {
        values[type].flatMap { $0.count >= MemoryLayout<T>.size ? $0.number(T.self, at: $0.startIndex) : nil }
    }

    /// A number in network byte order.
    package func bigEndian<T: FixedWidthInteger>(_ type: UInt16, _ as: T.Type = T.self) -> T? {
        number(type, T.self).map { T(bigEndian: $0) }
    }

    /// Text without its final zero.
    package func text(_ type: UInt16) -> String? {
        values[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    package func address(_ type: UInt16) -> IPv4Address? { values[type].flatMap { IPv4Address(bytes: $0) } }

    package func nested(_ type: UInt16) -> NetlinkAttributes? { values[type].map { NetlinkAttributes($0) } }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// A number in the machine's byte order; 0 when fewer bytes are left.
    fileprivate func number<T: FixedWidthInteger>(_ type: T.Type, at position: Int) -> T {
        let size = MemoryLayout<T>.size
        guard position >= startIndex, position + size <= endIndex else { return 0 }
        var value: T = 0
        for index in stride(from: size - 1, through: 0, by: -1) { value = value << 8 | T(truncatingIfNeeded: self[position + index]) }
        return T(littleEndian: value)
    }
}
