/// Numbers in tar headers: octal text, or base-256 for what does not fit.
enum TarNumber {
    /// nil when the field is malformed, negative or beyond `Int64`.
    static func parse(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 { return base256(field) }
        var value: Int64 = 0
        var hasEnded = false
        var hasStarted = false
        for byte in field {
            switch byte {
            case 48...55:
                guard !hasEnded else { return nil }
                hasStarted = true
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 8)
                guard !overflow else { return nil }
                value = shifted | Int64(byte - 48)
            case 0, 32: hasEnded = hasStarted
            default: return nil
            }
        }
        return value
    }

    private static func base256(_ field: ArraySlice<UInt8>) -> Int64? {
        // The sign bit of the first byte: negative numbers have no meaning here.
        guard let first = field.first, first & 0x40 == 0 else { return nil }
        var value = Int64(first & 0x3f)
        for byte in field.dropFirst() {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
            guard !overflow else { return nil }
            value = shifted | Int64(byte)
        }
        return value
    }

    /// Decimal text, digits only.
    static func decimal(_ text: ArraySlice<UInt8>) -> Int64? {
        guard !text.isEmpty, text.count <= 19 else { return nil }
        var value: Int64 = 0
        for byte in text {
            guard byte >= 48, byte <= 57 else { return nil }
            let (shifted, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = shifted.addingReportingOverflow(Int64(byte - 48))
            guard !first, !second else { return nil }
            value = sum
        }
        return value
    }
}
