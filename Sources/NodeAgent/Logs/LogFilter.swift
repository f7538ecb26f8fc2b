import Glibc
import KubeClient
import LinuxKernel

/// Turns stored log bytes into what a reader asked for: prefix stripped or turned into marks, streams chosen, old lines skipped, length limited.
struct LogFilter: Sendable {
    /// How a line is written.
    enum Form: Sendable, Hashable {
        /// The text alone, or after its time and a space.
        case text(withTimestamps: Bool)
        /// Time, ``LogMark`` and text; gaps are lines of their own.
        case marked
    }

    let form: Form
    /// Lines written before this are skipped; compared as text, which the fixed width allows.
    let since: [UInt8]?
    /// True for standard error alone, false for standard output alone, nil for both.
    let onlyErrors: Bool?
    /// Where the next stored line is in the whole log; nil when unknown. A file that begins further on shows what was rotated away.
    var place: LogPlace?
    /// What is passed over of lines before those that the reader wants.
    var skip = LogSkip(isError: false, records: 0)
    /// Bytes still to be sent; nil for no limit.
    private var remaining: Int?
    /// The line that is being continued came on standard error (or not); nil when none is.
    private var continuing: Bool?

    init(form: Form, since: Timestamp? = nil, onlyErrors: Bool? = nil, limit: Int? = nil) {
        self.form = form
        self.since = since.map { Array($0.rfc3339Nano.utf8) }
        self.onlyErrors = onlyErrors
        self.remaining = limit
    }

    /// Whether the reader has had all it wanted.
    var isExhausted: Bool { remaining == 0 }

    /// Appends what the whole lines in `stored` say to `output`; returns how many bytes of `stored` were used up.
    mutating func append(_ stored: UnsafeRawBufferPointer, to output: inout [UInt8]) -> Int {
        var offset = 0
        let limit = remaining.map { output.count + $0 }
        while offset < stored.count {
            guard let newline = memchr(stored.baseAddress! + offset, 0x0A, stored.count - offset) else { break }
            let end = UnsafeRawPointer(newline) - stored.baseAddress!
            let line = UnsafeRawBufferPointer(rebasing: stored[offset..<end])
            offset = end + 1
            guard line.count >= LogLine.prefixLength else { continue }
            if let note = LogLine.note(line) {
                append(note: note, of: line, to: &output)
            } else {
                place?.advance(past: line)
                if !skip.takes(line), keeps(line) { append(line: line, to: &output) }
            }
            if let limit, output.count >= limit {
                output.removeLast(output.count - limit)
                remaining = 0
                return offset
            }
        }
        if let limit { remaining = limit - output.count }
        return offset
    }

    private mutating func append(line: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        let isError = LogLine.isError(line)
        if form == .marked {
            // The other stream came in between: what follows is a line of its own.
            if let continuing, continuing != isError { endLine(&output) }
            if continuing == nil { appendHead(line, isError ? .error : .output, to: &output) }
        } else if form == .text(withTimestamps: true), continuing == nil {
            output.append(contentsOf: line[0..<LogLine.timestampLength])
            output.append(0x20)
        }
        output.append(contentsOf: line[LogLine.prefixLength...])
        continuing = isError
        if !LogLine.isPartial(line) { endLine(&output) }
    }

    private mutating func endLine(_ output: inout [UInt8]) {
        output.append(0x0A)
        continuing = nil
    }

    private func appendHead(_ line: UnsafeRawBufferPointer, _ mark: LogMark, to output: inout [UInt8]) {
        output.append(contentsOf: line[0..<LogLine.timestampLength])
        // Byte by byte: this runs for every line, and an array would be allocated for each.
        output.append(0x20)
        output.append(mark.rawValue)
        output.append(0x20)
    }

    /// A record of the supervisor's own.
    private mutating func append(note: UnsafeRawBufferPointer, of line: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        if let reached = LogPlace(note: note) {
            defer { place = reached }
            // With a time to start from nobody knows how much of what is missing was wanted; the reader sees that the times do not meet.
            guard form == .marked, since == nil, let place, reached.bytes > place.bytes || reached.lines > place.lines else { return }
            appendGap(Self.rotated(from: place, to: reached), at: line, to: &output)
        } else if skip.takes(line) {
            return
        } else if form != .marked {
            if keeps(line) { append(line: line, to: &output) }
        } else if since.map({ Self.isWritten(line, since: $0) }) ?? true {
            appendGap(String(decoding: note.dropFirst(note.starts(with: "gap ".utf8) ? 4 : 0), as: UTF8.self), at: line, to: &output)
        }
    }

    private mutating func appendGap(_ text: String, at line: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        if continuing != nil { endLine(&output) }
        appendHead(line, .gap, to: &output)
        output += Array(text.utf8)
        output.append(0x0A)
    }

    private static func rotated(from: LogPlace, to: LogPlace) -> String {
        let (lines, bytes) = (max(0, to.lines - from.lines), ByteCount(max(0, to.bytes - from.bytes)))
        return from == LogPlace()
            ? "\(lines) earlier lines (\(bytes)) were rotated away" : "\(lines) lines (\(bytes)) were rotated away unread"
    }

    private func keeps(_ line: UnsafeRawBufferPointer) -> Bool {
        if let onlyErrors, LogLine.isError(line) != onlyErrors { return false }
        return since.map { Self.isWritten(line, since: $0) } ?? true
    }

    private static func isWritten(_ line: UnsafeRawBufferPointer, since: [UInt8]) -> Bool {
        since.withUnsafeBytes { memcmp(line.baseAddress!, $0.baseAddress!, min($0.count, LogLine.timestampLength)) >= 0 }
    }
}
