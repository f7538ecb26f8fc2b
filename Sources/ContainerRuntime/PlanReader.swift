internal import CLinux

/// Reads the fields of a message; every number in it is checked, nothing is trusted.
struct PlanReader: Sequence, IteratorProtocol {
    struct Field {
        let tag: UInt32
        let bytes: ArraySlice<UInt8>

        func isTag(_ wanted: kd_tag) -> Bool { tag == wanted.rawValue }

        /// The text without its NUL; nil unless it has exactly that one.
        var text: String? {
            guard let last = bytes.last, last == 0, bytes.firstIndex(of: 0) == bytes.endIndex - 1 else { return nil }
            return String(decoding: bytes.dropLast(), as: UTF8.self)
        }

        var number: UInt64? {
            guard bytes.count == 8 else { return nil }
            return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        }
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end and at the first malformed one.
    mutating func next() -> Field? {
        let headerSize = MemoryLayout<kd_field_header>.size
        guard rest.count >= headerSize else { return nil }
        let header = rest.withUnsafeBytes { $0.loadUnaligned(as: kd_field_header.self) }
        let size = Int(header.size)
        let padded = (size + 7) & ~7
        guard padded <= rest.count - headerSize else { return nil }
        let start = rest.startIndex + headerSize
        defer { rest = rest[(start + padded)...] }
        return Field(tag: header.tag, bytes: rest[start..<start + size])
    }
}
