/// A text to look for in bytes, ASCII letters of either case alike.
struct ByteSearch: Sendable {
    private let needle: [UInt8]

    init(_ text: String) { needle = text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 } }

    var isEmpty: Bool { needle.isEmpty }

    func isFound(in bytes: ArraySlice<UInt8>) -> Bool {
        !isEmpty && bytes.withUnsafeBytes { TextScan.contains(needle, in: $0) }
    }

    func isFound(in bytes: [UInt8], _ range: Range<Int>) -> Bool { isFound(in: bytes[range]) }
}
