import Testing

@testable import NodeAgent

struct LogTailTests {
    /// Records as letters, in the order they were written: `e` ends a line, `p` is a part of one, `h` is hidden, `s` a seam. The position where the last
    /// `wanted` lines begin; nil when there are fewer.
    private static let cases: [(String, Int, Int?)] = [
        ("eee", 1, 2), ("eee", 3, 0), ("eee", 4, nil), ("", 1, nil),
        // Lines of several records are whole.
        ("eppe", 1, 1), ("eppe", 2, 0), ("ppe", 1, 0), ("epepe", 2, 1),
        // The last one is still being written.
        ("eep", 1, 2), ("eepp", 1, 2), ("eepp", 2, 1), ("p", 1, 0), ("pp", 2, nil),
        // What is hidden is no line, and a line does not reach over it.
        ("ehh", 1, 0), ("ehpe", 1, 2), ("phe", 1, 2), ("eph", 2, 0), ("hhh", 1, nil),
        // A file begins with a seam, also inside a line.
        ("epsse", 1, 1), ("eps", 1, 1), ("se", 1, 1), ("ese", 2, 0),
    ]

    @Test(arguments: cases)
    func `the last lines begin where the first of them has its first part`(records: String, wanted: Int, start: Int?) {
        var tail = LogTail(wanted: wanted)
        for (offset, letter) in records.enumerated().reversed() {
            let role: LogTail.Role =
                switch letter {
                case "e": .end
                case "p": .part
                case "h": .hidden
                default: .seam
                }
            if tail.take(role, LogTail.Place(segment: 0, offset: Int64(offset))) { break }
        }
        #expect(tail.start.map { Int($0.offset) } == start)
    }
}
