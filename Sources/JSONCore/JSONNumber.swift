/// Number literals.
enum JSONNumber {
    /// Parses the literal at `position` and moves behind it: an integer when it has neither fraction nor exponent and fits 64 bits.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, at position: inout Int) throws(JSONError) -> JSONValue {
        let start = position
        var place = position
        let isNegative = bytes[place] == UInt8(ascii: "-")
        if isNegative { place += 1 }
        let integerStart = place
        var magnitude: UInt64 = 0
        var overflows = false
        while place < bytes.count, let digit = digit(bytes[place]) {
            let (product, productOverflows) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflows) = product.addingReportingOverflow(digit)
            overflows = overflows || productOverflows || sumOverflows
            magnitude = sum
            place += 1
        }
        guard place > integerStart else { throw failure(bytes, start, "is not followed by a digit", "-") }
        if place - integerStart > 1, bytes[integerStart] == UInt8(ascii: "0") {
            throw failure(bytes, start, "has a leading zero", nil)
        }
        let isIntegral = try skipFractionAndExponent(bytes, &place, start)
        position = place
        if isIntegral, !overflows {
            if isNegative, magnitude <= Int64.min.magnitude { return .integer(Int64(truncatingIfNeeded: 0 &- magnitude)) }
            if !isNegative, let number = Int64(exactly: magnitude) { return .integer(number) }
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
        guard let number = Double(text), number.isFinite else { throw failure(bytes, start, "is too large for a number", nil) }
        return .double(number)
    }

    private static func skipFractionAndExponent(
        _ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int, _ start: Int
    ) throws(JSONError) -> Bool {
        var isIntegral = true
        if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
            isIntegral = false
            place += 1
            guard place < bytes.count, digit(bytes[place]) != nil else { throw failure(bytes, start, "has no digit after its point", nil) }
            while place < bytes.count, digit(bytes[place]) != nil { place += 1 }
        }
        if place < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "e") {
            isIntegral = false
            place += 1
            if place < bytes.count, bytes[place] == UInt8(ascii: "+") || bytes[place] == UInt8(ascii: "-") { place += 1 }
            guard place < bytes.count, digit(bytes[place]) != nil else { throw failure(bytes, start, "has no digit in its exponent", nil) }
            while place < bytes.count, digit(bytes[place]) != nil { place += 1 }
        }
        return isIntegral
    }

    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt64? {
        let value = byte &- 0x30
        return value < 10 ? UInt64(value) : nil
    }

    private static func failure(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ problem: String, _ shown: String?) -> JSONError {
        let text = shown ?? literal(bytes, start)
        return JSONError(code: .invalidNumber, message: "number \"\(text)\" \(problem)", offset: start)
    }

    private static func literal(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> String {
        let characters = bytes[start...].prefix(40).prefix { byte in
            byte >= 0x30 && byte <= 0x39 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
