package import JSONCore

extension Quantity {
    /// Reads `250m`, `1.5Gi`, `12e3`, `-1`…; throws with Kubernetes' message when the text is no quantity.
    package init(parsing text: String) throws(QuantityError) {
        var copy = text
        let result: Result<Quantity, QuantityError> = copy.withUTF8 { bytes in
            do throws(QuantityError) { return .success(try Quantity(bytes: bytes)) } catch { return .failure(error) }
        }
        self = try result.get()
    }

    /// A quantity out of an object that has been decoded: a text, or the number a client wrote for one. nil when there is none.
    package init?(decoded value: JSONValue?) {
        guard let value, !value.isNull else { return nil }
        // best effort: decoding has refused what is no quantity, and its message is the one to show.
        guard let quantity = try? Quantity(parsing: value.stringValue ?? value.description) else { return nil }
        self = quantity
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) throws(QuantityError) {
        var scanner = QuantityScanner(bytes: bytes)
        try scanner.scan()
        let (base, exponent, format) = try QuantitySuffix.read(bytes[scanner.suffix])
        var isSaturated = scanner.isSaturated
        var mantissa = scanner.mantissa
        var scale = scanner.scale  // value = mantissa * 10^scale * base^exponent
        if base == 2 {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: Int128(1) << Int128(exponent))
            if overflow { isSaturated = true } else { mantissa = product }
        } else {
            scale += exponent
        }
        var nano = isSaturated ? Quantity.largestNano : Quantity.shift(mantissa, byPowerOfTen: scale + 9)
        if base == 2 {
            // Binary amounts are capped where Kubernetes caps them.
            nano = min(nano, Int128(Int64.max) * Quantity.nanoPerUnit)
        }
        var kept = format
        if base == 2, nano > 0, nano < Quantity.nanoPerUnit { kept = .decimal }
        self.init(nano: scanner.isNegative ? -nano : nano, format: kept)
    }

    private static func shift(_ mantissa: Int128, byPowerOfTen power: Int) -> Int128 {
        var amount = mantissa
        guard amount != 0 else { return 0 }
        if power >= 0 {
            for _ in 0..<power {
                guard amount <= largestNano / 10 else { return largestNano }
                amount *= 10
            }
            return min(amount, largestNano)
        }
        var lost = false
        for _ in 0..<(-power) {
            let (quotient, remainder) = amount.quotientAndRemainder(dividingBy: 10)
            lost = lost || remainder != 0
            amount = quotient
            if amount == 0 { break }
        }
        return lost || amount == 0 ? amount + 1 : amount
    }
}

/// Splits the text of a quantity into sign, digits and suffix.
private struct QuantityScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var isNegative = false
    var mantissa: Int128 = 0
    var scale = 0
    var isSaturated = false
    var suffix = 0..<0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func scan() throws(QuantityError) {
        var index = 0
        guard !bytes.isEmpty else { throw .format }
        if bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") {
            isNegative = bytes[0] == UInt8(ascii: "-")
            index = 1
        }
        var digits = 0
        var isFraction = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else if byte >= 0x30, byte <= 0x39 {
                digits += 1
                add(byte - 0x30, isFraction: isFraction)
            } else {
                break
            }
            index += 1
        }
        guard digits > 0 else { throw index == bytes.count && index == 0 ? .format : .numeric }
        let start = index
        while index < bytes.count, QuantitySuffix.isLetter(bytes[index]) { index += 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
        while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 { index += 1 }
        guard index == bytes.count else { throw .format }
        suffix = start..<index
    }

    private mutating func add(_ digit: UInt8, isFraction: Bool) {
        let (grown, overflow) = mantissa.multipliedReportingOverflow(by: 10)
        let limit: Int128 = 1_000_000_000_000_000_000_000_000_000_000_000_000
        guard !overflow, grown < limit else {
            // Digits below a billionth of a billionth round up; further whole digits saturate.
            if isFraction {
                if digit != 0, mantissa % 10 == 0 { mantissa += 1 }
            } else {
                isSaturated = true
            }
            return
        }
        mantissa = grown + Int128(digit)
        if isFraction { scale -= 1 }
    }
}

/// The suffixes of quantities.
enum QuantitySuffix {
    /// Whether a byte may be part of a suffix.
    static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "i"), UInt8(ascii: "n"), UInt8(ascii: "u"), UInt8(ascii: "m"),
            UInt8(ascii: "k"), UInt8(ascii: "K"), UInt8(ascii: "M"), UInt8(ascii: "G"), UInt8(ascii: "T"), UInt8(ascii: "P"):
            true
        default: false
        }
    }

    /// The base, exponent and notation that a suffix stands for.
    static func read(_ text: Slice<UnsafeBufferPointer<UInt8>>) throws(QuantityError) -> (base: Int, exponent: Int, format: Quantity.Format) {
        guard let first = text.first else { return (10, 0, .decimal) }
        if text.count == 1, let power = decimal(first) { return (10, power, .decimal) }
        if text.count == 2, text.last == UInt8(ascii: "i"), let power = binary(first) { return (2, power, .binary) }
        guard text.count > 1, first == UInt8(ascii: "e") || first == UInt8(ascii: "E") else { throw .suffix }
        let number = String(decoding: text.dropFirst(), as: UTF8.self)
        // Far beyond what can be represented; the exact exponent no longer matters.
        guard let exponent = Int64(number) else { throw .suffix }
        return (10, Int(max(-1000, min(1000, exponent))), .decimalExponent)
    }

    private static func decimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "n"): -9
        case UInt8(ascii: "u"): -6
        case UInt8(ascii: "m"): -3
        case UInt8(ascii: "k"): 3
        case UInt8(ascii: "M"): 6
        case UInt8(ascii: "G"): 9
        case UInt8(ascii: "T"): 12
        case UInt8(ascii: "P"): 15
        case UInt8(ascii: "E"): 18
        default: nil
        }
    }

    private static func binary(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "K"): 10
        case UInt8(ascii: "M"): 20
        case UInt8(ascii: "G"): 30
        case UInt8(ascii: "T"): 40
        case UInt8(ascii: "P"): 50
        case UInt8(ascii: "E"): 60
        default: nil
        }
    }
}
