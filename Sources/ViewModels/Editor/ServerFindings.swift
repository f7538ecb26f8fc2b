/// What the server said of an earlier state of the text, kept at its lines while they stay as they were.
struct ServerFindings: Sendable {
    private var found: [(diagnostic: Diagnostic, line: String)] = []

    init() {}

    init(_ diagnostics: [Diagnostic], _ lines: [String]) {
        found = diagnostics.map { ($0, lines.indices.contains($0.line) ? lines[$0.line] : "") }
    }

    /// What still holds as far as anybody knows: the line is there, perhaps elsewhere. What would help is not known any more.
    func kept(in lines: [String]) -> [Diagnostic] {
        found.compactMap { entry in
            let near = (0..<64).lazy.flatMap { [entry.diagnostic.line - $0, entry.diagnostic.line + $0] }
            guard let place = near.first(where: { lines.indices.contains($0) && lines[$0] == entry.line }) else { return nil }
            var diagnostic = entry.diagnostic
            if place != diagnostic.line { diagnostic.fixes = [] }
            diagnostic.line = place
            return diagnostic
        }
    }
}
