/// An IPv4 address.
package struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// In host byte order, so that `value + 1` is the next address.
    package let value: UInt32

    package init(_ value: UInt32) { self.value = value }

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        value = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// Parses dotted decimal, four parts, no leading zeros; nil for anything else.
    package init?(_ text: some StringProtocol) {
        var value: UInt32 = 0
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        for part in parts {
            guard let number = UInt8(part), "\(number)" == part else { return nil }
            value = value << 8 | UInt32(number)
        }
        self.value = value
    }

    /// The four bytes in network order.
    package var bytes: [UInt8] { [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)] }

    /// From four bytes in network order; nil for another length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    package static func < (a: IPv4Address, b: IPv4Address) -> Bool { a.value < b.value }

    package var description: String { "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)" }
}

/// An IPv4 range in CIDR form; its host bits are always zero.
package struct IPv4Network: Sendable, Hashable, CustomStringConvertible {
    package let address: IPv4Address
    /// 0…32.
    package let prefixLength: Int

    /// Host bits of `address` are cleared.
    package init(_ address: IPv4Address, _ prefixLength: Int) {
        precondition((0...32).contains(prefixLength), "a prefix has 0 to 32 bits")
        self.prefixLength = prefixLength
        self.address = IPv4Address(address.value & Self.mask(prefixLength))
    }

    /// Parses `a.b.c.d/n`; nil for anything else, and when host bits are set.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = Int(parts[1]), (0...32).contains(length),
            "\(length)" == parts[1], address.value & ~Self.mask(length) == 0
        else { return nil }
        self.init(address, length)
    }

    /// Only this address.
    package static func host(_ address: IPv4Address) -> IPv4Network { IPv4Network(address, 32) }

    package var mask: IPv4Address { IPv4Address(Self.mask(prefixLength)) }
    /// The last address, which is the broadcast address of a link.
    package var last: IPv4Address { IPv4Address(address.value | ~Self.mask(prefixLength)) }
    /// The address `offset` after the first; nil outside the range.
    package func address(at offset: UInt32) -> IPv4Address? {
        let (value, overflow) = address.value.addingReportingOverflow(offset)
        return overflow || value > last.value ? nil : IPv4Address(value)
    }

    package func contains(_ other: IPv4Address) -> Bool { other.value & Self.mask(prefixLength) == address.value }
    package func overlaps(_ other: IPv4Network) -> Bool { contains(other.address) || other.contains(address) }

    package var description: String { "\(address)/\(prefixLength)" }

    private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~UInt32(0) << UInt32(32 - length) }
}
