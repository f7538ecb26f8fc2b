import KubeClient
import LinuxKernel
import Testing

@testable import NodeAgent

@Suite struct LogFilterTests {
    private func stored(_ second: Int, _ stream: String, _ rest: String) -> String {
        "2026-03-01T10:00:0\(second).000000000Z \(stream) \(rest)\n"
    }

    /// What a reader gets of stored bytes that arrive in pieces of some size.
    private func read(_ text: String, _ filter: LogFilter, pieces: Int) -> String {
        var filter = filter
        var output: [UInt8] = []
        var carry: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            carry += rest.prefix(pieces)
            rest = rest.dropFirst(pieces)
            let used = carry.withUnsafeBytes { filter.append($0, to: &output) }
            carry.removeFirst(used)
        }
        return String(decoding: output, as: UTF8.self)
    }

    private var sample: String {
        stored(1, "stdout", "F:at 10 2048") + stored(1, "stdout", "F one") + stored(2, "stdout", "P tw") + stored(2, "stderr", "F oops")
            + stored(3, "stdout", "F o") + stored(4, "stdout", "F:gap 12 bytes of output lost: No space left on device") + stored(5, "stderr", "F ")
    }

    @Test(arguments: [1, 7, 64, 4096]) func `plain readers see the output and the gap, and no place`(pieces: Int) {
        var filter = LogFilter(form: .text(withTimestamps: false))
        filter.place = LogPlace()
        #expect(read(sample, filter, pieces: pieces) == "one\ntwoops\no\ngap 12 bytes of output lost: No space left on device\n\n")
    }

    @Test(arguments: [1, 7, 64, 4096]) func `marked readers learn the stream of each line and what is missing`(pieces: Int) {
        var filter = LogFilter(form: .marked)
        filter.place = LogPlace()
        let lines = read(sample, filter, pieces: pieces).split(separator: "\n").map { String($0.dropFirst(31)) }
        #expect(
            lines == [
                "! 10 earlier lines (2 KiB) were rotated away", "o one", "o tw", "e oops", "o o",
                "! 12 bytes of output lost: No space left on device", "e ",
            ])
    }

    @Test func `what a slow reader missed in the middle is named, and what it read is not`() {
        var filter = LogFilter(form: .marked)
        filter.place = LogPlace()
        let start = stored(1, "stdout", "F one") + stored(1, "stdout", "F two")
        #expect(read(start + stored(2, "stdout", "F:at 2 6"), filter, pieces: 4096).split(separator: "\n").count == 2)
        let text = read(start + stored(2, "stdout", "F:at 5 1006") + stored(2, "stdout", "F six"), filter, pieces: 4096)
        #expect(text.contains("! 3 lines (1000 B) were rotated away unread\n"))
    }

    @Test func `a reader that starts in the middle misses nothing`() {
        let text = read(stored(1, "stdout", "F:at 10 2048") + stored(1, "stdout", "F one"), LogFilter(form: .marked), pieces: 4096)
        #expect(text == "2026-03-01T10:00:01.000000000Z o one\n")
    }

    @Test(arguments: ["at", "at ", "at 1", "at x 2", "at 1 2 3", "at -1 2", "at 99999999999999999999 1", "gone", ""])
    func `a note that nobody wrote harms nobody`(note: String) {
        var filter = LogFilter(form: .marked)
        filter.place = LogPlace()
        let text = read(stored(1, "stdout", "F:\(note)") + stored(2, "stdout", "F one"), filter, pieces: 4096)
        #expect(text.hasSuffix(" o one\n"))
    }

    @Test func `only lines of the wanted time and stream come, and no more bytes than wanted`() {
        let since = Timestamp(rfc3339: "2026-03-01T10:00:02Z")
        #expect(read(sample, LogFilter(form: .text(withTimestamps: false), since: since, onlyErrors: true), pieces: 64) == "oops\n\n")
        #expect(read(sample, LogFilter(form: .text(withTimestamps: false), limit: 6), pieces: 64) == "one\ntw")
    }
}
