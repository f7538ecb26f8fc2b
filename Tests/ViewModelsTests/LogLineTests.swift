import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct LogLineTests {
    private let now = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!

    private func bytes(_ text: String) -> ArraySlice<UInt8> { ArraySlice(Array(text.utf8)) }

    @Test(arguments: [
        ("10m", "2026-03-01T09:50:00Z"), ("1h30m", "2026-03-01T08:30:00Z"), ("2d", "2026-02-27T10:00:00Z"), ("45s", "2026-03-01T09:59:15Z"),
        ("09:05", "2026-03-01T09:05:00Z"), ("9:05", "2026-03-01T09:05:00Z"), ("09:05:07", "2026-03-01T09:05:07Z"),
        ("14:05", "2026-02-28T14:05:00Z"), ("2026-02-01 14:05", "2026-02-01T14:05:00Z"), ("2026-02-01T14:05:06Z", "2026-02-01T14:05:06Z"),
        ("2026-02-01T14:05:06.5+02:00", "2026-02-01T12:05:06Z"), ("2026-02-01", "2026-02-01T00:00:00Z"), (" 10m ", "2026-03-01T09:50:00Z"),
    ])
    func `times are read as people type them`(text: String, expected: String) {
        #expect(LogTime.parse(text, now: now)?.rfc3339 == expected)
    }

    @Test(arguments: ["", "m", "10", "10x", "25:00", "10:61", "2026-02-30", "yesterday", "99999999999999999999m", "-5m", "::", "1:2:3:4", "T", "é"])
    func `what is no time is refused`(text: String) { #expect(LogTime.parse(text, now: now) == nil) }

    @Test func `fields are those of JSON, nested ones with dots, or of logfmt`() throws {
        let json = try #require(LogFields(bytes(#"{"level":"info","http":{"status":200,"tags":["a"]},"msg":"x \"y\"","n":null}"#)))
        #expect(json.fields.map(\.name) == ["level", "http.status", "http.tags", "msg", "n"])
        #expect(json.fields.map(\.value) == ["info", "200", #"["a"]"#, #"x "y""#, "null"])
        let logfmt = try #require(LogFields(bytes("\u{1B}[1mlevel\u{1B}[0m=warn msg=\"two \\\"words\\\"\" took=3ms err=")))
        #expect(logfmt.fields.map(\.name) == ["level", "msg", "took", "err"])
        #expect(logfmt["msg"] == "two \"words\"" && logfmt["err"] == "")
    }

    @Test(arguments: ["", "plain text", "a=b", "a=b plain c=d", "{", "{}", "{\"a\":", "[1]", "=x y=z", String(repeating: "{\"a\":", count: 5000)])
    func `what is not structured has no fields`(text: String) { #expect(LogFields(bytes(text)) == nil) }

    @Test func `columns stand side by side, and lines without them stay whole`() {
        let model = LogsModel(signal: ChangeSignal())
        model.append(
            [#"{"level":"info","msg":"one"}"#, "plain", #"{"level":"warning","msg":"two"}"#].map { LogLine(timestamp: now, bytes: bytes($0)) })
        #expect(model.fieldsFound().map(\.name) == ["level", "msg"])
        model.toggleColumn("level")
        model.toggleColumn("msg")
        model.measureColumns(from: model.firstLine, count: 10)
        let shown = (model.firstLine..<model.endLine).compactMap { model.line($0) }.map { String(decoding: model.text(of: $0), as: UTF8.self) }
        #expect(shown == ["info     one", "plain", "warning  two"])
        model.toggleColumn("level")
        #expect(model.columns == ["msg"])
    }

    @Test func `a line's page spreads JSON over lines and shows texts of several lines as such`() {
        let line = LogLine(timestamp: now, isError: true, bytes: bytes(#"{"level":"error","stack":"a\nb","tags":["x",{}]}"#))
        let target = LogTarget(namespace: "default", pod: "web-1", podUID: "u", container: "app")
        let text = LogLineDetail.lines(line, of: LogSource(target: target)).map { $0.map(\.text).joined() }
        for part in ["default/web-1/app", "standard error", "  \"level\": \"error\",", "      a", "      b"] {
            #expect(text.contains { $0.contains(part) }, "\(part)")
        }
        #expect(text.suffix(5) == ["    \"tags\": [", "      \"x\",", "      {}", "    ]", "  }"])
    }

    @Test func `marks are gone to in order, over the end`() {
        let model = LogsModel(signal: ChangeSignal())
        model.append((0..<10).map { LogLine(timestamp: now, bytes: bytes("\($0)")) })
        #expect(!model.goToMark(next: true))
        for line in [2, 7] {
            model.go(to: line)
            model.toggleMark()
        }
        for expected in [2, 7, 2] {
            #expect(model.goToMark(next: true))
            #expect(model.cursor == expected)
        }
        _ = model.goToMark(next: false)
        #expect(model.cursor == 7 && !model.isFollowing)
        model.toggleMark()
        #expect(model.marks == [2])
    }

    @Test func `what was cleared comes back`() {
        let model = LogsModel(signal: ChangeSignal())
        model.append((0..<5).map { LogLine(timestamp: now, bytes: bytes("\($0)")) })
        model.clearShown()
        #expect(model.firstShown == nil && model.shownCount == 0)
        model.append([LogLine(timestamp: now, bytes: bytes("new"))])
        #expect(model.firstShown == 5 && model.shownCount == 1)
        model.showEverything(fromEnd: false)
        #expect(model.firstShown == 0 && model.cursor == 0)
    }
}
