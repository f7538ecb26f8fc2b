package import APIMachinery

/// A table's filter, read once: words that all have to hold.
///
/// | word | holds when |
/// |---|---|
/// | `web` | a shown text contains it, ignoring case |
/// | `web.*-[0-9]` | the regular expression is found in a shown text, ignoring case; a word is one when it has one of `^ $ * + ? ( ) [ ] { } \| \` |
/// | `~wbpi` or `-f wbpi` | the name has these letters in this order |
/// | `status:crash` | the column's text contains it |
/// | `is:failing` | a cell warns or tells of an error, and the object has not ended |
/// | `!word` | the word does not hold |
/// | `-l app=web`, `-F spec.nodeName=n1` | the server says that the label or field selector holds |
package struct RowFilter: Sendable {
    enum Test: Sendable {
        case text([UInt8])
        case pattern(Pattern)
        case letters([UInt8])
        case column(String, [UInt8])
        case failing
    }

    struct Term: Sendable {
        var test: Test
        var isInverted: Bool
    }

    let terms: [Term]
    /// The label selector of `-l`; nil for none.
    package let labels: LabelSelector?
    /// The field selector of `-F`; nil for none.
    package let fields: FieldSelector?
    /// What could not be understood; nil when everything was. The rest of the filter holds.
    package let problem: String?

    /// Reads a filter.
    package init(_ text: String) {
        var terms: [Term] = []
        var labels: LabelSelector?
        var fields: FieldSelector?
        var problem: String?
        var words = FilterWords(text)
        while let word = words.next() {
            switch word {
            case "-l", "-F":
                // Nothing behind it yet: it is being typed.
                guard let selector = words.nextSelector() else { continue }
                do throws(APIStatus) {
                    if word == "-l" { labels = try LabelSelector(parsing: selector) } else { fields = try FieldSelector(parsing: selector) }
                } catch {
                    problem = "\(word) \(selector) hides nothing: \(error.message)"
                }
            case "-f": if let letters = words.next() { terms.append(Term(test: .letters(Self.folded(letters)), isInverted: false)) }
            default: if let term = Self.term(word, &problem) { terms.append(term) }
            }
        }
        (self.terms, self.labels, self.fields, self.problem) = (terms, labels, fields, problem)
    }

    /// Whether everything passes.
    package var isEmpty: Bool { terms.isEmpty && labels == nil && fields == nil }

    /// Whether whatever passes this filter passes `other`, too: then only what `other` showed has to be looked at.
    func narrows(_ other: RowFilter) -> Bool {
        guard terms.count >= other.terms.count else { return false }
        return zip(other.terms, terms).allSatisfy { old, new in
            switch (old.test, new.test) {
            case (.text(let a), .text(let b)):
                old.isInverted == new.isInverted && (old.isInverted ? Self.contains(b, in: a) : Self.contains(a, in: b))
            case (.letters(let a), .letters(let b)): !old.isInverted && !new.isInverted && b.starts(with: a)
            case (.failing, .failing): old.isInverted == new.isInverted
            case (.column(let c, let a), .column(let d, let b)): !old.isInverted && !new.isInverted && c == d && Self.contains(a, in: b)
            default: false
            }
        }
    }

    private static func contains(_ part: [UInt8], in whole: [UInt8]) -> Bool {
        whole.withUnsafeBytes { TextScan.contains(part, in: $0) }
    }

    private static func term(_ word: String, _ problem: inout String?) -> Term? {
        let isInverted = word.hasPrefix("!")
        let body = isInverted ? String(word.dropFirst()) : word
        guard !body.isEmpty else { return nil }
        if body.hasPrefix("~") {
            let letters = folded(String(body.dropFirst()))
            return letters.isEmpty ? nil : Term(test: .letters(letters), isInverted: isInverted)
        }
        // Half typed it hides nothing yet.
        if body.hasPrefix("is:"), failing.hasPrefix(body) { return body == failing ? Term(test: .failing, isInverted: isInverted) : nil }
        if let colon = body.firstIndex(of: ":"), colon != body.startIndex, body[..<colon].allSatisfy({ $0.isLetter || $0 == "-" || $0 == "_" }) {
            let wanted = folded(String(body[body.index(after: colon)...]))
            return wanted.isEmpty ? nil : Term(test: .column(body[..<colon].lowercased(), wanted), isInverted: isInverted)
        }
        if body.contains(where: { "^$*+?()[]{}|\\".contains($0) }) {
            do throws(PatternError) {
                return Term(test: .pattern(try Pattern("(?i)" + body)), isInverted: isInverted)
            } catch {
                // Half typed, most likely: until it is one it is looked for as it stands.
                problem = "\(body) is no regular expression: \(error)"
            }
        }
        return Term(test: .text(folded(body)), isInverted: isInverted)
    }

    /// The word that keeps what fails.
    static let failing = "is:failing"

    private static func folded(_ text: String) -> [UInt8] { Array(text.lowercased().utf8) }
}

/// The words of a filter: separated by spaces, quotes keep spaces together.
private struct FilterWords {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    /// A selector: one word, or a requirement such as `tier in (front, back)` as people write it.
    mutating func nextSelector() -> String? {
        guard let first = next() else { return nil }
        var ahead = self
        guard let verb = ahead.next(), verb == "in" || verb == "notin", var values = ahead.next(), values.hasPrefix("(") else { return first }
        while !values.hasSuffix(")") {
            guard let more = ahead.next() else { return first }
            values += more
        }
        self = ahead
        return "\(first) \(verb) \(values)"
    }

    mutating func next() -> String? {
        rest = rest.drop { $0 == " " }
        guard !rest.isEmpty else { return nil }
        var word = ""
        var quote: Character?
        while let character = rest.first, quote != nil || character != " " {
            rest = rest.dropFirst()
            if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
            } else {
                word.append(character)
            }
        }
        return word
    }
}

extension RowFilter {
    /// Whether a row with these texts passes; `columns` name them, a text outside any column is nil there. Selectors are not looked at.
    func passes(_ texts: [(column: String?, text: String)]) -> Bool {
        terms.allSatisfy { term in
            texts.contains { column, text in
                var text = text
                return text.withUTF8 { bytes in term.test.holds(column, isName: column == "name", UnsafeRawBufferPointer(bytes)) }
            } != term.isInverted
        }
    }
}

extension RowFilter.Test {
    /// The lower-case text without which no text of a row can pass; nil when there is no such text.
    var text: [UInt8]? {
        switch self {
        case .text(let wanted), .column(_, let wanted): wanted
        case .pattern, .letters, .failing: nil
        }
    }

    /// Whether the test holds for one text.
    func holds(_ column: String?, isName: Bool, _ text: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .text(let wanted): TextScan.contains(wanted, in: text)
        // Beyond its budget of steps a pattern decides nothing: the row stays.
        case .pattern(let pattern): pattern.matches(String(decoding: text, as: UTF8.self)) ?? true
        // Where texts have no tone nothing is known to fail or not to.
        case .failing: true
        case .letters(let letters): isName && TextScan.hasLetters(letters, in: text)
        case .column(let name, let wanted): column?.hasPrefix(name) == true && TextScan.contains(wanted, in: text)
        }
    }
}
