import Glibc
import LinuxKernel

/// Writes lines of a log to a file that nobody but the user can read.
struct LogExport: Sendable {
    let index: LogIndex
    /// Which lines; nil for all.
    let matches: LogMatches?
    let lines: Range<Int>
    let showsTimes: Bool
    /// The sources' labels; empty for lines without.
    let labels: [String]

    /// Writes to a file that is not there yet, or in place of one. Returns the number of lines; nothing stays when it fails. Blocking.
    func write(to path: String, isReplacing: Bool) throws(SystemError) -> Int {
        guard isReplacing else {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            return try write(file, path)
        }
        let temporary = "\(path).\(SecureRandom.hex(8)).tmp"
        let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        let count = try write(file, temporary)
        do throws(SystemError) {
            try FileSystem.rename(temporary, path)
        } catch {
            unlink(temporary)
            throw error
        }
        return count
    }

    private func write(_ file: borrowing FileDescriptor, _ path: String) throws(SystemError) -> Int {
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
        guard let failure else { return count }
        unlink(path)
        throw failure
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
