import LinuxKernel

/// The logs pane: an index over everything received, and where the user is in it.
@MainActor package final class LogsModel {
    private let signal: ChangeSignal
    private var index = LogIndex()
    private var searching: Task<Void, Never>?
    /// An empty pane.
    package init(signal: ChangeSignal) { self.signal = signal }
    /// What is shown; nil for nothing.
    package private(set) var selection: LogSelection?
    /// The container whose log is shown; nil for a merge.
    package var target: LogTarget? {
        get { if case .container(let target)? = selection { target } else { nil } }
        set {
            selection = newValue.map { .container($0) }
            sources = newValue.map { [LogSource(target: $0, state: state)] } ?? []
            signal.touch()
        }
    }
    /// The merge that is shown; nil for one container or none.
    package var merge: LogMerge? { if case .merge(let merge)? = selection { merge } else { nil } }
    /// The containers whose lines are here, by the number that lines have.
    package private(set) var sources: [LogSource] = []
    /// Containers of the merge that have not started.
    package var waitingCount = 0 { didSet { if waitingCount != oldValue { updateState() } } }
    /// Containers of the merge that are not followed because there are too many.
    package var refusedCount = 0 { didSet { signal.touch() } }
    /// Whether the lines of a merge are labelled.
    package var showsSources = true { didSet { signal.touch() } }
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

    /// Shows a merge from nothing.
    package func show(_ merge: LogMerge) { show(.merge(merge)) }

    /// Shows something else from nothing.
    func show(_ new: LogSelection) {
        clear()
        selection = new
        (sources, waitingCount, refusedCount) = ([], 0, 0)
        state = .loading
    }

    /// Adds a container and returns its number.
    package func addSource(_ target: LogTarget) -> Int {
        sources.append(LogSource(target: target))
        let labels = LogLabels.make(sources.map(\.target))
        for (index, label) in labels.enumerated() { sources[index].label = label }
        labelWidth = labels.map(\.count).max() ?? 0
        updateState()
        return sources.count - 1
    }

    /// The columns that the longest label takes.
    package private(set) var labelWidth = 0

    /// Learns how a container stands.
    package func setState(_ new: LogState, of source: Int) {
        guard sources.indices.contains(source) else { return }
        sources[source].state = new
        updateState()
    }

    /// How the whole stands: as its only source, or as the most alive of them.
    private func updateState() {
        defer { signal.touch() }
        guard merge != nil else {
            if let only = sources.first { state = only.state }
            if state != .live { lag = nil }
            return
        }
        state = LogState.joined(sources.map(\.state), waiting: waitingCount)
        if state != .live { lag = nil }
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
    /// Lines that came while paused and were not on screen since.
    package private(set) var unseen = 0

    /// Learns which line comes after those on screen: what is before it is not new any more.
    package func noteSeen(upTo line: Int) {
        let left = max(0, endLine - line)
        guard left < unseen else { return }
        unseen = left
        signal.touch()
    }

    /// What is looked for, ignoring case.
    package var search = "" {
        didSet {
            if search != oldValue { currentMatch = nil }
            signal.touch()
        }
    }
    /// Told what was looked for in vain.
    var onMissing: (String) -> Void = { _ in }
    /// The line found last.
    package var currentMatch: Int? { didSet { signal.touch() } }

    /// More than this is searched off the main actor.
    private static let searchedAtOnce = 20_000

    /// Goes to the nearest line with ``search`` after (or before) a line; starts over from the other end when there is none.
    package func find(next: Bool, from line: Int) {
        searching?.cancel()
        let needle = ByteSearch(search)
        guard !needle.isEmpty else { return }
        guard endLine > firstLine else { return onMissing(search) }
        let index = index
        if endLine - firstLine <= Self.searchedAtOnce {
            return show(Self.search(index, needle, next: next, from: line))
        }
        searching = Task { [weak self] in
            let found = await Self.searchAside(index, needle, next: next, from: line)
            guard let self, !Task.isCancelled else { return }
            show(found)
        }
    }

    private func show(_ match: Int?) {
        if let match { currentMatch = match } else { onMissing(search) }
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
