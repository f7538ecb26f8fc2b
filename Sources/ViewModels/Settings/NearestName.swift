/// Finds what somebody meant by a mistyped name.
package enum NearestName {
    /// The one of `names` that takes the fewest changes of a character, ignoring case; nil when all are far from `word`.
    package static func find(_ word: String, in names: some Sequence<String>) -> String? {
        var best: (name: String, distance: Int)?
        for name in names {
            let found = distance(word.lowercased(), name.lowercased())
            if found <= max(2, name.count / 3), found < name.count, found < best?.distance ?? .max { best = (name, found) }
        }
        return best?.name
    }

    /// `; did you mean X?`, or nothing when nothing is near.
    package static func question(_ word: String, in names: some Sequence<String>) -> String {
        find(word, in: names).map { "; did you mean \($0)?" } ?? ""
    }

    /// Insertions, removals and replacements that make one word of the other. Long words are never near.
    private static func distance(_ word: String, _ name: String) -> Int {
        let (a, b) = (Array(word.prefix(60)), Array(name))
        var row = Array(0...b.count)
        for i in a.indices {
            var next = [i + 1]
            for j in b.indices { next.append(min(row[j] + (a[i] == b[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)) }
            row = next
        }
        return row[b.count]
    }
}
