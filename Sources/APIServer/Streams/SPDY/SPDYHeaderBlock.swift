/// Header blocks as they stand inside the compression: a count, then names and values with their lengths.
/// Source: draft-mbelshe-httpbis-spdy-00 section 2.6.10.
enum SPDYHeaderBlock {
    /// Bounds on one block.
    enum Limits {
        /// Bytes of text.
        static let text = 64 << 10
        static let pairs = 100
    }

    /// Reads a whole block.
    static func parse(_ bytes: [UInt8]) throws(SPDYFailure) -> SPDYHeaders {
        var position = 0
        func number() throws(SPDYFailure) -> Int {
            guard bytes.count - position >= 4 else { throw .malformed("a header block ends early") }
            defer { position += 4 }
            return bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        func text() throws(SPDYFailure) -> String {
            let count = try number()
            guard count <= bytes.count - position else { throw .malformed("a header is longer than its block") }
            defer { position += count }
            return String(decoding: bytes[position..<(position + count)], as: UTF8.self)
        }
        let count = try number()
        guard count <= Limits.pairs else { throw .headersTooLarge }
        var pairs: [(name: String, value: String)] = []
        for _ in 0..<count {
            let name = try text()
            guard !name.isEmpty, !name.utf8.contains(where: { $0 >= 65 && $0 <= 90 }) else {
                throw .malformed("a header has no name, or one with capitals")
            }
            guard !pairs.contains(where: { $0.name == name }) else { throw .malformed("a header is given twice") }
            pairs.append((name, try text()))
        }
        guard position == bytes.count else { throw .malformed("a header block is longer than its headers") }
        return SPDYHeaders(pairs)
    }

    /// The bytes of a block.
    static func encode(_ headers: SPDYHeaders) -> [UInt8] {
        var out = bigEndian(headers.pairs.count)
        for (name, value) in headers.pairs {
            out += bigEndian(name.utf8.count)
            out += name.utf8
            out += bigEndian(value.utf8.count)
            out += value.utf8
        }
        return out
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        let number = UInt32(clamping: value)
        return [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }
}

/// The other direction of ``HeaderInflater``: stored blocks, as what we say about streams is next to nothing.
struct HeaderDeflater {
    private var hasHeader = false

    /// The next block of a connection; ends with the empty stored block that makes readers hand out what they have.
    mutating func deflate(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        if !hasHeader {
            hasHeader = true
            let checksum = SPDYDictionary.checksum
            out = [0x78, 0xbb, UInt8(checksum >> 24), UInt8(checksum >> 16 & 255), UInt8(checksum >> 8 & 255), UInt8(checksum & 255)]
        }
        var rest = text[...]
        while !rest.isEmpty {
            let piece = rest.prefix(0xffff)
            rest = rest.dropFirst(piece.count)
            let low = UInt8(piece.count & 255)
            let high = UInt8(piece.count >> 8)
            out += [0, low, high, ~low, ~high]
            out += piece
        }
        return out + [0, 0, 0, 0xff, 0xff]
    }
}
