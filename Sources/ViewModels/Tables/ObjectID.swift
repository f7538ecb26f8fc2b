/// An object's uid in 16 bytes, so that a hundred thousand of them are small and quick to look up.
struct ObjectID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// The bits of a UUID; of any other text a hash, which no two uids of a cluster share in practice.
    init(_ uid: String) {
        var uid = uid
        let bits = uid.withUTF8 { Self.uuid($0) ?? (Self.hash($0, 0xcbf2_9ce4_8422_2325), Self.hash($0, 0x9ae1_6a3b_2f90_404f)) }
        (high, low) = bits
    }

    private static func uuid(_ text: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64)? {
        guard text.count == 36 else { return nil }
        var bits: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (index, byte) in text.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if digits < 16 { bits.0 = bits.0 << 4 | UInt64(digit) } else { bits.1 = bits.1 << 4 | UInt64(digit) }
            digits += 1
        }
        return bits
    }

    private static func hash(_ text: UnsafeBufferPointer<UInt8>, _ basis: UInt64) -> UInt64 {
        text.reduce(basis) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
