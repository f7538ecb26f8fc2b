/// Places of a text where both sides changed the same, written into it as git writes them.
enum ConflictMarkers {
    static let mine = "<<<<<<< mine"
    static let middle = "======="
    static let theirs = ">>>>>>> cluster"
    static let advice = "both changed this: choose mine, the cluster's or both"

    /// One such place, by its lines.
    struct Block: Sendable, Hashable {
        let start: Int
        let middle: Int
        let end: Int
    }

    /// Whether a line is one of the lines around and between the sides.
    static func isMarker(_ line: String) -> Bool { line == mine || line == middle || line == theirs }

    /// The line of the first; nil for none.
    static func first(in lines: [String]) -> Int? { lines.firstIndex(of: mine) }

    /// Every whole place, in order.
    static func blocks(in lines: [String]) -> [Block] {
        var blocks: [Block] = []
        var start: Int?
        var middle: Int?
        for (number, line) in lines.enumerated() {
            if line == Self.mine {
                (start, middle) = (number, nil)
            } else if line == Self.middle, start != nil, middle == nil {
                middle = number
            } else if line == theirs, let from = start, let between = middle {
                blocks.append(Block(start: from, middle: between, end: number))
                (start, middle) = (nil, nil)
            }
        }
        return blocks
    }
}
