package import LinuxKernel

/// The logs pane: an index over everything received, which of it is shown, and where the user is in it.
@MainActor package final class LogsModel {
    let signal: ChangeSignal
    var index = LogIndex()
    /// What the filter shows as far as it was looked at; nil without a filter.
    var matches: LogMatches?
    var scanning: Task<Void, Never>?
    var searching: Task<Void, Never>?
    var spilling: Task<Void, Never>?
    var spill: LogSpill?
    /// Where older lines go on the disk; nil keeps what fits into memory.
    package var spillDirectory: String?
    /// Bytes of the log that are kept, in memory and on the disk. Default 2 GiB. It holds for what is shown next.
    package var budget = LogIndex.standardBudget
    /// An empty pane.
    package init(signal: ChangeSignal) { self.signal = signal }

    // MARK: - What is shown

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
    /// The columns that the longest label takes.
    package private(set) var labelWidth = 0
    /// Containers of the merge that have not started.
    package var waitingCount = 0 { didSet { if waitingCount != oldValue { updateState() } } }
    /// A pod of the merge that has not started, while none has.
    var waitingPod: (namespace: String, name: String)?
    /// Told when ``state`` changed.
    var onStateChange: () -> Void = {}
    /// Containers of the merge that are not followed because there are too many.
    package var refusedCount = 0 { didSet { signal.touch() } }
    /// The pod's containers, for choosing.
    package var containers: [String] = [] { didSet { signal.touch() } }
    /// How the pane stands with its log.
    package var state: LogState = .idle("select a pod") {
        didSet {
            guard state != oldValue else { return }
            signal.touch()
            onStateChange()
        }
    }
    /// Why there is no line yet, in words; shown instead of lines.
    package var explanation: [[TextSpan]] = [] { didSet { if explanation != oldValue { signal.touch() } } }
    /// From the newest line's writing to its arrival here; nil when nothing arrives.
    package var lag: Duration? { didSet { if lag != oldValue { signal.touch() } } }

    /// Shows a merge from nothing.
    package func show(_ merge: LogMerge) { show(.merge(merge)) }

    /// Shows something else from nothing.
    func show(_ new: LogSelection) {
        clear()
        selection = new
        (sources, labelWidth, waitingCount, refusedCount, waitingPod) = ([], 0, 0, 0, nil)
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

    /// Learns how a container stands.
    package func setState(_ new: LogState, of source: Int) {
        guard sources.indices.contains(source) else { return }
        sources[source].state = new
        updateState()
    }

    /// How the whole stands: as its only source, or as the most alive of them.
    private func updateState() {
        defer { signal.touch() }
        if merge != nil {
            state = LogState.joined(sources.map(\.state), waiting: waitingCount)
        } else if let only = sources.first {
            state = only.state
        }
        if state != .live { lag = nil }
    }

    // MARK: - Lines

    /// The first line that can be shown.
    package var firstLine: Int { index.firstLine }
    /// One past the last line.
    package var endLine: Int { index.endLine }
    /// A line by its absolute number; nil outside of what is there. The one after the last may have begun.
    package func line(_ number: Int) -> LogLine? { number == endLine ? unfinished : index.line(number) }
    /// The line that has begun and not ended, as far as it came: it will be the next. A filter does not look at it.
    package internal(set) var unfinished: LogLine? { didSet { signal.touch() } }

    /// Replaces everything.
    package func replaceLines(_ new: [LogLine], firstLine: Int = 0) {
        unfinished = nil
        index = LogIndex(firstLine: firstLine, budget: usedBudget)
        index.append(new)
        restartFilter()
    }

    /// Adds lines at the end.
    package func append(_ new: [LogLine]) {
        unfinished = nil
        index.append(new)
        countUnseen(new.count)
    }

    /// Adds received bytes at the end.
    func append(_ chunk: LogChunk) {
        unfinished = nil
        index.append(chunk)
        moveToDisk()
        countUnseen(chunk.count)
    }

    /// Shows another container from nothing. Line numbers go on, so that none ever means two lines; the filter stays.
    package func clear() {
        searching?.cancel()
        spilling?.cancel()
        (spilling, spill, unfinished) = (nil, nil, nil)
        index = LogIndex(firstLine: index.endLine, budget: usedBudget)
        position = LogPosition(line: index.firstLine)
        (isFollowing, unseen, lag, currentMatch, marks) = (true, 0, nil, nil, [])
        (hiddenBefore, explanation, columns, columnWidths) = (index.firstLine, [], [], [])
        filter.source = nil
        restartFilter()
    }

    /// Without a disk no more is kept than memory should hold.
    private var usedBudget: Int { spillDirectory == nil ? min(budget, Self.budgetWithoutDisk) : budget }
    private static let budgetWithoutDisk = 80 << 20

    private func countUnseen(_ count: Int) {
        if !isFollowing { unseen += count }
        if let matches, matches.scanned.lowerBound < index.firstLine { self.matches?.drop(before: index.firstLine) }
        if index.firstLine < endLine { keepScanning() }
        signal.touch()
    }

    // MARK: - Where the user is

    /// Whether the newest line stays in view; moving up pauses.
    package var isFollowing = true {
        didSet {
            if isFollowing { (unseen, cursor, anchor) = (0, nil, nil) }
            signal.touch()
        }
    }
    /// The first row on screen while paused; the screen writes it.
    package var position = LogPosition(line: 0)
    /// The line under the cursor while paused; nil for none.
    package var cursor: Int? { didSet { signal.touch() } }
    /// Where the selection began; it reaches to the cursor.
    package var anchor: Int? { didSet { signal.touch() } }
    /// A line that the screen is to bring into view; it takes it.
    package var wanted: Int?
    /// The first and last line on screen; the screen writes it.
    package var visible: ClosedRange<Int>?
    /// Lines that were marked.
    package var marks: Set<Int> = [] { didSet { signal.touch() } }
    /// Lines before it were cleared away; they are still there.
    package var hiddenBefore = 0 { didSet { signal.touch() } }
    /// Lines that came while paused and were not on screen since.
    package private(set) var unseen = 0

    /// Learns which line comes after those on screen: what is before it is not new any more.
    package func noteSeen(upTo line: Int) {
        let left = max(0, endLine - line)
        guard left < unseen else { return }
        unseen = left
        signal.touch()
    }

    // MARK: - How it looks

    /// Whether long lines are broken.
    package var isWrapping = false { didSet { signal.touch() } }
    /// How each line's time is shown.
    package var times = LogTimes.off { didSet { signal.touch() } }
    /// Where this machine's clocks are. Default UTC, until the program tells.
    package var zone = TimeZoneRules.utc { didSet { signal.touch() } }
    /// Whether each line's time is shown.
    package var showsTimestamps: Bool { times != .off }
    /// Whether the lines of a merge are labelled.
    package var showsSources = true { didSet { signal.touch() } }
    /// The fields of structured lines that are shown as columns; empty shows lines as they are.
    package var columns: [String] = [] {
        didSet {
            if columns != oldValue { columnWidths = columns.map { min(LogFields.widestColumn, $0.count) } }
            signal.touch()
        }
    }
    /// The columns' widths; they grow with what is shown, up to a limit.
    package var columnWidths: [Int] = []

    // MARK: - Filter and search

    /// Which lines are shown. It stays when something else is shown.
    package var filter = LogFilter.everything { didSet { if filter != oldValue { restartFilter() } } }
    /// What is wrong with the filter that is being typed; empty when nothing is.
    package var filterError = "" { didSet { signal.touch() } }

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
}
