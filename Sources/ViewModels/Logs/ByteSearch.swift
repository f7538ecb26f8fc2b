/// A text to look for in bytes, ASCII letters of either case alike.
struct ByteSearch: Sendable {
    private let needle: [UInt8]

    init(_ text: String) { needle = text.utf8.map(Self.lower) }

    var isEmpty: Bool { needle.isEmpty }

    func isFound(in bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBufferPointer { isFound($0, 0..<$0.count) }
    }

    func isFound(in bytes: [UInt8], _ range: Range<Int>) -> Bool {
        bytes.withUnsafeBufferPointer { isFound($0, range) }
    }

    private func isFound(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        guard let first = needle.first, range.count >= needle.count else { return false }
        var at = range.lowerBound
        let last = range.upperBound - needle.count
        outer: while at <= last {
            defer { at += 1 }
            guard Self.lower(bytes[at]) == first else { continue }
            for offset in 1..<max(1, needle.count) where Self.lower(bytes[at + offset]) != needle[offset] { continue outer }
            return true
        }
        return false
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
}
