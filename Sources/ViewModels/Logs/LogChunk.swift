import Glibc
import KubeClient
import LinuxKernel

/// Complete lines as they arrived, and where each starts: no object per line, so that a million lines a second cost a scan for line feeds.
struct LogChunk: Sendable {
    /// What stands before each line's text.
    enum Form: Sendable, Hashable {
        case plain
        /// Its time and a space.
        case stamped
        /// Its time, its ``LogMark``, and a space after each.
        case marked
    }

    /// The lines with their line feeds; the last may lack one.
    private(set) var bytes: [UInt8]
    /// Where each line starts in ``bytes``.
    private(set) var starts: [UInt32]
    let form: Form
    /// Whose lines these are, one number for each; empty when all are of ``source``.
    private(set) var sources: [UInt16] = []
    /// Whose line the first one is.
    let source: UInt16

    /// Small chunks grow to this size, so that a slow log is not a chain of crumbs.
    static let mergeSize = 64 << 10

    /// Cuts bytes of complete lines.
    init(_ bytes: [UInt8], form: Form, source: UInt16 = 0, sources: [UInt16] = []) {
        self.bytes = bytes
        self.form = form
        self.source = source
        self.sources = sources
        starts = []
        starts.reserveCapacity(bytes.count / 64 + 1)
        index(from: 0)
    }

    var count: Int { starts.count }

    /// One line that no container wrote: says in words what is missing or what happened there.
    init(gap text: String, at time: Timestamp, source: UInt16) {
        let flat = text.utf8.map { $0 == 0x0A ? 0x20 : $0 }
        self.init(Array("\(time.rfc3339Nano) ! ".utf8) + flat + [0x0A], form: .marked, source: source)
    }

    /// Finished lines. One without a time keeps none.
    init(lines: [LogLine]) {
        var bytes: [UInt8] = []
        for line in lines {
            if let time = line.timestamp ?? (line.gap == nil ? nil : Self.noTime) {
                let mark: LogMark = line.gap != nil ? .gap : line.isError ? .error : .output
                bytes += Array("\(time.rfc3339Nano) ".utf8) + [mark.rawValue, 0x20]
            }
            bytes += (line.gap.map { Array($0.utf8)[...] } ?? line.bytes).map { $0 == 0x0A ? 0x20 : $0 } + [0x0A]
        }
        self.init(bytes, form: .marked, source: UInt16(clamping: lines[0].source), sources: lines.map { UInt16(clamping: $0.source) })
    }

    /// Stands where a line that no container wrote has no time.
    private static let noTime = Timestamp(seconds: -62_135_596_800)

    /// Some lines of another chunk.
    init(_ lines: Range<Int>, of other: LogChunk) {
        form = other.form
        bytes = []
        starts = []
        source = other.sources.isEmpty ? other.source : other.sources[lines.lowerBound]
        append(lines, of: other)
    }

    mutating func append(_ other: LogChunk) { append(0..<other.count, of: other) }

    /// Adds some lines of another chunk of the same form.
    mutating func append(_ lines: Range<Int>, of other: LogChunk) {
        guard !lines.isEmpty else { return }
        let isUniform = sources.isEmpty && other.sources.isEmpty && (starts.isEmpty || other.source == source)
        if !isUniform {
            if sources.isEmpty { sources = [UInt16](repeating: source, count: starts.count) }
            if other.sources.isEmpty {
                for _ in lines { sources.append(other.source) }
            } else {
                sources += other.sources[lines]
            }
        }
        let begin = Int(other.starts[lines.lowerBound])
        let end = lines.upperBound < other.count ? Int(other.starts[lines.upperBound]) : other.bytes.count
        let shift = bytes.count - begin
        bytes += other.bytes[begin..<end]
        if bytes.last != 0x0A { bytes.append(0x0A) }
        for start in other.starts[lines] { starts.append(UInt32(Int(start) + shift)) }
    }

    /// Drops the first lines, up to `offset`.
    mutating func dropFirst(bytes offset: Int) {
        self = LogChunk(Array(bytes[offset...]), form: form, source: source)
    }

    /// Whose line it is.
    func source(_ index: Int) -> UInt16 { sources.isEmpty ? source : sources[index] }

    /// The whole line without its line feed, its time included.
    func range(_ index: Int) -> Range<Int> {
        let start = Int(starts[index])
        var end = index + 1 < starts.count ? Int(starts[index + 1]) : bytes.count
        if end > start, bytes[end - 1] == 0x0A { end -= 1 }
        return start..<end
    }

    /// Where the text of a line is, after its time and mark.
    func textRange(_ index: Int) -> Range<Int> {
        let whole = range(index)
        guard let end = stampEnd(whole) else { return whole }
        return end + (mark(whole, after: end) == nil ? 1 : 3)..<whole.upperBound
    }

    private func mark(_ line: Range<Int>, after stampEnd: Int) -> LogMark? {
        guard form == .marked, stampEnd + 2 < line.upperBound, bytes[stampEnd + 2] == 0x20 else { return nil }
        return LogMark(rawValue: bytes[stampEnd + 1])
    }

    func timestamp(_ index: Int) -> Timestamp? {
        let whole = range(index)
        guard let end = stampEnd(whole) else { return nil }
        let time = bytes.withUnsafeBufferPointer { Timestamp(rfc3339: UnsafeBufferPointer(rebasing: $0[whole.lowerBound..<end])) }
        return time == Self.noTime ? nil : time
    }

    /// Whether a line was written by no container.
    func isGap(_ index: Int) -> Bool {
        guard form == .marked else { return false }
        let whole = range(index)
        return stampEnd(whole).flatMap { mark(whole, after: $0) } == .gap
    }

    /// Where a line's time ends; nil when it has none, as the rest of a line that was cut.
    private func stampEnd(_ line: Range<Int>) -> Int? {
        guard form != .plain, line.count > 20 else { return nil }
        let start = line.lowerBound
        guard bytes[start + 4] == 0x2D, bytes[start + 7] == 0x2D, bytes[start + 10] == 0x54 else { return nil }
        return bytes[line].prefix(40).firstIndex(of: 0x20)
    }

    func line(_ index: Int) -> LogLine {
        let whole = range(index)
        let text = bytes[textRange(index)]
        let kind = stampEnd(whole).flatMap { mark(whole, after: $0) }
        let source = Int(source(index))
        guard kind != .gap else {
            return LogLine(timestamp: timestamp(index), bytes: [], gap: String(decoding: text, as: UTF8.self), source: source)
        }
        return LogLine(timestamp: timestamp(index), isError: kind == .error, bytes: text, source: source)
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
