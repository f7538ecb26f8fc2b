package import APIMachinery

/// Which lines are shown: those of some level that every term matches.
package struct LogFilter: Sendable, Hashable {
    /// One condition on a line's text.
    struct Term: Sendable, Hashable {
        /// A regular expression.
        var expression: String
        /// Whether it must not match.
        var isInverse: Bool
    }

    /// The conditions as they were typed; empty for none.
    package private(set) var text: String
    let terms: [Term]
    /// Lines below it are not shown; nil shows lines of any level and none.
    package var minimumLevel: LogLevel?
    /// Only the lines of this source; nil for all.
    package var source: Int?

    /// Everything.
    package static let everything = LogFilter()

    private init() { (text, terms) = ("", []) }

    /// Whether everything is shown.
    package var isEmpty: Bool { terms.isEmpty && minimumLevel == nil && source == nil }

    /// Reads terms: regular expressions with ` & ` between them, each inverted by `!` before it. A term without capitals ignores case.
    /// Throws what is wrong with one.
    package init(_ text: String) throws(PatternError) {
        var terms: [Term] = []
        for part in Self.parts(text) {
            let isInverse = part.hasPrefix("!")
            let expression = String(isInverse ? part.dropFirst() : part)
            guard !expression.isEmpty else { continue }
            _ = try BytePattern(expression)
            terms.append(Term(expression: expression, isInverse: isInverse))
        }
        self.text = text
        self.terms = terms
    }

    /// The same with other terms.
    package func with(_ text: String) throws(PatternError) -> LogFilter {
        var new = try LogFilter(text)
        (new.minimumLevel, new.source) = (minimumLevel, source)
        return new
    }

    private static func parts(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = text[...]
        while let range = rest.firstRange(of: " & ") {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}

extension LogFilter {
    /// A filter at work on one task: it remembers what its expressions have met.
    struct Scanner {
        private var terms: [(matcher: BytePattern.Matcher, isInverse: Bool)]
        private let minimumLevel: LogLevel?
        private let source: Int?

        init(_ filter: LogFilter) {
            minimumLevel = filter.minimumLevel
            source = filter.source
            terms = filter.terms.compactMap { term in
                let ignoresCase = !term.expression.contains { $0.isUppercase }
                // best effort: what cannot be compiled was refused when it was typed.
                guard let pattern = try? BytePattern(term.expression, ignoresCase: ignoresCase) else { return nil }
                return (BytePattern.Matcher(pattern), term.isInverse)
            }
        }

        /// Tells of every line of a chunk whether it is shown. `before`: the level that lines of a source had before the chunk.
        mutating func scan(_ chunk: LogChunk, _ lines: Range<Int>, levels: inout [UInt16: LogLevel], _ tell: (Int, Bool) -> Void) {
            chunk.bytes.withUnsafeBufferPointer { bytes in
                for index in lines { tell(index, isShown(chunk, index, bytes, &levels)) }
            }
        }

        private mutating func isShown(
            _ chunk: LogChunk, _ index: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ levels: inout [UInt16: LogLevel]
        ) -> Bool {
            let writer = chunk.source(index)
            if let source, Int(writer) != source { return false }
            // What is missing is said whatever is looked for.
            if chunk.isGap(index) { return true }
            let text = chunk.textRange(index)
            if let minimumLevel {
                let own = LogLevel(text: UnsafeBufferPointer(rebasing: bytes[text]))
                let level = own ?? (Self.isContinuation(bytes, text) ? levels[writer] : nil)
                levels[writer] = level
                guard let level, level >= minimumLevel else { return false }
            }
            for place in terms.indices where terms[place].matcher.isFound(in: bytes, text) == terms[place].isInverse { return false }
            return true
        }

        /// Whether a line goes on with the one before, as those of a stack trace do: they have its level.
        static func isContinuation(_ bytes: UnsafeBufferPointer<UInt8>, _ text: Range<Int>) -> Bool {
            guard let first = text.first.map({ bytes[$0] }) else { return true }
            if first == 0x20 || first == 0x09 || first == 0x7D || first == 0x29 { return true }
            return first == 0x43 && bytes[text].starts(with: "Caused by:".utf8)
        }
    }
}
