import APIMachinery
import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct SavingTests {
    private func save(_ fixture: Fixture, _ command: String, to path: String) async {
        fixture.run(command)
        fixture.app.prompt?.input = LineInput(path)
        fixture.app.prompt?.submit()
        await fixture.app.saving?.value
    }

    private func detail() -> DetailModel {
        let model = DetailModel(title: "Describe Secret", binding: ObjectBinding(context: "", namespace: nil, kind: "Secret", name: "../a b", uid: nil))
        model.show(
            [[TextSpan("key  "), TextSpan("\u{1B}]0;x\u{7}val\tue\u{9B}")], [], [TextSpan("last")]], stops: [],
            charts: [1: ChartModel(title: "CPU", unit: .milliCPU, values: [nil, 1.256, 2], step: 10)])
        return model
    }

    @Test func `a text over the panes is saved and copied as it is shown, and drives no terminal`() async throws {
        try await Fixture.with { fixture in
            try FileSystem.makeDirectories(fixture.directory, mode: 0o700)
            let (path, clipboard) = ("\(fixture.directory)/a.txt", Clipboard())
            fixture.app.host = clipboard
            fixture.app.detail = detail()
            fixture.run("detail.save")
            #expect(fixture.app.prompt?.input.text == "describe-secret-..-a-b.txt")
            fixture.app.prompt?.cancel()
            await save(fixture, "detail.save", to: path)
            let text = "key  \u{FFFD}]0;x\u{FFFD}val\tue\u{FFFD}\nCPU, a value every 10 s:  1.26 2.0\nlast"
            let saved = try FileSystem.readText(path)
            #expect(saved == text)
            #expect(try FileSystem.status(path)?.st_mode == S_IFREG | 0o600)
            fixture.run("detail.copyAll")
            #expect(clipboard.copied == [text])
        }
    }

    @Test func `a path that leads nowhere says which part does, and is there to be mended`() async throws {
        try await Fixture.with { fixture in
            try FileSystem.makeDirectories("\(fixture.directory)/folder", mode: 0o700)
            try FileDescriptor.open("\(fixture.directory)/file", O_WRONLY | O_CREAT, mode: 0o600).writeAll([1])
            let pipe = "\(fixture.directory)/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            fixture.app.detail = detail()
            for (name, words) in [
                ("none/a", "there is no folder \(fixture.directory)/none"), ("folder", "is a folder: write a file's name after it"), ("folder/", "is a folder"),
                ("file/a", "\(fixture.directory)/file is no folder"), ("pipe", "is there and no file"),
                (String(repeating: "x", count: 300), "the name is too long"),
            ] {
                await save(fixture, "detail.save", to: "\(fixture.directory)/\(name)")
                #expect(fixture.app.toasts.last?.text.contains(words) == true, "\(name): \(fixture.app.toasts.map(\.text))")
                #expect(fixture.app.prompt?.input.text == "\(fixture.directory)/\(name)" && fixture.app.modal == nil)
                fixture.app.prompt?.cancel()
            }
            #expect(try FileSystem.names(in: fixture.directory).filter { $0.hasPrefix(".kdash") }.isEmpty)
            #expect(try FileSystem.names(in: "\(fixture.directory)/folder").isEmpty)
            #expect(try FileSystem.readFile("\(fixture.directory)/file", limit: 10) == [1])
        }
    }

    @Test func `rows are saved as the objects themselves where the name says so, and what is gone is not among them`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2", "other"]) { fixture in
            try FileSystem.makeDirectories(fixture.directory, mode: 0o700)
            let path = "\(fixture.directory)/pods.yaml"
            fixture.app.list.filter = "web"
            await save(fixture, "objects.save", to: path)
            let documents = try YAML.parse(try FileSystem.readText(path)).map { KubeObject($0.value) }
            #expect(Set(documents.map(\.name)) == ["web-1", "web-2"] && documents.allSatisfy { $0.kind == "Pod" && $0["spec", "containers"] != nil })
            #expect(fixture.app.toasts.last?.text == "2 objects saved to \(path)")
            // The server refuses: nothing is there, not even a part.
            fixture.server.refuse(.get, "/api/v1/pods", .forbidden(GroupResource(group: "", resource: "pods"), "", "not for you"))
            await save(fixture, "objects.save", to: "\(fixture.directory)/more.yaml")
            #expect(fixture.app.toasts.last?.text.contains("not for you") == true)
            #expect(try FileSystem.names(in: fixture.directory).filter { $0.contains("more") || $0.hasPrefix(".kdash") }.isEmpty)
        }
    }

    @Test func `a table is read off the main actor as it was when it was asked for`() async {
        let model = ResourcesModel(
            signal: ChangeSignal(), title: "Things",
            layout: [
                TableColumn(id: "name", title: "NAME", minimumWidth: 4, maximumWidth: 9, priority: 0),
                TableColumn(id: "age", title: "AGE", minimumWidth: 4, maximumWidth: 9, priority: 0),
            ])
        func row(_ number: Int) -> ResourceRow {
            ResourceRow(uid: "u\(number)", namespace: "n\(number % 2)", name: "a\(number)", cells: [.text("a\(number)", .normal), .number(number, .normal)])
        }
        model.upsert((0..<100).map(row), now: Timestamp(seconds: 0))
        model.sort = TableSort(column: "name", isDescending: true)
        let snapshot = model.snapshot
        let before = (0..<100).map { model.row(at: $0).cells }
        model.upsert((0..<200).map(row), now: Timestamp(seconds: 0))
        model.filter = "nothing"
        let cells = await Task.detached { (0..<snapshot.count).map { snapshot.cells($0) } }.value
        #expect(cells == before && snapshot.titles == ["NAMESPACE", "NAME", "AGE"])
    }

    @Test func `a difference is saved with its signs`() {
        let model = DiffModel(
            title: "", binding: ObjectBinding(context: "", namespace: nil, kind: "Pod", name: "a", uid: nil),
            lines: [
                DiffLine(kind: .context, text: "a"), DiffLine(kind: .added, text: "b"), DiffLine(kind: .removed, text: "c"), DiffLine(kind: .note, text: "d"),
            ])
        #expect(model.plainLines == [" a", "+b", "-c", "d"])
    }
}
