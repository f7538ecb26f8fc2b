/// What a line of a marked log is. The log begins with ``header``; each line is its time, a space, the mark, a space and the text.
///
/// Kubernetes' log protocol says neither which stream a line came on nor that something is missing. With timestamps every line of another
/// server begins with a time, so that ``header`` as the first line tells the two apart.
package enum LogMark: UInt8, Sendable, Hashable {
    /// Written to standard output: `o`.
    case output = 0x6F
    /// Written to standard error: `e`.
    case error = 0x65
    /// Not written by the container: says in words what is missing here. `!`
    case gap = 0x21

    /// The first line of a marked log, with its line feed.
    package static let header = Array("kdash-marked-log 1\n".utf8)
}
