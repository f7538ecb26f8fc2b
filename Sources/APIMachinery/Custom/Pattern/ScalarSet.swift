/// A set of Unicode scalars, as sorted ranges that do not touch.
struct ScalarSet: Sendable, Hashable {
    private(set) var ranges: [ClosedRange<UInt32>]
    /// Membership of the first 128 scalars.
    private let low: UInt64
    private let high: UInt64

    static let last: UInt32 = 0x10FFFF

    /// The set of everything in some ranges, given in any order.
    init(_ parts: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = merged.last, part.lowerBound <= previous.upperBound &+ 1 {
                merged[merged.count - 1] = previous.lowerBound...max(previous.upperBound, part.upperBound)
            } else {
                merged.append(part)
            }
        }
        ranges = merged
        var (low, high): (UInt64, UInt64) = (0, 0)
        for range in merged where range.lowerBound < 128 {
            for value in range.lowerBound...min(range.upperBound, 127) {
                if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
            }
        }
        self.low = low
        self.high = high
    }

    init(_ scalar: UInt32) { self.init([scalar...scalar]) }

    /// Everything that is not in the set.
    var inverted: ScalarSet {
        var rest: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { rest.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= Self.last { rest.append(next...Self.last) }
        return ScalarSet(rest)
    }

    /// The set with the other case of every letter; wide ranges outside ASCII stay as they are.
    var caseFolded: ScalarSet {
        var parts = ranges
        for range in ranges {
            for value in range.lowerBound...min(range.upperBound, max(range.lowerBound, 127), range.lowerBound + 1023) {
                parts += Self.variants(value)
            }
            guard range.upperBound > 127, range.count <= 1024 else { continue }
            for value in range { parts += Self.variants(value) }
        }
        return ScalarSet(parts)
    }

    private static func variants(_ value: UInt32) -> [ClosedRange<UInt32>] {
        guard let scalar = Unicode.Scalar(value) else { return [] }
        return [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap { text in
            let scalars = text.unicodeScalars
            guard scalars.count == 1, let other = scalars.first, other != scalar else { return nil }
            return other.value...other.value
        }
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    @inline(__always)
    func contains(_ value: UInt32) -> Bool {
        if value < 64 { return low >> UInt64(value) & 1 != 0 }
        if value < 128 { return high >> UInt64(value - 64) & 1 != 0 }
        var (bottom, top) = (0, ranges.count)
        while bottom < top {
            let middle = (bottom + top) / 2
            if ranges[middle].upperBound < value { bottom = middle + 1 } else { top = middle }
        }
        return bottom < ranges.count && ranges[bottom].lowerBound <= value
    }
}

extension ScalarSet {
    static let digits = ScalarSet([0x30...0x39])
    static let spaces = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let words = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let everything = ScalarSet([0...last])
    static let allButNewline = ScalarSet(0x0A).inverted

    /// The POSIX class of a name such as `alpha`; nil when there is none.
    static func posix(_ name: String) -> ScalarSet? {
        switch name {
        case "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A])
        case "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A])
        case "ascii": ScalarSet([0...0x7F])
        case "blank": ScalarSet([0x09...0x09, 0x20...0x20])
        case "cntrl": ScalarSet([0...0x1F, 0x7F...0x7F])
        case "digit": digits
        case "graph": ScalarSet([0x21...0x7E])
        case "lower": ScalarSet([0x61...0x7A])
        case "print": ScalarSet([0x20...0x7E])
        case "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E])
        case "space": ScalarSet([0x09...0x0D, 0x20...0x20])
        case "upper": ScalarSet([0x41...0x5A])
        case "word": words
        case "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
        default: nil
        }
    }

    /// The scalars of a Unicode general category (`L`, `Lu`, …) or `Any`; nil for names that are neither. Scripts are not known.
    static func category(_ name: String) -> ScalarSet? {
        if name == "Any" { return everything }
        guard (1...2).contains(name.utf8.count), GeneralCategories.names.contains(where: { $0.hasPrefix(name) }) else { return nil }
        var ranges: [ClosedRange<UInt32>] = []
        var start: UInt32?
        for value in 0...(last + 1) {
            let isMember = Unicode.Scalar(value).map { GeneralCategories.name($0.properties.generalCategory).hasPrefix(name) } ?? false
            if isMember {
                if start == nil { start = value }
            } else if let first = start {
                ranges.append(first...(value - 1))
                start = nil
            }
        }
        return ScalarSet(ranges)
    }
}

/// The two-letter names of Unicode's general categories.
enum GeneralCategories {
    static let names = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So",
        "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]

    static func name(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
