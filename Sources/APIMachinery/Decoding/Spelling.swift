/// Guesses what a misspelt name was meant to be.
package enum Spelling {
    /// The name at a distance of at most two edits (one for short names), or equal but for case; nil when none is near.
    package static func nearest(to word: String, among names: some Sequence<String>) -> String? {
        let lower = Array(word.lowercased().utf8)
        guard lower.count <= 64 else { return nil }
        let limit = lower.count <= 4 ? 1 : 2
        var best: (name: String, distance: Int)?
        for name in names {
            let other = Array(name.lowercased().utf8)
            guard abs(other.count - lower.count) <= limit else { continue }
            let distance = distance(lower, other)
            if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let substituted = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
