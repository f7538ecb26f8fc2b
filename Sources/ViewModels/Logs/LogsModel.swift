import LinuxKernel

/// The logs pane: an index over everything received, and where the user is in it.
@MainActor package final class LogsModel {
    private let signal: ChangeSignal
    private var index = LogIndex()
    private var searching: Task<Void, Never>?
    /// An empty pane.
    package init(signal: ChangeSignal) { self.signal = signal }
    /// The container whose log is shown.
    package var target: LogTarget? { didSet { signal.touch() } }
    /// The pod's containers, for choosing.
    package var containers: [String] = [] { didSet { signal.touch() } }
    /// How the pane stands with its log.
    package var state: LogState = .idle("select a pod") { didSet { if state != oldValue { signal.touch() } } }
    /// The first line that can be shown.
    package var firstLine: Int { index.firstLine }
    /// One past the last line.
    package var endLine: Int { index.endLine }
    /// A line by its absolute number; nil outside of what is there.
    package func line(_ number: Int) -> LogLine? { index.line(number) }

    /// Replaces everything.
    package func replaceLines(_ new: [LogLine], firstLine: Int = 0) {
        index = LogIndex(firstLine: firstLine)
        index.append(new)
        signal.touch()
    }

    /// Adds lines at the end.
    package func append(_ new: [LogLine]) {
        index.append(new)
        countUnseen(new.count)
    }

    /// Adds received bytes at the end.
    func append(_ chunk: LogChunk) {
        index.append(chunk)
        countUnseen(chunk.count)
    }

    /// Shows another container from nothing. Line numbers go on, so that none ever means two lines.
    package func clear() {
        searching?.cancel()
        index = LogIndex(firstLine: index.endLine)
        position = LogPosition(line: index.firstLine)
        (isFollowing, unseen, lag, currentMatch) = (true, 0, nil, nil)
    }

    private func countUnseen(_ count: Int) {
        if !isFollowing { unseen += count }
        signal.touch()
    }

    /// Whether the newest line stays in view; moving up pauses.
    package var isFollowing = true {
        didSet {
            if isFollowing { unseen = 0 }
            signal.touch()
        }
    }
    /// The first row on screen while paused; the screen writes it.
    package var position = LogPosition(line: 0)
    /// Whether long lines are broken.
    package var isWrapping = false { didSet { signal.touch() } }
    /// Whether each line's time is shown.
    package var showsTimestamps = false { didSet { signal.touch() } }
    /// From the newest line's writing to its arrival here; nil when nothing arrives.
    package var lag: Duration? { didSet { if lag != oldValue { signal.touch() } } }
    /// Lines that came while paused.
    package var unseen = 0
    /// What is looked for, ignoring case.
    package var search = "" {
        didSet {
            if search != oldValue { currentMatch = nil }
            signal.touch()
        }
    }
    /// The line found last.
    package var currentMatch: Int? { didSet { signal.touch() } }

    /// More than this is searched off the main actor.
    private static let searchedAtOnce = 20_000

    /// Goes to the nearest line with ``search`` after (or before) a line; starts over from the other end when there is none.
    package func find(next: Bool, from line: Int) {
        searching?.cancel()
        let needle = ByteSearch(search)
        guard !needle.isEmpty, endLine > firstLine else { return }
        let index = index
        if endLine - firstLine <= Self.searchedAtOnce {
            currentMatch = Self.search(index, needle, next: next, from: line) ?? currentMatch
            return
        }
        searching = Task { [weak self] in
            let found = await Self.searchAside(index, needle, next: next, from: line)
            guard let self, !Task.isCancelled, let found else { return }
            currentMatch = found
        }
    }

    @concurrent nonisolated private static func searchAside(_ index: LogIndex, _ needle: ByteSearch, next: Bool, from line: Int) async
        -> Int?
    {
        search(index, needle, next: next, from: line)
    }

    nonisolated private static func search(_ index: LogIndex, _ needle: ByteSearch, next: Bool, from line: Int) -> Int? {
        index.find(needle, next: next, from: line) ?? index.find(needle, next: next, from: next ? index.firstLine - 1 : index.endLine)
    }
}
