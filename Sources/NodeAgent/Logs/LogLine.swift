/// The fixed layout of a log line on disk: `<30-byte timestamp> <stdout|stderr> <F|P> <text>\n`.
///
/// Source: the CRI log format, with timestamps always in UTC and nine digits so that the prefix has one length.
enum LogLine {
    static let timestampLength = 30
    /// Timestamp, stream name and tag with their spaces.
    static let prefixLength = 40
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
}
