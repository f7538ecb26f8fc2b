/// Subsequence matching for the palette and pickers: every query character in order, ignoring case.
package enum FuzzyMatch {
    /// Higher is better; `positions` are Character offsets in `text`; nil when it does not match. Word starts and runs score more.
    package static func match(_ query: String, in text: String) -> (score: Int, positions: [Int])? {
        let wanted = Array(query.lowercased().filter { $0 != " " })
        guard !wanted.isEmpty else { return (0, []) }
        let characters = Array(text.lowercased())
        var best: (Int, [Int])?
        for start in characters.indices where characters[start] == wanted[0] {
            var positions = [start]
            var at = start + 1
            var score = isWordStart(characters, start) ? 10 : 0
            for character in wanted.dropFirst() {
                guard let found = characters[at...].firstIndex(of: character) else {
                    positions = []
                    break
                }
                score += found == at ? 6 : (isWordStart(characters, found) ? 5 : -(found - at).clamped(to: 3))
                positions.append(found)
                at = found + 1
            }
            guard !positions.isEmpty else { continue }
            score -= start.clamped(to: 8)
            if best == nil || score > best!.0 { best = (score, positions) }
        }
        return best.map { ($0.0, $0.1) }
    }

    private static func isWordStart(_ characters: [Character], _ index: Int) -> Bool {
        index == 0 || " -./:_".contains(characters[index - 1])
    }
}

extension Int {
    fileprivate func clamped(to limit: Int) -> Int { Swift.min(self, limit) }
}
