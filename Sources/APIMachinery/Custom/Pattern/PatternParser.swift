/// Reads the syntax of Go's regular expressions, which has nothing that needs backtracking. Source: Go `regexp/syntax`.
struct PatternParser {
    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
    }

    private let text: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var flags = Flags()

    /// Groups may nest this deep.
    private static let deepest = 200
    /// The largest number in `{n,m}`.
    private static let mostRepetitions = 1000

    private init(_ pattern: String) { text = Array(pattern.unicodeScalars) }

    /// The expression of a pattern. Throws Go's text for what is wrong.
    static func parse(_ pattern: String) throws(PatternError) -> PatternNode {
        var parser = PatternParser(pattern)
        let node = try parser.choice()
        guard parser.position == parser.text.count else { throw PatternError("unexpected )", pattern) }
        return node
    }

    // MARK: - Structure

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private func peek(_ word: String) -> Bool {
        let scalars = Array(word.unicodeScalars)
        return position + scalars.count <= text.count && Array(text[position..<(position + scalars.count)]) == scalars
    }

    private mutating func take(_ word: String) -> Bool {
        guard peek(word) else { return false }
        position += word.unicodeScalars.count
        return true
    }

    private func source(from start: Int) -> String {
        var out = String.UnicodeScalarView()
        out.append(contentsOf: text[start..<position])
        return String(out)
    }

    private var whole: String {
        var out = String.UnicodeScalarView()
        out.append(contentsOf: text)
        return String(out)
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        let outer = flags
        defer { flags = outer }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let start = position
            if take("\\Q") {
                while position < text.count, !peek("\\E") {
                    parts.append(literal(text[position]))
                    position += 1
                }
                _ = take("\\E")
                continue
            }
            let atom = try self.atom(start)
            parts.append(try quantified(atom, start))
        }
        return parts.count == 1 ? parts[0] : (parts.isEmpty ? .empty : .sequence(parts))
    }

    private mutating func quantified(_ atom: PatternNode?, _ start: Int) throws(PatternError) -> PatternNode {
        var node = atom
        var isRepeated = false
        let operators = position
        while let bounds = try quantifier() {
            guard let inner = node else { throw PatternError("missing argument to repetition operator", source(from: start)) }
            guard !isRepeated else { throw PatternError("invalid nested repetition operator", source(from: operators)) }
            isRepeated = true
            _ = take("?")
            node = .repeated(inner, minimum: bounds.0, maximum: bounds.1)
        }
        return node ?? .empty
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        let start = position
        position += 1
        guard let low = number() else { return reset(start) }
        var high: Int? = low
        if take(",") { high = next == "}" ? nil : number() ?? -1 }
        guard high != -1, take("}") else { return reset(start) }
        guard low <= Self.mostRepetitions, (high ?? low) <= Self.mostRepetitions, low <= high ?? low else {
            throw PatternError("invalid repeat count", source(from: start))
        }
        return (low, high)
    }

    /// A brace that starts no repetition is itself.
    private mutating func reset(_ start: Int) -> (Int, Int?)? {
        position = start
        return nil
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 48), 100_000)
            position += 1
        }
        return value
    }

    // MARK: - Atoms

    /// The next part without its repetition; nil when a repetition stands where a part must.
    private mutating func atom(_ start: Int) throws(PatternError) -> PatternNode? {
        guard let scalar = next else { return .empty }
        switch scalar {
        case "*", "+", "?":
            position += 1
            throw PatternError("missing argument to repetition operator", source(from: start))
        case "(": return try group()
        case "[": return .set(folded(try bracket()))
        case ".":
            position += 1
            return .set(flags.dotTakesNewline ? .everything : .allButNewline)
        case "^":
            position += 1
            return .place(flags.isMultiline ? .lineStart : .textStart)
        case "$":
            position += 1
            return .place(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        default:
            position += 1
            return literal(scalar)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> PatternNode { .set(folded(ScalarSet(scalar.value))) }

    private func folded(_ set: ScalarSet) -> ScalarSet { flags.ignoresCase ? set.caseFolded : set }

    private mutating func group() throws(PatternError) -> PatternNode {
        let start = position
        position += 1
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw PatternError("expression nests too deeply", whole) }
        let outer = flags
        defer { flags = outer }
        if take("?") {
            if take("P<") || take("<") {
                if next == "=" || next == "!" {
                    position += 1
                    throw PatternError("invalid or unsupported Perl syntax", source(from: start))
                }
                try groupName(start)
            } else if let only = try groupFlags(start) {
                // Flags for the rest of the enclosing group.
                return try rest(with: only)
            }
        }
        let inner = try choice()
        guard take(")") else { throw PatternError("missing closing )", whole) }
        return inner
    }

    private mutating func groupName(_ start: Int) throws(PatternError) {
        let first = position
        while let scalar = next, ScalarSet.words.contains(scalar.value) { position += 1 }
        guard position > first, take(">") else {
            if next != nil { position += 1 }
            throw PatternError("invalid named capture", source(from: start))
        }
    }

    /// Reads `i`, `m`, `s`, `U` and their negations. Nil when a group follows, the new flags when the flags stand alone.
    private mutating func groupFlags(_ start: Int) throws(PatternError) -> Flags? {
        var isOn = true
        while let scalar = next {
            position += 1
            switch scalar {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotTakesNewline = isOn
            case "U": break
            case "-" where isOn: isOn = false
            case ":": return nil
            case ")": return flags
            default: throw PatternError("invalid or unsupported Perl syntax", source(from: start))
            }
        }
        throw PatternError("missing closing )", whole)
    }

    /// What follows `(?i)` up to the end of the enclosing group, read with those flags.
    private mutating func rest(with changed: Flags) throws(PatternError) -> PatternNode {
        flags = changed
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    // MARK: - Escapes

    private mutating func escape() throws(PatternError) -> PatternNode {
        let start = position
        position += 1
        guard let scalar = next else { throw PatternError("trailing backslash at end of expression", "") }
        switch scalar {
        case "A":
            position += 1
            return .place(.textStart)
        case "z":
            position += 1
            return .place(.textEnd)
        case "b":
            position += 1
            return .place(.wordBoundary)
        case "B":
            position += 1
            return .place(.noWordBoundary)
        default:
            position = start
            if let set = try classEscape() { return .set(folded(set)) }
            return .set(folded(ScalarSet(try scalarEscape())))
        }
    }

    /// `\d`, `\pL` and the like; nil when something else follows.
    private mutating func classEscape() throws(PatternError) -> ScalarSet? {
        let start = position
        guard position + 1 < text.count else { return nil }
        position += 2
        switch text[position - 1] {
        case "d": return .digits
        case "D": return ScalarSet.digits.inverted
        case "s": return .spaces
        case "S": return ScalarSet.spaces.inverted
        case "w": return .words
        case "W": return ScalarSet.words.inverted
        case "p", "P":
            let isNegated = text[position - 1] == "P"
            var name = ""
            var isInverted = false
            if take("{") {
                isInverted = take("^")
                while let scalar = next, scalar != "}" {
                    name.unicodeScalars.append(scalar)
                    position += 1
                }
                guard take("}") else { throw PatternError("invalid character class range", source(from: start)) }
            } else if let scalar = next {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard let set = ScalarSet.category(name) else { throw PatternError("invalid character class range", source(from: start)) }
            return isNegated != isInverted ? set.inverted : set
        default:
            position = start
            return nil
        }
    }

    /// One escaped scalar.
    private mutating func scalarEscape() throws(PatternError) -> UInt32 {
        let start = position
        position += 1
        guard let scalar = next else { throw PatternError("trailing backslash at end of expression", "") }
        position += 1
        switch scalar {
        case "a": return 0x07
        case "f": return 0x0C
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "v": return 0x0B
        case "x": return try hexadecimal(start)
        case "0"..."7":
            // A single digit but zero is a back reference, which has no place here.
            guard scalar == "0" || next.map({ ("0"..."7").contains($0) }) == true else { break }
            var value = scalar.value - 48
            var count = 1
            while count < 3, let digit = next, ("0"..."7").contains(digit) {
                value = value * 8 + digit.value - 48
                position += 1
                count += 1
            }
            return value
        default:
            if scalar.value < 128, !ScalarSet.words.contains(scalar.value) { return scalar.value }
        }
        throw PatternError("invalid escape sequence", source(from: start))
    }

    private mutating func hexadecimal(_ start: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        func digit(_ scalar: Unicode.Scalar?) -> UInt32? { scalar.flatMap { UInt32(String($0), radix: 16) } }
        if take("{") {
            var count = 0
            while let found = digit(next), value <= ScalarSet.last {
                value = value * 16 + found
                position += 1
                count += 1
            }
            guard count > 0, value <= ScalarSet.last, take("}") else { throw PatternError("invalid escape sequence", source(from: start)) }
            return value
        }
        for _ in 0..<2 {
            guard let found = digit(next) else { throw PatternError("invalid escape sequence", source(from: start)) }
            value = value * 16 + found
            position += 1
        }
        return value
    }

    // MARK: - Bracket expressions

    private mutating func bracket() throws(PatternError) -> ScalarSet {
        let start = position
        position += 1
        let isNegated = take("^")
        var parts: [ClosedRange<UInt32>] = []
        var isFirst = true
        while isFirst || next != "]" {
            guard let scalar = next else { throw PatternError("missing closing ]", String(whole.dropFirst(start))) }
            if scalar == "-", !isFirst, position + 1 < text.count, text[position + 1] != "]" {
                // Go takes a hyphen only at either end, or as the start of a range.
                let place = position
                position += 2
                if next != "-" { throw PatternError("invalid character class range", source(from: place)) }
                position = place
            }
            isFirst = false
            if peek("[:"), let set = try posixClass() {
                parts += set.ranges
                continue
            }
            if scalar == "\\", let set = try classEscape() {
                parts += set.ranges
                continue
            }
            let place = position
            let low = try bracketScalar()
            var high = low
            if next == "-", position + 1 < text.count, text[position + 1] != "]" {
                position += 1
                high = try bracketScalar()
                guard low <= high else { throw PatternError("invalid character class range", source(from: place)) }
            }
            parts.append(low...high)
        }
        position += 1
        // Case is folded before the set is inverted.
        let set = folded(ScalarSet(parts))
        return isNegated ? set.inverted : set
    }

    private mutating func bracketScalar() throws(PatternError) -> UInt32 {
        guard let scalar = next else { throw PatternError("missing closing ]", whole) }
        if scalar == "\\" { return try scalarEscape() }
        position += 1
        return scalar.value
    }

    private mutating func posixClass() throws(PatternError) -> ScalarSet? {
        let start = position
        position += 2
        let isNegated = take("^")
        var name = ""
        while let scalar = next, ScalarSet.words.contains(scalar.value) {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take(":]") else {
            position = start
            return nil
        }
        guard let set = ScalarSet.posix(name) else { throw PatternError("invalid character class range", source(from: start)) }
        return isNegated ? set.inverted : set
    }
}

/// Why a text is no regular expression, in the words of Go's parser.
package struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `error parsing regexp: missing closing ]: ...`.
    package let description: String

    init(_ problem: String, _ part: String) { description = "error parsing regexp: \(problem): `\(part)`" }
}
