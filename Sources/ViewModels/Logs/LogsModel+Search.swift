package import LinuxKernel

extension LogsModel {
    /// More than this is searched off the main actor.
    private static let searchedAtOnce = 20_000

    /// Goes to the nearest shown line with ``search`` after (or before) a line; starts over from the other end when there is none.
    package func find(next: Bool, from line: Int) {
        searching?.cancel()
        let needle = ByteSearch(search)
        guard !needle.isEmpty else { return }
        guard endLine > firstLine else { return onMissing(search) }
        let (index, matches) = (index, matches)
        if endLine - firstLine <= Self.searchedAtOnce {
            return show(match: Self.search(index, matches, needle, next: next, from: line))
        }
        searching = Task { [weak self] in
            let found = await Self.searchAside(index, matches, needle, next: next, from: line)
            guard let self, !Task.isCancelled else { return }
            show(match: found)
        }
    }

    private func show(match: Int?) {
        guard let match else { return onMissing(search) }
        currentMatch = match
        go(to: match)
    }

    @concurrent nonisolated private static func searchAside(
        _ index: LogIndex, _ matches: LogMatches?, _ needle: ByteSearch, next: Bool, from line: Int
    ) async -> Int? {
        search(index, matches, needle, next: next, from: line)
    }

    nonisolated private static func search(_ index: LogIndex, _ matches: LogMatches?, _ needle: ByteSearch, next: Bool, from line: Int) -> Int? {
        let isShown: (Int) -> Bool = { matches?.contains($0) ?? true }
        return index.find(needle, next: next, from: line, isShown: isShown)
            ?? index.find(needle, next: next, from: next ? index.firstLine - 1 : index.endLine, isShown: isShown)
    }

    // MARK: - Places

    /// Hides what is there; it stays, and ``showEverything(fromEnd:)`` brings it back.
    package func clearShown() {
        hiddenBefore = endLine
        isFollowing = true
    }

    /// Shows what was cleared, too, at the end or from the start.
    package func showEverything(fromEnd: Bool) {
        hiddenBefore = firstLine
        if fromEnd { isFollowing = true } else if let first = firstShown { go(to: first) }
    }

    /// Brings a line into view, with the cursor on it, and pauses.
    package func go(to line: Int) {
        isFollowing = false
        cursor = line
        wanted = line
    }

    /// Goes to the first shown line written at a moment or after it; `onMissing` when all are older.
    package func go(to time: Timestamp, onMissing: @escaping () -> Void) {
        searching?.cancel()
        let index = index
        searching = Task { [weak self] in
            let found = await Self.place(of: time, index)
            guard let self, !Task.isCancelled else { return }
            guard let line = found.flatMap({ shown(from: $0) }) else { return onMissing() }
            go(to: line)
        }
    }

    @concurrent nonisolated private static func place(of time: Timestamp, _ index: LogIndex) async -> Int? { index.firstLine(at: time) }

    /// The line that commands on a line mean: under the cursor, or the last.
    package var currentLine: Int? { cursor ?? lastShown }

    /// Marks the current line, or takes its mark away.
    package func toggleMark() {
        guard let line = currentLine else { return }
        if marks.remove(line) == nil { marks.insert(line) }
    }

    /// Goes to the nearest mark after (or before) the current line, starting over at the other end. False without marks.
    package func goToMark(next: Bool) -> Bool {
        let there = marks.filter { $0 >= firstLine && (matches?.contains($0) ?? true) }.sorted()
        guard let first = there.first, let last = there.last else { return false }
        let from = currentLine ?? 0
        let found = next ? there.first { $0 > from } ?? first : there.last { $0 < from } ?? last
        go(to: found)
        return true
    }

    /// The selected lines; nil without a selection.
    package var selected: ClosedRange<Int>? {
        guard let anchor, let cursor else { return nil }
        return min(anchor, cursor)...max(anchor, cursor)
    }

    /// Starts a selection at the current line, or ends it.
    package func toggleSelection() {
        guard anchor == nil, let line = currentLine else {
            anchor = nil
            return
        }
        if cursor == nil { go(to: line) }
        anchor = line
    }
}
