/// Walks JSON text of our own making byte by byte, without making values of it.
///
/// What is only passed over is not checked. Damaged text is an error, never a trap, and is never read beyond its end.
struct JSONCursor {
    /// A string between its quotes.
    struct Text {
        let start: Int
        let end: Int
        /// Whether the bytes between are the text itself, without escapes.
        let isPlain: Bool
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0

    /// A cursor at the start of text that outlives it.
    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The bytes of a part of the text.
    @inline(__always)
    subscript(range: Range<Int>) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: bytes[range]) }

    /// The first byte of what comes next; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            if byte > 0x20 { return byte }
            position += 1
        }
        return 0
    }

    /// Passes a byte of punctuation if it comes next.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    /// Passes a byte of punctuation, which must come next.
    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(ProtobufError) {
        guard take(byte) else { throw damage() }
    }

    /// Passes a string, which must come next.
    mutating func string() throws(ProtobufError) -> Text {
        try expect(UInt8(ascii: "\""))
        let start = position
        var isPlain = true
        guard let base = bytes.baseAddress.map({ UnsafeRawPointer($0) }) else { throw damage() }
        while position < bytes.count {
            if position + 8 <= bytes.count {
                let marks = Self.quotesAndBackslashes(base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                if marks == 0 {
                    position += 8
                    continue
                }
                position += UInt64(littleEndian: marks).trailingZeroBitCount >> 3
            }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return Text(start: start, end: position - 1, isPlain: isPlain)
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            default: position += 1
            }
        }
        throw damage()
    }

    /// Passes a number written as an integer; nil when it is not one that fits 64 bits, which is not passed.
    mutating func integer() -> Int64? {
        let isNegative = peek() == UInt8(ascii: "-")
        var place = position
        if isNegative { place += 1 }
        let digits = place
        var value: Int64 = 0
        while place < bytes.count {
            let digit = bytes[place] &- 0x30
            guard digit < 10 else { break }
            // The least number has no counterpart above zero, so digits are taken away.
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (difference, falls) = product.subtractingReportingOverflow(Int64(digit))
            if overflows || falls { return nil }
            value = difference
            place += 1
        }
        guard place > digits, isNegative || value != .min else { return nil }
        if place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return nil
            default: break
            }
        }
        position = place
        return isNegative ? value : -value
    }

    /// Passes any value. Returns where it stands.
    @discardableResult
    mutating func skip() throws(ProtobufError) -> Range<Int> {
        let first = peek()
        let start = position
        switch first {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipContainer()
        case 0, UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"): throw damage()
        default: while position < bytes.count, Self.isPartOfWord(bytes[position]) { position += 1 }
        }
        guard position > start else { throw damage() }
        return start..<position
    }

    private mutating func skipContainer() throws(ProtobufError) {
        var depth = 0
        repeat {
            switch peek() {
            case UInt8(ascii: "\""): _ = try string()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case 0: throw damage()
            default: position += 1
            }
        } while depth > 0
    }

    func damage() -> ProtobufError { ProtobufError(message: "the JSON text is damaged at byte \(position)") }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// A word whose set high bits mark quotes and backslashes; only the first is to be relied on.
    @inline(__always)
    private static func quotesAndBackslashes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        return ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & (ones &* 0x80)
    }
}
