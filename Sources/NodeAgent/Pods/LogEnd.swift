import LinuxKernel

/// The end of a container's log as text, for its termination message.
enum LogEnd {
    /// At most `lines` lines and `bytes` bytes; empty when there is no log.
    static func text(directory: String, attempt: Int, lines: Int, bytes: Int) -> String {
        do throws(SystemError) {
            var segments = try LogSegments(directory: directory, attempt: attempt)
            try segments.seek(toLast: lines) { LogLine.role(of: $0, onlyErrors: nil) }
            var raw: [UInt8] = []
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 1)
            defer { buffer.deallocate() }
            while raw.count < 1 << 20 {
                let got = try segments.read(into: buffer)
                if got == 0 { break }
                raw += buffer[..<got]
                segments.offset += Int64(got)
            }
            return String(decoding: output(of: raw).suffix(bytes), as: UTF8.self)
        } catch {
            return ""  // A container without a log has no last words.
        }
    }

    /// The output that formatted lines stand for.
    private static func output(of raw: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for line in raw.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            line.withUnsafeBytes { bytes in
                guard bytes.count >= LogLine.prefixLength, LogLine.note(bytes) == nil else { return }
                result += bytes[LogLine.prefixLength...]
                if !LogLine.isPartial(bytes) { result.append(UInt8(ascii: "\n")) }
            }
        }
        return result
    }
}
