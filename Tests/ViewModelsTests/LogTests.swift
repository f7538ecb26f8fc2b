import KubeClient
import LinuxKernel
import Synchronization
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct LogTests {
    private func stamped(_ second: Int, _ text: String) -> String {
        "2026-03-01T10:00:\(second < 10 ? "0" : "")\(second).000000000Z \(text)\n"
    }

    @Test func `a burst of a million lines is complete and its numbers stay`() {
        let model = LogsModel(signal: ChangeSignal())
        var cursor = LogCursor()
        var bytes: [UInt8] = []
        for number in 0..<1_000_000 { bytes += Array("2026-03-01T10:00:00.000000000Z line \(number)\n".utf8) }
        var at = 0
        var random = SeededGenerator(seed: 7)
        while at < bytes.count {
            let end = min(bytes.count, at + 1 + random.below(1 << 20))
            if let chunk = cursor.take(Array(bytes[at..<end])) { model.append(chunk) }
            at = end
        }
        #expect(model.endLine - model.firstLine == 1_000_000)
        for number in [0, 1, 499_999, 999_999] {
            #expect(model.line(number).map { String(decoding: $0.bytes, as: UTF8.self) } == "line \(number)")
        }
        #expect(model.line(12)?.timestamp == Timestamp(rfc3339: "2026-03-01T10:00:00Z"))
        #expect(model.line(1_000_000) == nil)
    }

    @Test func `old lines go and the others keep their numbers`() {
        var index = LogIndex(budget: 80 << 20)
        let chunk = LogChunk([UInt8](repeating: 0x78, count: (1 << 20) - 1) + [0x0A], form: .plain)
        for _ in 0..<100 { index.append(chunk) }
        #expect(index.endLine == 100 && index.firstLine == 19)
        #expect(index.line(18) == nil && index.line(20)?.gap == nil && index.line(99) != nil)
        #expect(index.line(19)?.gap == "20 lines from before are no longer held here: the log is larger than 80 MiB")
    }

    @Test func `after a reconnection no line comes twice and none is missing`() {
        let model = LogsModel(signal: ChangeSignal())
        var cursor = LogCursor()
        let first = stamped(1, "a") + stamped(2, "b") + stamped(2, "c")
        if let chunk = cursor.take(Array(first.utf8)) { model.append(chunk) }
        cursor.resume(isAfterFailure: true)
        let again = stamped(2, "b") + stamped(2, "c") + stamped(2, "d") + stamped(3, "e")
        for byte in again.utf8 { if let chunk = cursor.take([byte]) { model.append(chunk) } }
        let lines = (model.firstLine..<model.endLine).compactMap { model.line($0) }.map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(lines == ["a", "b", "c", "d", "e"])
        #expect(cursor.gap == nil)
    }

    @Test func `a line without end is shown in pieces and nothing of it is lost`() {
        let model = LogsModel(signal: ChangeSignal())
        var cursor = LogCursor()
        var bytes = Array(stamped(1, "").utf8.dropLast())
        for _ in 0..<5 {
            bytes += [UInt8](repeating: 0x61, count: 1 << 20)
            if let chunk = cursor.take(bytes) { model.append(chunk) }
            bytes = Array("b c ".utf8)
        }
        if let chunk = cursor.take(bytes + Array("\n".utf8) + Array(stamped(2, "next").utf8)) { model.append(chunk) }
        let lines = (model.firstLine..<model.endLine).compactMap { model.line($0) }
        #expect(lines.reduce(0) { $0 + $1.bytes.count } == (5 << 20) + 5 * 4 + 4)
        #expect(lines.last?.bytes == ArraySlice("next".utf8) && lines.last?.timestamp != nil)
    }

    @Test func `a marked log tells the streams apart and names its gaps, however its bytes arrive`() {
        let model = LogsModel(signal: ChangeSignal())
        let text =
            String(decoding: LogMark.header, as: UTF8.self) + stamped(1, "! 12 lines (3.0 KiB) from before were rotated away")
            + stamped(1, "o fine") + stamped(2, "e e oops") + stamped(3, "o ") + stamped(4, "e") + stamped(5, "x unknown")
        for size in [1, 2, 7, 1000] {
            model.clear()
            var cursor = LogCursor()
            for connection in 0..<2 {
                cursor.resume(isAfterFailure: connection > 0)
                var rest = Array(text.utf8)[...]
                while !rest.isEmpty {
                    if let chunk = cursor.take(Array(rest.prefix(size))) { model.append(chunk) }
                    rest = rest.dropFirst(size)
                }
            }
            let lines = (model.firstLine..<model.endLine).compactMap { model.line($0) }
            #expect(lines.map(\.gap) == ["12 lines (3.0 KiB) from before were rotated away", nil, nil, nil, nil, nil])
            #expect(lines.map(\.isError) == [false, false, true, false, false, false])
            #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["", "fine", "e oops", "", "e", "x unknown"])
        }
    }

    @Test func `a server that knows no marks is read plainly`() {
        let model = LogsModel(signal: ChangeSignal())
        var cursor = LogCursor()
        if let chunk = cursor.take(Array((stamped(1, "e not an error") + stamped(2, "! no gap")).utf8)) { model.append(chunk) }
        let lines = (model.firstLine..<model.endLine).compactMap { model.line($0) }
        #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["e not an error", "! no gap"])
        #expect(lines.allSatisfy { !$0.isError && $0.gap == nil })
    }

    @Test func `lines that were lost in between are named`() {
        var cursor = LogCursor()
        _ = cursor.take(Array(stamped(1, "a").utf8))
        cursor.resume(isAfterFailure: true)
        _ = cursor.take(Array(stamped(9, "z").utf8))
        #expect(
            cursor.gap?.from == Timestamp(rfc3339: "2026-03-01T10:00:01Z") && cursor.gap?.to == Timestamp(rfc3339: "2026-03-01T10:00:09Z"))
    }

    @Test func `a search goes both ways, ignores case and skips times`() {
        let model = LogsModel(signal: ChangeSignal())
        var cursor = LogCursor()
        let text = (0..<200).map { stamped($0 % 60, $0 % 50 == 10 ? "Error \($0)" : "fine \($0)") }.joined()
        if let chunk = cursor.take(Array(text.utf8)) { model.append(chunk) }
        model.search = "eRROR"
        model.find(next: true, from: 10)
        #expect(model.currentMatch == 60)
        model.find(next: false, from: 60)
        #expect(model.currentMatch == 10)
        model.find(next: false, from: 10)
        #expect(model.currentMatch == 160)
        model.search = "2026"
        model.find(next: true, from: 0)
        #expect(model.currentMatch == nil)
    }

    @Test func `a log is followed over the end of its stream, and a deleted pod's log stays`() async throws {
        try await Fixture.with { fixture in
            let (first, second) = (ByteChannel(), ByteChannel())
            fixture.server.setLogs("web-1", [first, second])
            first.send(Array(stamped(1, "one").utf8))
            let logs = fixture.app.logs
            try await fixture.until("the first line") { logs.endLine == logs.firstLine + 1 }
            #expect(logs.state == .live && logs.target?.podUID == "uid-web-1")
            first.finish()
            second.send(Array((self.stamped(1, "one") + self.stamped(2, "two")).utf8))
            try await fixture.until("the second line") { logs.endLine == logs.firstLine + 2 }
            fixture.server.remove(fixture.path("web-1"))
            second.finish()
            try await fixture.until("the end") { logs.state == .ended("the pod was deleted") }
            #expect(logs.line(logs.firstLine + 1).map { String(decoding: $0.bytes, as: UTF8.self) } == "two")
        }
    }

    @Test func `a line that has not ended is shown as far as it came, and completed under its number`() async throws {
        try await Fixture.with { fixture in
            let channel = ByteChannel()
            fixture.server.setLogs("web-1", [channel])
            channel.send(Array((stamped(1, "one") + stamped(2, "no newl").dropLast()).utf8))
            let logs = fixture.app.logs
            @MainActor func text(_ number: Int) -> String? { logs.line(number).map { String(decoding: $0.bytes, as: UTF8.self) } }
            let first = logs.firstLine
            try await fixture.until("it is shown") { text(first + 1) == "no newl" }
            #expect(logs.endLine == first + 1 && logs.lastShown == first + 1 && logs.shownCount == 2)
            channel.send(Array("ine".utf8))
            try await fixture.until("more of it") { text(first + 1) == "no newline" }
            channel.send(Array("\n\(stamped(3, "th").dropLast())".utf8))
            try await fixture.until("the next") { text(first + 2) == "th" }
            #expect(logs.endLine == first + 2 && text(first + 1) == "no newline" && logs.shown(from: first + 2) == first + 2)
            fixture.app.logs.setFilter("one")
            #expect(logs.lastShown != first + 2)
            channel.finish()
            try await fixture.until("its end") { logs.endLine == first + 3 }
            #expect(text(first + 2) == "th" && logs.unfinished == nil)
        }
    }

    @Test func `a line that was known before the connection broke is not shown once more`() {
        var cursor = LogCursor()
        _ = cursor.take(Array(stamped(2, "b").utf8))
        cursor.resume(isAfterFailure: true)
        _ = cursor.take(Array(stamped(2, "b").utf8.dropLast()))
        #expect(cursor.unfinished == nil)
        _ = cursor.take(Array("\n\(stamped(3, "c").dropLast())".utf8))
        #expect(cursor.unfinished.map { String(decoding: $0.bytes, as: UTF8.self) } == "c")
    }

    nonisolated private static func kept(_ pod: String, _ containers: [String], _ size: Int64) -> KeptLog {
        KeptLog(
            namespace: "default", pod: pod, podUID: "uid-\(pod)", containers: containers, lastWrite: Timestamp(seconds: 1_700_000_000),
            size: ByteCount(size))
    }

    @Test func `the logs of deleted pods are listed once, without empty ones`() async throws {
        let listed = Mutex(0)
        let fixture = Fixture(keptLogs: {
            listed.withLock { $0 += 1 }
            return [Self.kept("empty", ["app"], 0), Self.kept("gone", ["app", "side"], 4096), Self.kept("bare", [], 0)]
        })
        fixture.addPod("web-1")
        try await fixture.run { fixture in
            fixture.run("logs.kept")
            var palette: PaletteModel? { if case .palette(let model)? = fixture.app.modal { model } else { nil } }
            try await fixture.until("the list") { palette != nil }
            #expect(palette?.results.map(\.item.title) == ["default/gone"])
            let streams = [ByteChannel(), ByteChannel(), ByteChannel()]
            for stream in streams { stream.finish() }
            fixture.server.setLogs("gone", streams)
            palette?.accept()
            let logs = fixture.app.logs
            try await fixture.until("the log") { logs.state == .ended("the pod was deleted") }
            #expect(logs.target?.podUID == "uid-gone" && logs.target?.isGone == true && logs.containers == ["app", "side"])
            fixture.run("logs.container")
            palette?.selected = 1
            palette?.accept()
            try await fixture.until("the other container") { logs.target?.container == "side" }
            fixture.run("logs.previous")
            try await fixture.until("the instance before") { logs.target?.isPrevious == true }
            #expect(listed.withLock { $0 } == 1)
        }
    }

    @Test func `what is asked of a log that is on its way waits for it`() async throws {
        let fixture = Fixture()
        fixture.addPod("web-1")
        fixture.server.hold(.get, fixture.path("web-1"))
        let streams = [ByteChannel(), ByteChannel(), ByteChannel()]
        for stream in streams { stream.finish() }
        fixture.server.setLogs("web-1", streams)
        try await fixture.run { fixture in
            try await fixture.until("the row") { fixture.app.selectedPodBinding != nil }
            fixture.run("pods.logs")
            fixture.run("logs.previous")
            try await fixture.until("the pod is being read") { fixture.server.isHolding(.get, fixture.path("web-1")) }
            #expect(fixture.app.logs.target == nil)
            fixture.server.release(.get, fixture.path("web-1"))
            try await fixture.until("the instance before") { fixture.app.logs.target?.isPrevious == true }
        }
    }
}
