import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@Suite struct LogMergerTests {
    private static let start = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!

    private static func chunk(_ source: Int, _ times: [Int]) -> LogChunk {
        let text = times.map { "\(start.advanced(by: .milliseconds($0)).rfc3339Nano) \(source):\($0)\n" }.joined()
        return LogChunk(Array(text.utf8), form: .stamped, source: UInt16(source))
    }

    private static func lines(_ batch: LogMerger.Batch?) -> [String] {
        (batch?.chunks ?? []).flatMap { chunk in (0..<chunk.count).map { String(decoding: chunk.line($0).bytes, as: UTF8.self) } }
    }

    @Test(arguments: 1...6)
    func `the lines of any number of sources come in the order of their times, whatever the pieces`(sources: Int) async {
        let merger = LogMerger(window: .milliseconds(25), time: ManualTimeSource())
        var random = SeededGenerator(seed: UInt64(sources))
        var waiting: [[Int]] = (0..<sources).map { _ in
            var time = 0
            return (0..<300).map { _ in
                time += random.below(50)
                return time
            }
        }
        for source in 0..<sources { _ = merger.open(source) }
        let expected = waiting.enumerated().flatMap { source, times in times.map { (time: $0, source: source) } }
            .sorted { ($0.time, $0.source) < ($1.time, $1.source) }.map { "\($0.source):\($0.time)" }
        while let source = waiting.indices.filter({ !waiting[$0].isEmpty }).randomElement(using: &random) {
            let count = min(waiting[source].count, 1 + random.below(40))
            #expect(merger.push(source, Self.chunk(source, Array(waiting[source].prefix(count))), isCurrent: false))
            waiting[source].removeFirst(count)
        }
        for source in 0..<sources { merger.report(source, .ended("done"), isOver: true) }
        merger.finish()
        var seen: [String] = []
        var ended = 0
        while let batch = await merger.next() {
            seen += Self.lines(batch)
            ended += batch.states.count
            for chunk in batch.chunks {
                for index in 0..<chunk.count { #expect(chunk.line(index).bytes.first == UInt8(0x30 + chunk.source(index))) }
            }
        }
        #expect(seen == expected)
        #expect(ended == sources)
    }

    @Test func `a line waits the window for a source that is silent, and no longer`() async {
        let time = ManualTimeSource()
        let merger = LogMerger(window: .milliseconds(25), time: time)
        for source in 0..<2 {
            _ = merger.open(source)
            _ = merger.push(source, nil, isCurrent: true)
        }
        #expect(await merger.next()?.states.count == 2)
        _ = merger.push(0, Self.chunk(0, [20]), isCurrent: true)
        async let first = merger.next()
        await time.waitForSleepers()
        _ = merger.push(1, Self.chunk(1, [10]), isCurrent: true)
        time.advance(by: .milliseconds(20))
        #expect(Self.lines(await first) == ["1:10"])
        async let second = merger.next()
        await time.waitForSleepers()
        time.advance(by: .milliseconds(5))
        #expect(Self.lines(await second) == ["0:20"])
    }

    @Test func `a source that brings nothing of its history holds the others up for a bounded time`() async {
        let time = ManualTimeSource()
        let merger = LogMerger(window: .milliseconds(25), time: time)
        for source in 0..<2 { _ = merger.open(source) }
        _ = merger.push(0, Self.chunk(0, [1, 2]), isCurrent: true)
        time.advance(by: LogMerger.patience)
        #expect(Self.lines(await merger.next()) == ["0:1", "0:2"])
    }

    @Test func `a source far ahead of the others is told to wait, and told when there is room`() async {
        let merger = LogMerger(window: .milliseconds(25), time: ManualTimeSource())
        let room = merger.open(0)
        let long = LogChunk(
            Array("\(Self.start.rfc3339Nano) ".utf8) + [UInt8](repeating: 0x61, count: LogMerger.laneLimit) + [0x0A], form: .stamped)
        #expect(!merger.push(0, long, isCurrent: false))
        #expect(await merger.next()?.chunks.first?.count == 1)
        var iterator = room.makeAsyncIterator()
        await iterator.next()
        #expect(merger.push(0, Self.chunk(0, [1]), isCurrent: false))
    }

    @Test func `labels are the parts of names that differ`() {
        func target(_ pod: String, _ container: String = "app", namespace: String = "default") -> LogTarget {
            LogTarget(namespace: namespace, pod: pod, podUID: pod, container: container)
        }
        #expect(LogLabels.make([target("web-6d4cf-abcde"), target("web-6d4cf-fghij")]) == ["abcde", "fghij"])
        #expect(LogLabels.make([target("web-6d4cf-abcde")]) == ["abcde"])
        #expect(LogLabels.make([target("web-0"), target("web-0", "side")]) == ["app", "side"])
        #expect(LogLabels.make([target("db-0"), target("db-1"), target("db-1", "side")]) == ["0/app", "1/app", "1/side"])
        #expect(LogLabels.make([target("a"), target("a", namespace: "other")]) == ["default/a", "other/a"])
        #expect(LogLabels.make([target("web"), target("web-1")]) == ["web", "web-1"])
        let long = LogLabels.make([target(String(repeating: "x", count: 60) + "1"), target("y")])
        #expect(long[0].count == LogLabels.limit && long[0].hasSuffix("x1"))
    }
}
