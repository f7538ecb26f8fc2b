/// A filter's terms, as they are tried on packed rows of one table.
struct RowTest {
    private let terms: [RowFilter.Term]
    private let columns: [String]
    private let showsNamespace: Bool

    /// `columns` are the ids of the cells.
    init(_ filter: RowFilter, columns: [String], showsNamespace: Bool) {
        let known = ["name", "namespace"] + columns
        // What no column is called is a text with a colon in it, as in an image's name.
        terms = filter.terms.map { term in
            guard case .column(let name, let wanted) = term.test, !known.contains(where: { $0.hasPrefix(name) }) else { return term }
            return RowFilter.Term(test: .text(Array("\(name):".utf8) + wanted), isInverted: term.isInverted)
        }
        (self.columns, self.showsNamespace) = (columns, showsNamespace)
    }

    /// Whether the row passes, read from its start.
    func holds(_ row: inout PackedReader) -> Bool {
        row.skipHead()
        for term in terms {
            var reader = row
            if isFound(term.test, &reader) == term.isInverted { return false }
        }
        return true
    }

    private func isFound(_ test: RowFilter.Test, _ reader: inout PackedReader) -> Bool {
        // Most rows have the text nowhere at all, which is seen at once; numbers are not kept as text.
        if let text = test.text, !Self.isNumber(text), !TextScan.contains(text, in: reader.rest) { return false }
        let namespace = reader.textBytes()
        if case .failing = test { return isFailing(&reader) }
        if showsNamespace, test.holds("namespace", isName: false, namespace) { return true }
        if test.holds("name", isName: true, reader.textBytes()) { return true }
        for position in 0..<reader.cellCount() {
            let column = position < columns.count ? columns[position] : nil
            if reader.cellHolds({ column != nil && test.holds(column, isName: false, $0) }) { return true }
        }
        return false
    }

    private static func isNumber(_ text: [UInt8]) -> Bool { text.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") } }

    /// Whether the object needs somebody; the namespace was read.
    private func isFailing(_ reader: inout PackedReader) -> Bool {
        _ = reader.textBytes()
        var health = RowHealth()
        for position in 0..<min(reader.cellCount(), columns.count) {
            if let tone = reader.cellTone() { health.take(tone, column: columns[position]) }
        }
        return health.isFailing
    }
}
