import Glibc
import KubeClient
import LinuxKernel

/// Turns stored log bytes into what a reader asked for: prefix stripped, streams chosen, old lines skipped, length limited.
struct LogFilter: Sendable {
    /// Keep each line's timestamp and a space.
    var withTimestamps: Bool
    /// Lines written before this are skipped; compared as text, which the fixed width allows.
    var since: [UInt8]?
    /// `stdout`, `stderr`, or nil for both.
    var onlyErrors: Bool?
    /// Bytes still to be sent; nil for no limit.
    var remaining: Int?

    private var isContinuing = false

    init(withTimestamps: Bool, since: Timestamp? = nil, onlyErrors: Bool? = nil, limit: Int? = nil) {
        self.withTimestamps = withTimestamps
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
            guard line.count >= LogLine.prefixLength, keeps(line) else { continue }
            let isPartial = LogLine.isPartial(line)
            let start = withTimestamps && !isContinuing ? 0 : LogLine.prefixLength
            if start == 0 {
                output.append(contentsOf: line[0..<LogLine.timestampLength])
                output.append(0x20)
            }
            output.append(contentsOf: line[LogLine.prefixLength...])
            if !isPartial { output.append(0x0A) }
            isContinuing = isPartial
            if let limit, output.count >= limit {
                output.removeLast(output.count - limit)
                remaining = 0
                return offset
            }
        }
        if let limit { remaining = limit - output.count }
        return offset
    }

    private func keeps(_ line: UnsafeRawBufferPointer) -> Bool {
        if let onlyErrors, LogLine.isError(line) != onlyErrors { return false }
        guard let since else { return true }
        return since.withUnsafeBytes { memcmp(line.baseAddress!, $0.baseAddress!, min($0.count, LogLine.timestampLength)) >= 0 }
    }
}
