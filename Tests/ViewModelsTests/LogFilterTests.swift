import APIMachinery
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct LogFilterTests {
    private static let start = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!

    private static func chunk(_ lines: [String], from second: Int = 0, source: UInt16 = 0) -> LogChunk {
        let text = lines.enumerated().map { "\(start.advanced(by: .milliseconds(second * 1000 + $0)).rfc3339Nano) o \($1)\n" }.joined()
        return LogChunk(Array(text.utf8), form: .marked, source: source)
    }

    private func shown(_ model: LogsModel) -> [String] {
        var lines: [String] = []
        var next = model.firstShown
        while let line = next {
            lines.append(model.line(line).map { $0.gap ?? String(decoding: $0.bytes, as: UTF8.self) } ?? "?")
            next = model.shown(from: line + 1)
        }
        return lines
    }

    private func wait(_ model: LogsModel) async { while let scanning = model.scanning { await scanning.value } }

    @Test(arguments: [
        ("error", ["an Error", "error: two", "no error"]), ("Error", ["an Error"]), ("!error", ["fine", "warn slow", "x=1 & y=2"]),
        ("error & !no", ["an Error", "error: two"]), ("^error|slow$", ["error: two", "warn slow"]), ("x=\\d & y=2", ["x=1 & y=2"]),
        ("", ["an Error", "fine", "error: two", "warn slow", "no error", "x=1 & y=2"]), ("nothing at all", []),
    ])
    func `terms are expressions, inverted and joined`(text: String, expected: [String]) async {
        let model = LogsModel(signal: ChangeSignal())
        model.append(Self.chunk(["an Error", "fine", "error: two", "warn slow", "no error", "x=1 & y=2"]))
        model.setFilter(text)
        await wait(model)
        #expect(shown(model) == expected)
        #expect(model.shownCount == expected.count && model.filterProgress == nil)
    }

    @Test func `a filter works on over everything: what is there, what comes, and what is shown next`() async {
        let model = LogsModel(signal: ChangeSignal())
        let lines = (0..<150_000).map { $0 % 1000 == 7 ? "needle \($0)" : "hay \($0)" }
        model.append(Self.chunk(lines))
        model.setFilter("needle")
        model.append(Self.chunk(["needle last", "hay"], from: 200))
        await wait(model)
        #expect(model.shownCount == 151)
        #expect(model.firstShown == model.firstLine + 7 && model.lastShown == model.endLine - 2)
        #expect(model.rank(of: model.firstLine + 5008) == 6)
        var seen = 0
        var next = model.lastShown
        while let line = next {
            seen += 1
            next = model.shown(upTo: line - 1)
        }
        #expect(seen == 151)
        model.append(Self.chunk(["needle more"], from: 300))
        await wait(model)
        #expect(model.lastShown == model.endLine - 1)
        model.search = "needle 5007"
        model.find(next: false, from: model.endLine)
        while model.currentMatch == nil { await Task.yield() }
        #expect(model.line(model.currentMatch ?? 0).map { String(decoding: $0.bytes, as: UTF8.self) } == "needle 5007")
        model.show(LogMerge(title: "other", scopes: []))
        model.append(Self.chunk(["needle", "hay"], from: 400))
        await wait(model)
        #expect(shown(model) == ["needle"])
    }

    @Test func `what is no expression is told and changes nothing`() async {
        let model = LogsModel(signal: ChangeSignal())
        model.append(Self.chunk(["a", "b"]))
        model.setFilter("a")
        model.setFilter("a & (")
        await wait(model)
        #expect(model.filterError.contains("missing closing )"))
        #expect(shown(model) == ["a"])
    }

    @Test func `a level takes the lines above it, and the lines of a stack trace with them`() async {
        let model = LogsModel(signal: ChangeSignal())
        model.append(
            Self.chunk([
                "INFO start", "ERROR boom", "\tat Main.java:3", "Caused by: x", "plain", "  indented", #"{"level":"warn","msg":"slow"}"#,
                "level=debug msg=x", "E0301 10:00:05.1 file.go:1] bad",
            ]))
        model.filter.minimumLevel = .warning
        await wait(model)
        let severe = ["ERROR boom", "\tat Main.java:3", "Caused by: x", #"{"level":"warn","msg":"slow"}"#, "E0301 10:00:05.1 file.go:1] bad"]
        #expect(shown(model) == severe)
        // The trace goes on in lines that are looked at later.
        model.append(Self.chunk(["  in f()"], from: 2))
        await wait(model)
        #expect(shown(model) == severe + ["  in f()"])
    }

    @Test func `gaps are shown whatever is looked for, and one source can be looked at alone`() async {
        let model = LogsModel(signal: ChangeSignal())
        model.append(Self.chunk(["a"], source: 0))
        model.append(LogChunk(gap: "lines are missing", at: Self.start, source: 0))
        model.append(Self.chunk(["b", "a"], source: 1))
        model.setFilter("a")
        await wait(model)
        #expect(shown(model) == ["a", "lines are missing", "a"])
        model.filter.source = 1
        await wait(model)
        #expect(shown(model) == ["a"])
    }

    @Test func `matches are found and counted as a plain list would`() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<40 {
            let middle = 1000
            var matches = LogMatches(at: middle)
            var expected: Set<Int> = []
            for _ in 0..<12 {
                let isTail = random.below(2) == 0
                let count = 1 + random.below(200)
                let first = isTail ? matches.scanned.upperBound : max(0, matches.scanned.lowerBound - count)
                var block = LogMatches.Block(first: first)
                while block.end < (isTail ? first + count : matches.scanned.lowerBound) {
                    let isShown = random.below(7) == 0
                    if isShown { expected.insert(block.end) }
                    block.append(isShown)
                }
                if isTail { matches.append(block) } else { matches.prepend(block) }
            }
            #expect(matches.count == expected.count)
            for line in (matches.scanned.lowerBound - 2)..<(matches.scanned.upperBound + 2) {
                #expect(matches.next(from: line) == expected.filter { $0 >= line }.min())
                #expect(matches.previous(from: line) == expected.filter { $0 <= line }.max())
                #expect(matches.contains(line) == expected.contains(line))
                #expect(matches.rank(line) == expected.count { $0 < line })
            }
        }
    }

    @Test(arguments: [
        ("INFO start", "info"), ("2026-03-01 10:00:00,123 ERROR [main] x", "error"), ("[warn] slow", "warn"), ("error: no", "error"),
        ("W0301 10:00:05.123456 7 a.go:1] x", "warn"), ("time=x level=debug msg=y", "debug"), (#"{"a":{"level":"x"},"level":"error"}"#, "error"),
        (#"{"level" : 30, "msg":"x"}"#, "info"), (#"{"severity":"CRITICAL"}"#, "fatal"), ("\u{1B}[33mwarn\u{1B}[0m slow", "warn"),
        ("\u{1B}[31mERROR\u{1B}[0m x", "error"), ("panic: runtime error", "fatal"), ("<notice> x", "info"), ("2026-03-01T10:00:00Z\tWARN\tx", "warn"),
        ("10:00 INF started", "info"),
    ])
    func `a line's level is what it says`(line: String, level: String) { #expect(LogLevel(line: ArraySlice(Array(line.utf8)))?.name == level) }

    @Test(arguments: ["", "the error was fixed", "GET /errors 200", "{", "{\"msg\":\"ERROR\"}", "{\"level\":", "level=", "I0301", "information", "INFOX y"])
    func `what names no level has none`(line: String) { #expect(LogLevel(line: ArraySlice(Array(line.utf8))) == nil) }
}
