/// The fixed layout of a log line on disk: `<30-byte timestamp> <stdout|stderr> <F|P> <text>\n`.
///
/// A record that the supervisor wrote itself has `F:<word>` as its tag: `F:gap 12 bytes of output lost: …` where a full disk cost something,
/// `F:at <lines> <bytes>` at the start of a file that others came before.
///
/// Source: the CRI log format (whose tags may be several, joined by colons), with timestamps always in UTC and nine digits so that the prefix
/// has one length.
enum LogLine {
    static let timestampLength = 30
    /// Timestamp, stream name and tag with their spaces.
    static let prefixLength = 40
    /// No record that the supervisor writes is longer: it reads 256 KiB at a time. What is longer was planted, and is passed over.
    static let maximumLength = 1 << 20
    /// Where the stream's name starts.
    static let streamOffset = 31
    /// Where the tag stands: `F` for a full line, `P` for a part that continues.
    static let tagOffset = 38

    /// Whether the line that starts here came from stderr.
    static func isError(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count > streamOffset + 3 && line[streamOffset + 3] == UInt8(ascii: "e")
    }

    /// Whether the line that starts here continues in the next one.
    static func isPartial(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count > tagOffset && line[tagOffset] == UInt8(ascii: "P")
    }

    /// What a record of the supervisor says: `gap …` or `at …`; nil for output.
    static func note(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard line.count >= prefixLength, line[prefixLength - 1] == UInt8(ascii: ":") else { return nil }
        return UnsafeRawBufferPointer(rebasing: line[prefixLength...])
    }

    /// What a record is to somebody who reads one stream, or both when that is nil.
    static func role(of line: UnsafeRawBufferPointer, onlyErrors: Bool?) -> LogTail.Role {
        guard line.count >= prefixLength else { return .hidden }
        if let note = note(line), LogPlace(note: note) != nil { return .hidden }
        let isError = isError(line)
        guard onlyErrors.map({ $0 == isError }) ?? true else { return .hidden }
        return isPartial(line) ? .part(isError: isError) : .end(isError: isError)
    }
}
