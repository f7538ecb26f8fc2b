/// Finds the end of string literals and turns their bytes into Strings.
enum JSONStringScanner {
    /// What a pass over a literal found: the place of the closing quote, and whether the bytes between are the text itself.
    struct Scan {
        var end: Int
        var isPlain: Bool
    }

    /// Scans from the byte after the opening quote, validating UTF-8 on the way.
    static func scan(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONError) -> Scan {
        var position = start
        var isPlain = true
        let raw = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped)
        while true {
            while position + 8 <= bytes.count {
                let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let special = specialBytes(word)
                if special == 0 {
                    position += 8
                } else {
                    position += UInt64(littleEndian: special).trailingZeroBitCount >> 3
                    break
                }
            }
            guard position < bytes.count else {
                throw JSONError(code: .unexpectedEnd, message: "the document ends inside a string", offset: bytes.count)
            }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                return Scan(end: position, isPlain: isPlain)
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            case 0..<0x20:
                throw JSONError(
                    code: .controlCharacter, message: "control character \(describe(bytes, at: position)) inside a string must be escaped",
                    offset: position)
            case 0x80...:
                position += try UTF8Validation.sequenceLength(bytes, at: position)
            default:
                position += 1
            }
        }
    }

    /// The text of a scanned literal.
    static func string(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ scan: Scan) throws(JSONError) -> String {
        if scan.isPlain {
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<scan.end]), as: UTF8.self)
        }
        var text: [UInt8] = []
        text.reserveCapacity(scan.end - start)
        var position = start
        var runStart = start
        while position < scan.end {
            guard bytes[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[runStart..<position]))
            try unescape(bytes, at: &position, end: scan.end, into: &text)
            runStart = position
        }
        text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[runStart..<scan.end]))
        return String(decoding: text, as: UTF8.self)
    }

    /// The character at a place in words for a message: `"x"`, `byte 0x1f` or `end of input`.
    static func describe(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> String {
        guard position < bytes.count else { return "end of input" }
        let byte = bytes[position]
        if byte >= 0x21, byte < 0x7F { return "\"\(Character(Unicode.Scalar(byte)))\"" }
        return "byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
    }

    private static func unescape(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: inout Int, end: Int, into text: inout [UInt8]
    ) throws(JSONError) {
        let start = position
        position += 2
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[start + 1])
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape(bytes, at: &position, end: end, start: start)
            text.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
        default:
            throw JSONError(
                code: .invalidEscape, message: "\"\\\" is followed by \(describe(bytes, at: start + 1)), which is no JSON escape",
                offset: start)
        }
    }

    private static func unicodeEscape(
        _ bytes: UnsafeBufferPointer<UInt8>, at position: inout Int, end: Int, start: Int
    ) throws(JSONError) -> Unicode.Scalar {
        guard let unit = hexUnit(bytes, at: position, end: end) else {
            throw JSONError(code: .invalidEscape, message: "\"\\u\" is not followed by four hexadecimal digits", offset: start)
        }
        position += 4
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if unit < 0xDC00, position + 6 <= end, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u"),
            let low = hexUnit(bytes, at: position + 2, end: end), (0xDC00...0xDFFF).contains(low)
        {
            position += 6
            let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
            if let scalar = Unicode.Scalar(value) { return scalar }
        }
        throw JSONError(code: .invalidEscape, message: "\"\\u\(String(unit, radix: 16))\" is half of a surrogate pair", offset: start)
    }

    private static func hexUnit(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int, end: Int) -> UInt16? {
        guard start + 4 <= end else { return nil }
        var unit: UInt16 = 0
        for place in start..<start + 4 {
            guard let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// A word whose set high bits mark the quotes, backslashes, control characters and non-ASCII bytes of `word`.
    /// A byte after the first marked one may be marked wrongly, through a borrow; only the first counts.
    @inline(__always)
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let marks = (quotes &- ones) | (backslashes &- ones) | (word &- ones &* 0x20) | word
        return marks & (ones &* 0x80)
    }
}
