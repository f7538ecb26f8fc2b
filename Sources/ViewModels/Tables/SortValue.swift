import APIMachinery
import LinuxKernel

/// What a cell is worth when rows are ordered: numbers, quantities, durations and shares by their amount, everything else as text in which
/// runs of digits count as numbers.
enum SortValue: Sendable {
    case none
    case number(Double)
    case text(String)

    /// The worth of a cell.
    init(_ cell: TableCell) {
        switch cell {
        case .number(let number, _): self = .number(Double(number))
        // The youngest first, as a small age.
        case .age(let moment): self = moment.map { .number(-Double($0.seconds)) } ?? .none
        case .usage(let usage): self = (usage.used ?? usage.request).map { .number(Double($0)) } ?? .none
        case .text(let text, _): self.init(text: text)
        }
    }

    /// The worth of a text: `3`, `1/2`, `10Gi`, `250m`, `75%`, `5d3h`, `2 (4m ago)`, or itself.
    init(text: String) {
        guard let first = text.utf8.first else {
            self = .none
            return
        }
        guard first >= 0x30, first <= 0x39 || first == 0x2D else {
            self = text == "<none>" || text == "<unknown>" || text == "-" ? .none : .text(text)
            return
        }
        let word = text.firstIndex(of: " ").map { text[..<$0] } ?? text[...]
        self = Self.amount(word).map { .number($0) } ?? .text(text)
    }

    private static func amount(_ word: Substring) -> Double? {
        if let number = Double(word) { return number }
        if word.hasSuffix("%") { return Double(word.dropLast()) }
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let ready = Double(parts[0]), let wanted = Double(parts[1]) { return wanted == 0 ? ready : ready / wanted }
        // `5m` is five minutes in a table of ages, 0.005 in one of amounts: amounts in tables are never so small without a dot, ages always whole.
        if let duration = HumanDurationText.seconds(word) { return duration }
        // best effort: what is no amount is a text.
        return (try? Quantity(parsing: String(word))).map { Double($0.milliValue) / 1000 }
    }

    /// Whether `a` comes before `b`; nil when neither does. What is not there comes last.
    static func isBefore(_ a: SortValue, _ b: SortValue) -> Bool? {
        switch (a, b) {
        case (.none, .none): nil
        case (.none, _): false
        case (_, .none): true
        case (.number(let a), .number(let b)): a == b ? nil : a < b
        case (.number, .text): true
        case (.text, .number): false
        case (.text(let a), .text(let b)): NaturalOrder.isBefore(a, b)
        }
    }
}

/// Durations as tables write them: `5d3h`, `12m`, `3y20d`.
enum HumanDurationText {
    /// The seconds; nil when the text is no such duration.
    static func seconds(_ text: Substring) -> Double? {
        var total = 0.0
        var number = 0.0
        var hasDigit = false
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39:
                number = number * 10 + Double(byte - 0x30)
                hasDigit = true
            case UInt8(ascii: "s"), UInt8(ascii: "m"), UInt8(ascii: "h"), UInt8(ascii: "d"), UInt8(ascii: "y"):
                guard hasDigit else { return nil }
                total += number * (factors[byte] ?? 0)
                (number, hasDigit) = (0, false)
            default: return nil
            }
        }
        return hasDigit ? nil : total
    }

    private static let factors: [UInt8: Double] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86400, UInt8(ascii: "y"): 365 * 86400,
    ]
}

/// The order in which `web-2` comes before `web-10`.
enum NaturalOrder {
    /// Whether `a` comes before `b`; nil when they are the same text.
    static func isBefore(_ a: String, _ b: String) -> Bool? {
        var (a, b) = (a, b)
        return a.withUTF8 { a in b.withUTF8 { b in isBefore(a, b) } }
    }

    private static func isBefore(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool? {
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            if isDigit(a[i]), isDigit(b[j]) {
                let (first, second) = (digits(a, from: i), digits(b, from: j))
                // Without leading zeroes the longer number is the greater one.
                let (x, y) = (first.drop { $0 == 0x30 }, second.drop { $0 == 0x30 })
                if x.count != y.count { return x.count < y.count }
                for (left, right) in zip(x, y) where left != right { return left < right }
                (i, j) = (i + first.count, j + second.count)
            } else {
                if a[i] != b[j] { return a[i] < b[j] }
                (i, j) = (i + 1, j + 1)
            }
        }
        if i < a.count || j < b.count { return j < b.count }
        // Only leading zeroes tell them apart, if anything does.
        return a.count == b.count ? (a.elementsEqual(b) ? nil : a.lexicographicallyPrecedes(b)) : a.count < b.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private static func digits(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Slice<UnsafeBufferPointer<UInt8>> {
        var end = start
        while end < text.count, isDigit(text[end]) { end += 1 }
        return text[start..<end]
    }
}
