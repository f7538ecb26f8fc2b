/// Finding lower-case bytes in text, ignoring the case of ASCII letters.
enum TextScan {
    /// Whether the bytes are in the text. Looks at 16 places at once for those where the first and the last byte of `needle` stand.
    static func contains(_ needle: [UInt8], in text: UnsafeRawBufferPointer) -> Bool {
        guard let first = needle.first, let last = needle.last else { return true }
        guard text.count >= needle.count else { return false }
        return needle.withUnsafeBufferPointer { needle in
            let places = text.count - needle.count + 1
            let heads = Lanes(first)
            let tails = Lanes(last)
            var start = 0
            while start + Lanes.count <= places {
                let hits = heads.matches(text, at: start) .& tails.matches(text, at: start + needle.count - 1)
                if Lanes.hasAny(hits) {
                    for lane in 0..<Lanes.count where hits[lane] && holds(needle, in: text, at: start + lane) { return true }
                }
                start += Lanes.count
            }
            while start < places {
                if holds(needle, in: text, at: start) { return true }
                start += 1
            }
            return false
        }
    }

    private static func holds(_ needle: UnsafeBufferPointer<UInt8>, in text: UnsafeRawBufferPointer, at start: Int) -> Bool {
        for offset in needle.indices where lowered(text[start + offset]) != needle[offset] { return false }
        return true
    }

    /// One byte of a needle, to be compared with 16 bytes of a text.
    private struct Lanes {
        static let count = 16
        private let wanted: SIMD16<UInt8>
        /// The bit in which capitals differ from small letters; none when the byte is no letter.
        private let folded: SIMD16<UInt8>

        init(_ byte: UInt8) {
            wanted = SIMD16(repeating: byte)
            folded = SIMD16(repeating: byte >= 0x61 && byte <= 0x7A ? 0x20 : 0)
        }

        @inline(__always)
        func matches(_ text: UnsafeRawBufferPointer, at place: Int) -> SIMDMask<SIMD16<Int8>> {
            (text.loadUnaligned(fromByteOffset: place, as: SIMD16<UInt8>.self) | folded) .== wanted
        }

        @inline(__always)
        static func hasAny(_ hits: SIMDMask<SIMD16<Int8>>) -> Bool {
            let words = unsafeBitCast(hits, to: SIMD2<UInt64>.self)
            return words[0] | words[1] != 0
        }
    }

    static func hasLetters(_ letters: [UInt8], in text: UnsafeRawBufferPointer) -> Bool {
        var next = 0
        for byte in text where next < letters.count && lowered(byte) == letters[next] { next += 1 }
        return next == letters.count
    }

    @inline(__always)
    private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}
