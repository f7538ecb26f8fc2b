/// How much output came before a place in a container's log.
struct LogPlace: Sendable, Hashable {
    /// Whole lines.
    var lines: Int64 = 0
    /// Bytes without line feeds.
    var bytes: Int64 = 0

    /// The log's beginning.
    init() {}

    /// Reads the note `at <lines> <bytes>`; nil when it is another.
    init?(note: UnsafeRawBufferPointer) {
        guard note.count < 64, note.starts(with: "at ".utf8) else { return nil }
        let parts = note.dropFirst(3).split(separator: 0x20).map { Int64(String(decoding: $0, as: UTF8.self)) }
        guard parts.count == 2, let lines = parts[0], let bytes = parts[1], lines >= 0, bytes >= 0 else { return nil }
        self.lines = lines
        self.bytes = bytes
    }

    /// Goes past a stored line of output.
    mutating func advance(past line: UnsafeRawBufferPointer) {
        bytes &+= Int64(line.count - LogLine.prefixLength)
        if !LogLine.isPartial(line) { lines &+= 1 }
    }
}
