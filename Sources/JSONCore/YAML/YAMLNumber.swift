/// Numbers as YAML 1.1 and Go write them.
enum YAMLNumber {
    /// A signed integer in base 10, or 16, 8 or 2 by prefix (`0x`, `0o` or `0`, `0b`); nil when the text is none.
    /// One beyond 64 bits becomes a double.
    static func integer(_ text: String) -> JSONValue? {
        var digits = text.utf8[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        var base: UInt64 = 10
        if digits.count > 1, digits.first == UInt8(ascii: "0") {
            switch digits[digits.index(after: digits.startIndex)] | 0x20 {
            case UInt8(ascii: "x"): (base, digits) = (16, digits.dropFirst(2))
            case UInt8(ascii: "o"): (base, digits) = (8, digits.dropFirst(2))
            case UInt8(ascii: "b"): (base, digits) = (2, digits.dropFirst(2))
            default: (base, digits) = (8, digits.dropFirst())
            }
        }
        guard !digits.isEmpty else { return nil }
        var magnitude: UInt64 = 0
        var wide = 0.0
        var overflows = false
        for byte in digits {
            guard let digit = digitValue(byte), digit < base else { return nil }
            let product = magnitude.multipliedReportingOverflow(by: base)
            let sum = product.partialValue.addingReportingOverflow(digit)
            overflows = overflows || product.overflow || sum.overflow
            magnitude = sum.partialValue
            wide = wide * Double(base) + Double(digit)
        }
        if !overflows {
            if isNegative, magnitude <= Int64.min.magnitude { return .integer(Int64(truncatingIfNeeded: 0 &- magnitude)) }
            if !isNegative, let number = Int64(exactly: magnitude) { return .integer(number) }
        }
        // Base 10 is left to the exact conversion of floats.
        guard base != 10 else { return nil }
        return wide.isFinite ? .double(isNegative ? -wide : wide) : nil
    }

    /// A number with an optional fraction and exponent; nil when the text is none or is out of range.
    /// One without a fractional part that fits 64 bits becomes an integer, as it does on its way through JSON in Go.
    static func float(_ text: String) -> JSONValue? {
        guard isFloat(text), let number = Double(text.hasSuffix(".") ? "\(text)0" : text), number.isFinite else { return nil }
        if number.magnitude < 1e18, let whole = Int64(exactly: number) { return .integer(whole) }
        return .double(number)
    }

    private static func isFloat(_ text: String) -> Bool {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = dropDigits(&rest)
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = dropDigits(&rest)
        }
        guard whole > 0 || fraction > 0 else { return false }
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
            guard dropDigits(&rest) > 0 else { return false }
        }
        return rest.isEmpty
    }

    private static func dropDigits(_ rest: inout Substring.UTF8View) -> Int {
        var count = 0
        while let byte = rest.first, byte >= 0x30, byte <= 0x39 {
            rest.removeFirst()
            count += 1
        }
        return count
    }

    private static func digitValue(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
