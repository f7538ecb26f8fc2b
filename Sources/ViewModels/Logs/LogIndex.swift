/// Everything received of a log, by absolute line number. A number never changes its meaning: dropping old lines moves only the start.
struct LogIndex: Sendable {
    private enum Content: Sendable {
        case bytes(LogChunk)
        case lines([LogLine])
    }
    private struct Segment: Sendable {
        var first: Int
        var content: Content
        var count: Int {
            switch content {
            case .bytes(let chunk): chunk.count
            case .lines(let lines): lines.count
            }
        }
        var size: Int {
            switch content {
            case .bytes(let chunk): chunk.bytes.count
            case .lines(let lines): lines.count * 64
            }
        }
    }

    /// More than a node keeps of a container (5 files of 10 MiB), so that everything retained there can be scrolled to.
    static let maximumBytes = 80 << 20

    private var segments: [Segment] = []
    private var size = 0
    private(set) var firstLine: Int
    private(set) var endLine: Int

    /// The number of the very first line.
    private let start: Int

    init(firstLine: Int = 0) {
        start = firstLine
        self.firstLine = firstLine
        endLine = firstLine
    }

    mutating func append(_ lines: [LogLine]) {
        guard !lines.isEmpty else { return }
        if case .lines(var present)? = segments.last?.content {
            segments[segments.count - 1].content = .lines([])
            present += lines
            segments[segments.count - 1].content = .lines(present)
        } else {
            segments.append(Segment(first: endLine, content: .lines(lines)))
        }
        endLine += lines.count
        size += lines.count * 64
        trim()
    }

    mutating func append(_ chunk: LogChunk) {
        guard chunk.count > 0 else { return }
        if case .bytes(var present)? = segments.last?.content, present.bytes.count < LogChunk.mergeSize,
            present.form == chunk.form
        {
            // Taken out first, so that the bytes are extended in place.
            segments[segments.count - 1].content = .lines([])
            present.append(chunk)
            segments[segments.count - 1].content = .bytes(present)
        } else {
            segments.append(Segment(first: endLine, content: .bytes(chunk)))
        }
        endLine += chunk.count
        size += chunk.bytes.count
        trim()
    }

    func line(_ number: Int) -> LogLine? {
        guard number >= firstLine, number < endLine else { return nil }
        let segment = segments[place(number)]
        switch segment.content {
        case .bytes(let chunk): return chunk.line(number - segment.first)
        case .lines(let lines): return lines[number - segment.first]
        }
    }

    /// The nearest line after (or before) `line` that has the text, ASCII letters of either case alike.
    func find(_ needle: ByteSearch, next: Bool, from line: Int) -> Int? {
        guard !segments.isEmpty else { return nil }
        let start = next ? max(line + 1, firstLine) : min(line - 1, endLine - 1)
        guard start >= firstLine, start < endLine else { return nil }
        var index = place(start)
        while segments.indices.contains(index) {
            if Task.isCancelled { return nil }
            let segment = segments[index]
            let from = max(0, min(segment.count - 1, start - segment.first))
            let range =
                next
                ? (start > segment.first ? from : 0)..<segment.count
                : 0..<(start < segment.first + segment.count ? from + 1 : segment.count)
            if let found = find(needle, in: segment, range, next: next) { return segment.first + found }
            index += next ? 1 : -1
        }
        return nil
    }

    private func find(_ needle: ByteSearch, in segment: Segment, _ range: Range<Int>, next: Bool) -> Int? {
        func matches(_ index: Int) -> Bool {
            switch segment.content {
            case .bytes(let chunk): return needle.isFound(in: chunk.bytes, chunk.textRange(index))
            case .lines(let lines): return lines[index].gap == nil && needle.isFound(in: lines[index].bytes)
            }
        }
        if next { return range.first(where: matches) }
        return range.last(where: matches)
    }

    private func place(_ number: Int) -> Int {
        var (low, high) = (0, segments.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].first <= number { low = middle } else { high = middle }
        }
        return low
    }

    /// Drops the oldest lines. The last number of theirs becomes a line that says so.
    private mutating func trim() {
        var drop = 0
        while size > Self.maximumBytes, drop < segments.count - 1 {
            size -= segments[drop].size
            drop += 1
        }
        guard drop > 0 else { return }
        segments.removeFirst(drop)
        firstLine = segments[0].first - 1
        let text = "\(segments[0].first - start) lines from before are no longer held here"
        let notice = Segment(first: firstLine, content: .lines([LogLine(timestamp: nil, bytes: [], gap: text)]))
        segments.insert(notice, at: 0)
        size += notice.size
    }
}
