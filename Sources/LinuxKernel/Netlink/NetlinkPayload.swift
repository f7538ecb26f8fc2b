/// Bytes of a netlink message under construction: headers, then attributes aligned to four bytes.
package struct NetlinkPayload: Sendable, Hashable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Appends a fixed header as it lies in memory on this machine.
    package mutating func header<each T: BitwiseCopyable>(_ field: repeat each T) {
        repeat appendRaw(each field)
        pad()
    }

    package mutating func attribute(_ type: UInt16, _ value: [UInt8]) {
        let length = 4 + value.count
        precondition(length <= Int(UInt16.max), "a netlink attribute holds at most 65531 bytes")
        appendRaw(UInt16(length))
        appendRaw(type)
        bytes += value
        pad()
    }

    /// Appends a number in the machine's byte order (rtnetlink).
    package mutating func attribute<T: FixedWidthInteger>(_ type: UInt16, _ value: T) {
        attribute(type, withUnsafeBytes(of: value, Array.init))
    }

    /// Appends a number in network byte order (nf_tables).
    package mutating func attribute<T: FixedWidthInteger>(_ type: UInt16, bigEndian value: T) {
        attribute(type, withUnsafeBytes(of: value.bigEndian, Array.init))
    }

    /// Appends text with its final zero.
    package mutating func attribute(_ type: UInt16, _ text: String) { attribute(type, Array(text.utf8) + [0]) }

    /// Appends an attribute that holds attributes; `flag` is NLA_F_NESTED, which rtnetlink's older parts do without.
    package mutating func nested(_ type: UInt16, flag: UInt16 = 0x8000, _ body: (inout NetlinkPayload) -> Void) {
        var inner = NetlinkPayload()
        body(&inner)
        attribute(type | flag, inner.bytes)
    }

    private mutating func appendRaw<T: BitwiseCopyable>(_ value: T) {
        withUnsafeBytes(of: value) { bytes += $0 }
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }
}

/// One request: type, flags, payload, and words for the error when the kernel refuses it.
package struct NetlinkMessage: Sendable {
    package static let request: UInt16 = 0x01
    package static let acknowledge: UInt16 = 0x04
    package static let dump: UInt16 = 0x300
    package static let replace: UInt16 = 0x100
    package static let exclusive: UInt16 = 0x200
    package static let create: UInt16 = 0x400
    package static let append: UInt16 = 0x800

    package let type: UInt16
    package var flags: UInt16
    package var payload: NetlinkPayload
    /// What is asked for, for example `RTM_NEWROUTE 10.42.0.0/24`.
    package let label: String
    /// Error numbers that mean "already as wanted".
    package var tolerated: [Int32] = []

    package init(_ label: String, type: UInt16, flags: UInt16 = 0, payload: NetlinkPayload = NetlinkPayload()) {
        self.label = label
        self.type = type
        self.flags = flags | Self.request
        self.payload = payload
    }

    /// The same request, for which these error numbers count as success.
    package func tolerating(_ errors: Int32...) -> NetlinkMessage {
        var copy = self
        copy.tolerated += errors
        return copy
    }

    /// The bytes as sent, header included.
    package func encoded(sequence: UInt32, port: UInt32 = 0) -> [UInt8] {
        var out = NetlinkPayload()
        out.header(UInt32(16 + payload.bytes.count), type, flags, sequence, port)
        return out.bytes + payload.bytes
    }
}
