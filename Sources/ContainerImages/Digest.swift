internal import Crypto

/// A content digest; only sha256 exists here.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    /// Parses `sha256:<64 hex>`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 71, text.hasPrefix("sha256:") else { return nil }
        self.init(hex: text.dropFirst(7))
    }

    /// From 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hex: some StringProtocol) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
        self.hex = String(hex)
    }

    /// The digest of `bytes`.
    package init(of bytes: some Sequence<UInt8>) {
        var hasher = DigestHasher()
        Array(bytes).withUnsafeBytes { hasher.update($0) }
        self = hasher.finish()
    }

    fileprivate init(raw: some Sequence<UInt8>) {
        hex = String(unsafeUninitializedCapacity: 64) { out in
            var position = 0
            for byte in raw {
                for digit in [byte >> 4, byte & 15] {
                    out[position] = digit < 10 ? 48 + digit : 87 + digit
                    position += 1
                }
            }
            return position
        }
    }

    /// `sha256:…`.
    package var description: String { "sha256:\(hex)" }

    /// The chain id of a layer on top of `parent` (nil for the first). Source: OCI image-spec, layer chain id.
    package static func chainID(of diffID: Digest, on parent: Digest?) -> Digest {
        guard let parent else { return diffID }
        return Digest(of: "\(parent) \(diffID)".utf8)
    }
}

/// SHA-256 over a stream.
struct DigestHasher {
    private var state = SHA256()

    mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }
    mutating func update(_ text: String) { Array(text.utf8).withUnsafeBytes { update($0) } }
    func finish() -> Digest { Digest(raw: state.finalize()) }
}
