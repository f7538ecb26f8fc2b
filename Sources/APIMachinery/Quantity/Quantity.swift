/// An amount of a resource, exact to a billionth, with the notation it was written in.
///
/// Source: apimachinery `pkg/api/resource/quantity.go`. Amounts finer than a billionth are rounded away from zero; amounts above
/// ``Quantity/largestUnits`` are held there.
package struct Quantity: Sendable, CustomStringConvertible {
    /// The notation, which the canonical text keeps.
    package enum Format: Sendable, Hashable {
        /// `12e6`
        case decimalExponent
        /// `12Mi`
        case binary
        /// `12M`, `100m`
        case decimal
    }

    /// The amount in billionths.
    let nano: Int128
    /// The notation.
    package let format: Format

    /// The largest amount held exactly, in whole units: 10^28.
    static let largestUnits: Int128 = 10_000_000_000_000_000_000_000_000_000
    static let nanoPerUnit: Int128 = 1_000_000_000
    static let largestNano = largestUnits * nanoPerUnit

    init(nano: Int128, format: Format) {
        self.nano = max(-Self.largestNano, min(Self.largestNano, nano))
        self.format = format
    }

    /// A number of thousandths, for example CPU in millicores.
    package init(milli: Int64, format: Format = .decimal) {
        self.init(nano: Int128(milli) * 1_000_000, format: format)
    }

    /// A number of whole units, for example bytes.
    package init(value: Int64, format: Format = .decimal) {
        self.init(nano: Int128(value) * Self.nanoPerUnit, format: format)
    }

    /// Zero.
    package static let zero = Quantity(value: 0)

    /// Whole units, rounded up, within the range of Int64.
    package var value: Int64 { scaled(by: Self.nanoPerUnit) }

    /// Thousandths, rounded up, within the range of Int64.
    package var milliValue: Int64 { scaled(by: 1_000_000) }

    /// Billionths, within the range of Int64, for example CPU as the metrics API tells it.
    package var nanoValue: Int64 { scaled(by: 1) }

    /// Whether the amount is exactly zero.
    package var isZero: Bool { nano == 0 }

    /// Whether the amount is below zero.
    package var isNegative: Bool { nano < 0 }

    /// The sum, in the notation of the left side, or of the right when the left is zero.
    package static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(nano: left.nano + right.nano, format: left.isZero ? right.format : left.format)
    }

    /// The difference, in the notation of the left side, or of the right when the left is zero.
    package static func - (left: Quantity, right: Quantity) -> Quantity {
        Quantity(nano: left.nano - right.nano, format: left.isZero ? right.format : left.format)
    }

    /// The canonical text.
    package var description: String { canonical }

    private func scaled(by unit: Int128) -> Int64 {
        let (quotient, remainder) = nano.quotientAndRemainder(dividingBy: unit)
        let rounded = remainder > 0 ? quotient + 1 : quotient
        return Int64(clamping: rounded)
    }
}

extension Quantity: Hashable, Comparable {
    /// Equality of amounts, whatever the notation.
    package static func == (left: Quantity, right: Quantity) -> Bool { left.nano == right.nano }
    /// Order of amounts.
    package static func < (left: Quantity, right: Quantity) -> Bool { left.nano < right.nano }
    /// Hashes the amount, whatever the notation.
    package func hash(into hasher: inout Hasher) { hasher.combine(nano) }
}

/// Why a text is no quantity; the messages are Kubernetes' own.
package enum QuantityError: String, Error, Sendable, CustomStringConvertible {
    /// The text has not the form of a quantity.
    case format = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    /// The digits cannot be read.
    case numeric = "unable to parse numeric part of quantity"
    /// The suffix is unknown.
    case suffix = "unable to parse quantity's suffix"

    /// The message.
    package var description: String { rawValue }
}
