/// What becomes of a place that both sides changed.
package enum ConflictChoice: Sendable, Hashable {
    /// The text's side stays.
    case mine
    /// The cluster's side stays.
    case theirs
    /// Both stay, the text's first.
    case both
}

/// What a line is in a place that both sides changed.
package enum ConflictPart: Sendable, Hashable {
    /// One of the lines around and between the sides.
    case marker
    /// A line of the text's side.
    case mine
    /// A line of the cluster's side.
    case theirs
}

extension EditorModel {
    /// What a line is in a place that both sides changed; nil when it is in none.
    package func conflictPart(line: Int) -> ConflictPart? {
        guard let block = conflicts.first(where: { line >= $0.start && line <= $0.end }) else { return nil }
        if line == block.start || line == block.middle || line == block.end { return .marker }
        return line < block.middle ? .mine : .theirs
    }

    /// The number of places that both sides changed and nobody has settled.
    package var conflictCount: Int { conflicts.count }

    /// Settles the place at the cursor, or the next one, as one step; the cursor goes on to the one after it. False when there is none.
    @discardableResult
    package func settle(_ choice: ConflictChoice) -> Bool {
        guard let block = conflicts.first(where: { $0.end >= cursor.line }) ?? conflicts.first else { return false }
        let mine = (block.start + 1..<block.middle).map(line)
        let theirs = (block.middle + 1..<block.end).map(line)
        let kept =
            switch choice {
            case .mine: mine
            case .theirs: theirs
            case .both: mine + theirs
            }
        apply(QuickFix(title: "", lines: block.start..<(block.end + 1), replacement: kept, cursor: TextPosition(line: block.start, column: 0)))
        nextConflict(orHere: true)
        return true
    }

    /// Goes to the next place that both sides changed. False when there is none.
    @discardableResult
    package func nextConflict(orHere: Bool = false) -> Bool {
        guard let block = conflicts.first(where: { orHere ? $0.start >= cursor.line : $0.start > cursor.line }) ?? conflicts.first else { return false }
        place(TextPosition(line: block.start, column: 0), selecting: false)
        return true
    }
}
