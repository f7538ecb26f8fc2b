import Glibc
import LinuxKernel

/// Complete lines as they arrived, and where each starts: no object per line, so that a million lines a second cost a scan for line feeds.
struct LogChunk: Sendable {
    /// The lines with their line feeds; the last may lack one.
    private(set) var bytes: [UInt8]
    /// Where each line starts in ``bytes``.
    private(set) var starts: [UInt32]
    /// Whether each line starts with its time and a space.
    let isStamped: Bool

    /// Small chunks grow to this size, so that a slow log is not a chain of crumbs.
    static let mergeSize = 64 << 10

    /// Cuts bytes of complete lines.
    init(_ bytes: [UInt8], isStamped: Bool) {
        self.bytes = bytes
        self.isStamped = isStamped
        starts = []
        starts.reserveCapacity(bytes.count / 64 + 1)
        index(from: 0)
    }

    var count: Int { starts.count }

    mutating func append(_ other: LogChunk) {
        let from = bytes.count
        bytes += other.bytes
        for start in other.starts { starts.append(start + UInt32(from)) }
    }

    /// Drops the first lines, up to `offset`.
    mutating func dropFirst(bytes offset: Int) {
        self = LogChunk(Array(bytes[offset...]), isStamped: isStamped)
    }

    /// The whole line without its line feed, its time included.
    func range(_ index: Int) -> Range<Int> {
        let start = Int(starts[index])
        var end = index + 1 < starts.count ? Int(starts[index + 1]) : bytes.count
        if end > start, bytes[end - 1] == 0x0A { end -= 1 }
        return start..<end
    }

    /// Where the text of a line is, after its time.
    func textRange(_ index: Int) -> Range<Int> {
        let whole = range(index)
        return stampEnd(whole).map { ($0 + 1)..<whole.upperBound } ?? whole
    }

    func timestamp(_ index: Int) -> Timestamp? {
        let whole = range(index)
        guard let end = stampEnd(whole) else { return nil }
        return bytes.withUnsafeBufferPointer { Timestamp(rfc3339: UnsafeBufferPointer(rebasing: $0[whole.lowerBound..<end])) }
    }

    /// Where a line's time ends; nil when it has none, as the rest of a line that was cut.
    private func stampEnd(_ line: Range<Int>) -> Int? {
        guard isStamped, line.count > 20 else { return nil }
        let start = line.lowerBound
        guard bytes[start + 4] == 0x2D, bytes[start + 7] == 0x2D, bytes[start + 10] == 0x54 else { return nil }
        return bytes[line].prefix(40).firstIndex(of: 0x20)
    }

    func line(_ index: Int) -> LogLine {
        LogLine(timestamp: timestamp(index), bytes: bytes[textRange(index)])
    }

    private mutating func index(from: Int) {
        let base = bytes
        base.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            var at = from
            while at < buffer.count {
                starts.append(UInt32(at))
                guard let found = memchr(start + at, 0x0A, buffer.count - at) else { return }
                at = UnsafeRawPointer(found) - UnsafeRawPointer(start) + 1
            }
        }
    }
}
