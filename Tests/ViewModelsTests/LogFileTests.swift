import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct LogFileTests {
    private func app() -> AppModel {
        let now = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!
        let app = AppModel(clock: { now })
        app.focus = .logs
        app.logs.target = LogTarget(namespace: "default", pod: "web-1", podUID: "u", container: "app")
        app.logs.append(
            ["one", "\u{1B}[31mtwo\u{1B}[0m", "three"].enumerated().map { index, text in
                LogLine(timestamp: now.advanced(by: .seconds(index - 3600)), bytes: ArraySlice(Array(text.utf8)))
            })
        return app
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = ScratchFolder.path("save")
        try FileSystem.makeDirectories(directory)
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        try await body(directory)
    }

    private func save(_ app: AppModel, to path: String) async {
        app.commands["logs.save"]?.run(app)
        if case .palette(let choice)? = app.modal { choice.accept() }
        #expect(app.prompt?.input.text == "web-1-app.log")
        app.prompt?.input = LineInput(path)
        app.prompt?.submit()
        await app.saving?.value
    }

    @Test func `lines are saved for the user alone, and no file is replaced unasked`() async throws {
        try await withDirectory { directory in
            let app = app()
            let path = "\(directory)/a.log"
            await save(app, to: path)
            let first = try FileSystem.readText(path)
            #expect(first == "one\n\u{1B}[31mtwo\u{1B}[0m\nthree")
            let status = try FileSystem.status(path)
            #expect(status?.st_mode == S_IFREG | 0o600)
            app.logs.setFilter("t")
            while let scanning = app.logs.scanning { await scanning.value }
            app.logs.times = .utc
            await save(app, to: path)
            guard case .dialog(let dialog)? = app.modal else {
                Issue.record("nothing was asked")
                return
            }
            #expect(dialog.choices[dialog.focused].id == "no")
            dialog.choose("no")
            let kept = try FileSystem.readText(path)
            #expect(kept == first)
            await save(app, to: path)
            guard case .dialog(let again)? = app.modal else { return }
            again.choose("yes")
            await app.saving?.value
            let lines = try FileSystem.readText(path).split(separator: "\n")
            #expect(lines.count == 2 && lines.last == "2026-03-01T09:00:02.000000000Z three")
            let names = try FileSystem.names(in: directory)
            #expect(names == ["a.log"])
        }
    }

    @Test(arguments: ["/proc/nowhere/x", "/tmp", ""])
    func `a file that cannot be written is told`(path: String) async {
        let app = app()
        await save(app, to: path)
        guard !path.isEmpty else { return #expect(app.saving == nil) }
        if case .dialog(let dialog)? = app.modal {
            dialog.choose("yes")
            await app.saving?.value
        }
        #expect(app.toasts.last?.text.contains("was not saved") == true)
    }

    @Test func `the line, the selection or the screen is copied without its colours`() {
        let app = app()
        let clipboard = Clipboard()
        app.host = clipboard
        app.logs.go(to: 1)
        app.commands["logs.copy"]?.run(app)
        app.commands["logs.select"]?.run(app)
        app.logs.cursor = 2
        app.commands["logs.copy"]?.run(app)
        #expect(app.logs.anchor == nil)
        app.logs.visible = 0...1
        app.logs.times = .utc
        app.commands["logs.copyVisible"]?.run(app)
        #expect(
            clipboard.copied == ["two", "two\nthree", "2026-03-01T09:00:00.000000000Z one\n2026-03-01T09:00:01.000000000Z two"])
        app.logs.append([LogLine(timestamp: nil, bytes: ArraySlice([UInt8](repeating: 0x78, count: 80_000)))])
        app.logs.go(to: 3)
        app.commands["logs.copy"]?.run(app)
        #expect(clipboard.copied.count == 3 && app.toasts.last?.text.contains("Ctrl-s") == true)
    }

    @Test func `times are gone to by key and by prompt`() async {
        let app = app()
        app.commands["logs.since60"]?.run(app)
        await app.logs.searching?.value
        #expect(app.logs.cursor == 0)
        app.commands["logs.time"]?.run(app)
        app.prompt?.input = LineInput("09:00:02")
        app.prompt?.submit()
        await app.logs.searching?.value
        #expect(app.logs.cursor == 2)
        app.commands["logs.time"]?.run(app)
        app.prompt?.input = LineInput("soon")
        app.prompt?.submit()
        #expect(app.prompt?.input.text == "soon" && app.toasts.last?.text.contains("no time") == true)
        app.prompt?.cancel()
        app.commands["logs.since1"]?.run(app)
        await app.logs.searching?.value
        #expect(app.toasts.last?.text.contains("no line is as new") == true)
    }

    @Test func `an empty log says how its pod stands`() async throws {
        try await Fixture.with(pods: []) { fixture in
            fixture.addPod(
                "web-1",
                status: [
                    "phase": "Pending",
                    "containerStatuses": [["name": "app", "state": ["waiting": ["reason": "ErrImagePull", "message": "no such image"]]]],
                ])
            let logs = fixture.app.logs
            try await fixture.until("the reason") { logs.explanation.flatMap(\.self).contains { $0.text.contains("has no image") } }
            let channel = ByteChannel()
            fixture.server.setLogs("web-1", [channel])
            channel.send(Array("2026-03-01T10:00:01.000000000Z hello\n".utf8))
            try await fixture.until("a line") { logs.endLine > logs.firstLine && logs.explanation.isEmpty }
        }
    }
}
