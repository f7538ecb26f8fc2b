/// Long keys that were seen in this document, so that the hundredth `creationTimestamp` shares the first one's storage.
struct KeyCache {
    private var slots: [(fingerprint: UInt64, key: String)] = []

    @inline(__always)
    static func fingerprint(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
        let length = end - start
        let raw = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped)
        if length >= 8 {
            let head = raw.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            let tail = raw.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)
            return (head &* 0x9E37_79B9_7F4A_7C15) ^ (tail &* 0xC2B2_AE3D_27D4_EB4F) ^ UInt64(truncatingIfNeeded: length)
        }
        var word: UInt64 = 0
        for place in start..<end { word = word << 8 | UInt64(bytes[place]) }
        return word &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: length)
    }

    mutating func string(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ fingerprint: UInt64) -> String {
        if slots.isEmpty { slots = Array(repeating: (0, ""), count: 128) }
        let source = UnsafeBufferPointer(rebasing: bytes[start..<end])
        let slot = Int(truncatingIfNeeded: fingerprint >> 57)
        if slots[slot].fingerprint == fingerprint, Self.equal(slots[slot].key, source) { return slots[slot].key }
        let key = String(decoding: source, as: UTF8.self)
        slots[slot] = (fingerprint, key)
        return key
    }

    private static func equal(_ key: String, _ source: UnsafeBufferPointer<UInt8>) -> Bool {
        var key = key
        return key.withUTF8 { $0.elementsEqual(source) }
    }
}
