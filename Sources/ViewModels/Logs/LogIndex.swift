import LinuxKernel

/// Everything received of a log, by absolute line number. A number never changes its meaning: dropping old lines moves only the start.
///
/// The newest part is in memory; ``LogsModel`` writes older parts to a ``LogSpill``.
struct LogIndex: Sendable {
    private enum Content: Sendable {
        case memory(LogChunk)
        /// On its way to the disk.
        case writing(LogChunk)
        case disk(LogSpill, LogSpill.Place)
    }

    private struct Segment: Sendable {
        var first: Int
        var count: Int
        var size: Int
        var content: Content
        var end: Int { first + count }

        var chunk: LogChunk? {
            switch content {
            case .memory(let chunk), .writing(let chunk): chunk
            case .disk(let spill, let place): spill.read(place)
            }
        }
    }

    /// Bytes that are held in memory; older lines go to the disk.
    static let memoryLimit = 32 << 20
    /// Bytes that are kept in all by default.
    static let standardBudget = 2 << 30

    private var segments: [Segment] = []
    private var size = 0
    private(set) var memorySize = 0
    private(set) var endLine: Int
    /// Bytes that are kept in all.
    private var budget: Int
    /// What was dropped: how many lines, of which times, and why if not for the budget.
    private var dropped: (count: Int, from: Timestamp?, to: Timestamp?, reason: String?) = (0, nil, nil, nil)

    init(firstLine: Int = 0, budget: Int = standardBudget) {
        endLine = firstLine
        self.budget = budget
    }

    /// The first line that can be shown: after a loss the line that tells of it.
    var firstLine: Int { segments.first.map { dropped.count > 0 ? $0.first - 1 : $0.first } ?? endLine }

    mutating func append(_ lines: [LogLine]) { if !lines.isEmpty { append(LogChunk(lines: lines)) } }

    mutating func append(_ chunk: LogChunk) {
        guard chunk.count > 0 else { return }
        if let last = segments.last, case .memory(var present) = last.content, last.size < LogChunk.mergeSize, present.form == chunk.form {
            // Taken out first, so that the bytes are extended in place.
            segments[segments.count - 1].content = .memory(LogChunk([], form: chunk.form))
            present.append(chunk)
            segments[segments.count - 1] = Segment(first: last.first, count: present.count, size: present.bytes.count, content: .memory(present))
        } else {
            segments.append(Segment(first: endLine, count: chunk.count, size: chunk.bytes.count, content: .memory(chunk)))
        }
        endLine += chunk.count
        size += chunk.bytes.count
        memorySize += chunk.bytes.count
        if size > budget { drop(until: budget, reason: nil) }
    }

    func line(_ number: Int) -> LogLine? {
        guard number >= firstLine, number < endLine else { return nil }
        let segment = segments[place(number)]
        guard number >= segment.first else { return notice }
        let chunk: LogChunk?
        if case .disk(let spill, let place) = segment.content { chunk = spill.recall(place) } else { chunk = segment.chunk }
        return chunk?.line(number - segment.first)
            ?? LogLine(timestamp: nil, bytes: [], gap: "this line cannot be read from the disk any more")
    }

    // MARK: - Looking through

    /// Calls `body` with every chunk that has lines of a range, in order, until it answers false: the chunk, its first line's number and
    /// the lines in the range. What the disk does not give is left out.
    func forEach(_ range: Range<Int>, reversed: Bool = false, _ body: (LogChunk, Int, Range<Int>) -> Bool) {
        guard let first = segments.first, !range.isEmpty, range.upperBound > first.first else { return }
        let (low, high) = (place(max(range.lowerBound, first.first)), place(min(range.upperBound, endLine) - 1))
        guard low <= high else { return }
        for index in reversed ? Array((low...high).reversed()) : Array(low...high) {
            if Task.isCancelled { return }
            let segment = segments[index]
            let lines = max(0, range.lowerBound - segment.first)..<min(segment.count, range.upperBound - segment.first)
            guard let chunk = segment.chunk else { continue }
            if !lines.isEmpty, !body(chunk, segment.first, lines) { return }
        }
    }

    /// The nearest line after (or before) `line` that has the text, ASCII letters of either case alike, of those that `isShown`.
    func find(_ needle: ByteSearch, next: Bool, from line: Int, isShown: (Int) -> Bool = { _ in true }) -> Int? {
        let range = next ? max(line + 1, firstLine)..<max(line + 1, firstLine, endLine) : firstLine..<max(firstLine, min(line, endLine))
        var found: Int?
        forEach(range, reversed: !next) { chunk, first, lines in
            func matches(_ index: Int) -> Bool {
                !chunk.isGap(index) && needle.isFound(in: chunk.bytes, chunk.textRange(index)) && isShown(first + index)
            }
            found = (next ? lines.first(where: matches) : lines.last(where: matches)).map { first + $0 }
            return found == nil
        }
        return found
    }

    /// The first line written at a moment or after it; nil when all are older.
    func firstLine(at time: Timestamp) -> Int? {
        for segment in segments {
            let last: Timestamp?
            switch segment.content {
            case .memory(let chunk), .writing(let chunk): last = chunk.timestamp(chunk.count - 1)
            case .disk(_, let place): last = place.lastTime
            }
            guard last.map({ $0 >= time }) ?? false, let chunk = segment.chunk else { continue }
            if let index = (0..<chunk.count).first(where: { chunk.timestamp($0).map { $0 >= time } ?? false }) { return segment.first + index }
        }
        return nil
    }

    private func place(_ number: Int) -> Int {
        var (low, high) = (0, segments.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].first <= number { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: - The disk

    /// The oldest chunks in memory that should go to the disk now, at most so many bytes of them, with their first lines' numbers.
    mutating func takeForDisk(_ limit: Int) -> [(first: Int, chunk: LogChunk)] {
        var taken: [(first: Int, chunk: LogChunk)] = []
        var excess = min(limit, memorySize - Self.memoryLimit)
        for index in segments.indices.dropLast() where excess > 0 {
            guard case .memory(let chunk) = segments[index].content else { continue }
            segments[index].content = .writing(chunk)
            taken.append((segments[index].first, chunk))
            excess -= segments[index].size
        }
        return taken
    }

    /// Learns that a chunk is on the disk, if it was not dropped meanwhile.
    mutating func stored(_ first: Int, _ spill: LogSpill, _ location: LogSpill.Place) {
        guard let head = segments.first, first >= head.first else { return }
        let index = place(first)
        guard segments[index].first == first, case .writing = segments[index].content else { return }
        segments[index].content = .disk(spill, location)
        memorySize -= segments[index].size
    }

    /// The disk takes nothing more: what does not fit into memory is dropped from now on.
    mutating func loseDisk(_ reason: String) {
        for index in segments.indices { if case .writing(let chunk) = segments[index].content { segments[index].content = .memory(chunk) } }
        budget = size - memorySize + Self.memoryLimit
        drop(until: budget, reason: reason)
    }

    /// Drops the oldest lines. The last number of theirs becomes a line that says so.
    private mutating func drop(until limit: Int, reason: String?) {
        var gone = 0
        while size > limit, gone < segments.count - 1 {
            let segment = segments[gone]
            size -= segment.size
            note(segment)
            if case .disk = segment.content {} else { memorySize -= segment.size }
            gone += 1
        }
        guard gone > 0 else { return }
        segments.removeFirst(gone)
        if let reason { dropped.reason = reason }
    }

    private mutating func note(_ segment: Segment) {
        dropped.count += segment.count
        let times: (Timestamp?, Timestamp?)
        switch segment.content {
        case .memory(let chunk), .writing(let chunk): times = (chunk.timestamp(0), chunk.timestamp(chunk.count - 1))
        case .disk(_, let place): times = (place.firstTime, place.lastTime)
        }
        dropped.from = dropped.from ?? times.0
        dropped.to = times.1 ?? dropped.to
    }

    private var notice: LogLine {
        var span = ""
        if let from = dropped.from, let to = dropped.to { span = ", \(from.rfc3339) to \(to.rfc3339.dropFirst(11))," }
        let reason = dropped.reason ?? "the log is larger than \(ByteCount(Int64(budget)))"
        return LogLine(timestamp: nil, bytes: [], gap: "\(dropped.count) lines from before\(span) are no longer held here: \(reason)")
    }
}
