import LinuxKernel

/// Lines of a log that are written to a file or copied.
struct LogExport: Sendable {
    let index: LogIndex
    /// Which lines; nil for all.
    let matches: LogMatches?
    let lines: Range<Int>
    let showsTimes: Bool
    /// The sources' labels; empty for lines without.
    let labels: [String]

    /// Writes to a file; returns the number of lines. Blocking.
    func write(_ file: borrowing FileDescriptor) throws(SystemError) -> Int {
        var count = 0
        var buffer: [UInt8] = []
        var failure: SystemError?
        func flush(_ file: borrowing FileDescriptor) {
            do throws(SystemError) { try file.writeAll(buffer) } catch { failure = error }
            buffer.removeAll(keepingCapacity: true)
        }
        index.forEach(lines) { chunk, first, part in
            for line in part where matches?.contains(first + line) ?? true {
                buffer += text(chunk.line(line))
                count += 1
            }
            if buffer.count > 1 << 20 { flush(file) }
            return failure == nil
        }
        flush(file)
        if let failure { throw failure }
        return count
    }

    /// A line as it is saved and copied: its time and label when they are shown, then its text as it was written.
    func text(_ line: LogLine) -> [UInt8] {
        var bytes: [UInt8] = []
        if showsTimes { bytes += Array("\(line.timestamp?.rfc3339Nano ?? "-") ".utf8) }
        if labels.indices.contains(line.source) { bytes += Array("\(labels[line.source]) ".utf8) }
        if let gap = line.gap { bytes += Array("--- \(gap) ---".utf8) } else { bytes += line.bytes }
        return bytes + [0x0A]
    }
}

extension LogsModel {
    /// What saves or copies lines as they are shown now.
    func export(_ lines: Range<Int>, onlyShown: Bool) -> LogExport {
        LogExport(
            index: index, matches: onlyShown ? matches : nil, lines: lines, showsTimes: showsTimestamps,
            labels: merge != nil && showsSources ? sources.map(\.label) : [])
    }
}
