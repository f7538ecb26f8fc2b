/// A range of IPv4 or IPv6 addresses, as `10.0.0.0/8`.
struct CIDR: Sendable, Hashable {
    static let problem = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"

    private let bytes: [UInt8]
    private let length: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = CertificateIssuer.addressBytes(String(parts[0])), let length = Int(parts[1]),
            (0...bytes.count * 8).contains(length), String(length) == parts[1]
        else { return nil }
        self.bytes = bytes
        self.length = length
    }

    /// Whether the address is not the first of its range.
    var hasHostBits: Bool {
        (length..<bytes.count * 8).contains { bytes[$0 / 8] & (UInt8(128) >> UInt8($0 % 8)) != 0 }
    }

    /// Whether an address, as text, lies inside.
    func contains(_ address: String) -> Bool {
        guard let other = CertificateIssuer.addressBytes(address), other.count == bytes.count else { return false }
        return (0..<length).allSatisfy { bit in
            let mask = UInt8(128) >> UInt8(bit % 8)
            return bytes[bit / 8] & mask == other[bit / 8] & mask
        }
    }

    /// Whether the other range lies inside and is smaller.
    func strictlyContains(_ other: CIDR) -> Bool {
        guard bytes.count == other.bytes.count, other.length > length else { return false }
        return (0..<length).allSatisfy { bit in
            let mask = UInt8(128) >> UInt8(bit % 8)
            return bytes[bit / 8] & mask == other.bytes[bit / 8] & mask
        }
    }
}
