/// Checks UTF-8 byte by byte. Source: RFC 3629 section 4.
package enum UTF8Validation {
    /// The length of the sequence of two to four bytes that starts at `position`; throws `.invalidUTF8` with the place when it is none.
    static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) throws(JSONError) -> Int {
        let lead = bytes[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw invalid(bytes, position)
        }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]) else { throw invalid(bytes, position) }
        for place in position + 2..<position + length where bytes[place] & 0xC0 != 0x80 { throw invalid(bytes, position) }
        return length
    }

    /// The place of the first byte that is not part of valid UTF-8; nil when all are.
    package static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { buffer in
            var position = 0
            while position < buffer.count {
                if buffer[position] < 0x80 {
                    position += 1
                } else if let length = try? sequenceLength(buffer, at: position) {  // the place is all that is asked for
                    position += length
                } else {
                    return position
                }
            }
            return nil
        }
    }

    private static func invalid(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> JSONError {
        JSONError(code: .invalidUTF8, message: "\(JSONStringScanner.describe(bytes, at: position)) is not valid UTF-8", offset: position)
    }
}
