import LinuxKernel

/// The end of a container's log as text, for its termination message.
enum LogEnd {
    /// At most `lines` lines and `bytes` bytes; empty when there is no log.
    static func text(directory: String, attempt: Int, lines: Int, bytes: Int) -> String {
        do throws(SystemError) {
            var segments = try LogSegments(directory: directory, attempt: attempt)
            var skip = try segments.seek(toLast: lines) { LogLine.role(of: $0, onlyErrors: nil) }
            var carry: [UInt8] = []
            var kept: [UInt8] = []
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
            defer { buffer.deallocate() }
            while true {
                let got = try segments.read(into: buffer)
                carry += buffer[..<got]
                segments.offset += Int64(got)
                let end = got == 0 ? carry.count : (carry.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
                kept = (kept + output(of: carry[..<end], &skip)).suffix(bytes)
                carry.removeFirst(end)
                if got == 0 { return String(decoding: kept, as: UTF8.self) }
                // No record is as long: it was planted.
                if carry.count > LogLine.maximumLength { carry = [] }
            }
        } catch {
            return ""  // A container without a log has no last words.
        }
    }

    /// The output that formatted lines stand for.
    private static func output(of raw: ArraySlice<UInt8>, _ skip: inout LogSkip) -> [UInt8] {
        var result: [UInt8] = []
        for line in raw.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            line.withUnsafeBytes { bytes in
                guard bytes.count >= LogLine.prefixLength else { return }
                let note = LogLine.note(bytes)
                guard note.flatMap({ LogPlace(note: $0) }) == nil, !skip.takes(bytes), note == nil else { return }
                result += bytes[LogLine.prefixLength...]
                if !LogLine.isPartial(bytes) { result.append(UInt8(ascii: "\n")) }
            }
        }
        return result
    }
}
