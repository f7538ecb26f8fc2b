/// A range of IPv4 addresses, as `10.96.0.0/12`.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The network address.
    package let first: UInt32
    /// The length of the prefix, 0 ... 32.
    package let prefixLength: Int

    /// Parses CIDR notation; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Self.parse(String(parts[0])), let length = Int(parts[1]), (0...32).contains(length) else {
            return nil
        }
        prefixLength = length
        first = length == 0 ? 0 : address & ~UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(32 - length)) - 1)
    }

    /// The number of addresses.
    package var size: Int { 1 << (32 - prefixLength) }

    /// Whether an address lies inside.
    package func contains(_ address: UInt32) -> Bool { address >= first && Int(address - first) < size }

    /// CIDR notation.
    package var description: String { "\(Self.text(first))/\(prefixLength)" }

    /// An IPv4 address as a number; nil for anything else.
    package static func parse(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard part.utf8.count <= 3, part.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let byte = UInt8(part) else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }

    /// The dotted form.
    package static func text(_ address: UInt32) -> String {
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    }
}
