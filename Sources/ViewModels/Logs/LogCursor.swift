import KubeClient
import LinuxKernel

/// Cuts a log's bytes into chunks of complete lines, and leaves out what an earlier connection already brought.
struct LogCursor: Sendable {
    /// Whose lines these are.
    let source: UInt16
    /// The newest line's time.
    private(set) var newest: Timestamp?
    /// Lines that carry ``newest``: after a reconnection so many of them come again.
    private var newestCount = 0
    private var pending: [UInt8] = []
    /// What the lines of this connection start with; nil before its first line, which says so.
    private var form: LogChunk.Form?
    private var isResuming = false
    private var toSkip = 0
    private var mayHaveLost = false
    /// Set when a resumed stream starts after lines that were never seen.
    private(set) var gap: (from: Timestamp, to: Timestamp)?

    private static let longestLine = 1 << 20
    private static let longestUnfinished = 64 << 10

    init(source: UInt16 = 0) { self.source = source }

    /// Says that bytes come from a new connection, which starts at the second of ``newest``. `isAfterFailure`: the one before broke, so
    /// that lines may be missing; one that ended had delivered everything.
    mutating func resume(isAfterFailure: Bool) {
        mayHaveLost = isAfterFailure
        pending = []
        form = nil
        isResuming = newest != nil
        toSkip = newestCount
        gap = nil
    }

    /// The complete lines in what arrived, together with what was left over; nil when there are none.
    mutating func take(_ bytes: [UInt8]) -> LogChunk? {
        gap = nil
        guard let end = bytes.lastIndex(of: 0x0A) else {
            pending += bytes
            // Somebody writes without ever ending a line: it is shown in pieces.
            return pending.count > Self.longestLine ? finish() : nil
        }
        let whole: [UInt8]
        if pending.isEmpty, end == bytes.count - 1 {
            whole = bytes
        } else {
            whole = pending + bytes[...end]
            pending = Array(bytes[(end + 1)...])
        }
        return cut(whole)
    }

    /// The line that has begun and not ended, as far as it came; nil for none, or for one that an earlier connection brought.
    var unfinished: LogLine? {
        guard !pending.isEmpty, pending.count <= Self.longestUnfinished else { return nil }
        let line = LogChunk(pending, form: form ?? .stamped, source: source).line(0)
        guard let time = line.timestamp, line.gap == nil else { return nil }
        return isResuming && newest.map { time <= $0 } == true ? nil : line
    }

    /// The last line when the stream ended without a line feed.
    mutating func finish() -> LogChunk? {
        guard !pending.isEmpty else { return nil }
        defer { pending = [] }
        return cut(pending + [0x0A])
    }

    private mutating func cut(_ lines: [UInt8]) -> LogChunk? {
        if let form { return admit(LogChunk(lines, form: form, source: source)) }
        let isMarked = lines.starts(with: LogMark.header)
        form = isMarked ? .marked : .stamped
        guard isMarked else { return admit(LogChunk(lines, form: .stamped, source: source)) }
        guard lines.count > LogMark.header.count else { return nil }
        return admit(LogChunk(Array(lines[LogMark.header.count...]), form: .marked, source: source))
    }

    private mutating func admit(_ chunk: LogChunk) -> LogChunk? {
        var chunk = chunk
        if isResuming {
            let known = newest ?? Timestamp(seconds: .min)
            var skipped = 0
            while skipped < chunk.count, let time = chunk.timestamp(skipped), time < known || time == known && toSkip > 0 {
                if time == known { toSkip -= 1 }
                skipped += 1
            }
            if skipped == chunk.count { return nil }
            isResuming = false
            // The server starts at the whole second of the newest known line: when nothing of it is left, lines were lost.
            if mayHaveLost, toSkip == newestCount, let first = chunk.timestamp(skipped), first > known { gap = (known, first) }
            if skipped > 0 { chunk.dropFirst(bytes: chunk.range(skipped).lowerBound) }
        }
        note(chunk)
        return chunk
    }

    private mutating func note(_ chunk: LogChunk) {
        guard let last = chunk.timestamp(chunk.count - 1) else { return }
        var count = 0
        var index = chunk.count - 1
        while index >= 0, chunk.timestamp(index) == last {
            count += 1
            index -= 1
        }
        newestCount = newest == last && index < 0 ? newestCount + count : count
        newest = last
    }
}
