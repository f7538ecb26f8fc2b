import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct ColumnTests {
    private let now = Timestamp(seconds: 1_000_000)

    private func settings(_ views: String) throws -> UserSettings {
        let directory = ScratchFolder.path("columns")
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        try FileSystem.makeDirectories(directory)
        try FileSystem.writeAtomically("\(directory)/views.yaml", Array(views.utf8))
        return UserSettings.load(directory)
    }

    private func kind(_ group: String, _ plural: String, _ kind: String, short: [String] = []) -> ServedKind {
        ServedKind(
            resource: GroupVersionResource(group: group, version: "v1", resource: plural), kind: kind, singular: kind.lowercased(), shortNames: short,
            categories: [], isNamespaced: true, verbs: ["list"], subresources: [])
    }

    // MARK: - Cells

    private let object: JSONValue = [
        "metadata": ["labels": ["zone": "eu-1", "example.com/team": "a"], "creationTimestamp": "2026-03-01T10:00:00Z"],
        "spec": ["replicas": 3, "ports": [["port": 80], ["port": 443]], "free": .null], "status": ["size": "12"],
    ]

    @Test(arguments: [
        ("A:.metadata.labels.zone", TableCell.text("eu-1", .normal)), ("A:{.metadata.labels.zone}", .text("eu-1", .normal)),
        (#"A:.metadata.labels['example\.com/team']"#, .text("a", .normal)), ("A:.spec.replicas", .number(3, .normal)),
        ("A:.spec.ports[*].port", .text("80,443", .normal)), ("A:.spec.free", .text("", .normal)), ("A:.spec.nothing.at.all", .text("", .normal)),
        ("A:.status.size|N", .number(12, .normal)), ("A:.status.size", .text("12", .normal)), ("A:.spec.ports[0]", .text("port=80", .normal)),
        ("A:.metadata.creationTimestamp|T", .age(Timestamp(seconds: 1_772_359_200))), ("A:.metadata.labels.zone|T", .text("eu-1", .normal)),
    ])
    func `a path leads to a cell`(text: String, cell: TableCell) throws {
        let view = ColumnView(columns: [try ViewSettings.Column.read(text).get()])
        #expect(view.paths.cells(object) == [cell])
    }

    @Test func `a huge value makes no huge cell`() throws {
        let view = ColumnView(columns: [try ViewSettings.Column.read("A:.items[*]").get()])
        let items = JSONValue.array((0..<5000).map { _ in .string(String(repeating: "x", count: 5000)) })
        guard case .text(let text, _) = view.paths.cells(["items": items])[0] else {
            Issue.record("no text")
            return
        }
        #expect(text.utf8.count < 3000)
    }

    @Test(arguments: [
        ("", "is not a column"), (":x", "is not a column"), ("A:", "is no path"), ("A:.a[", "is no path"), ("A:.a|Q", "Q is not an attribute"),
        ("A:status", "is no path"),
    ])
    func `what is no column says why`(text: String, reason: String) {
        guard case .failure(let problem) = ViewSettings.Column.read(text) else {
            Issue.record("\(text) was read")
            return
        }
        #expect(problem.message.contains(reason))
    }

    // MARK: - Views

    @Test(arguments: [
        ("v1/pods", "default", true), ("pods", nil, true), ("po", "x", true), ("apps/v1/deployments", "default", false), ("v1/pods@default", "default", true),
        ("v1/pods@default", nil, false), ("v1/pods@kube.*", "kube-system", true), ("v1/pods@kube.*", "default", false), ("v1/pods@[", "[", true),
        ("v1/pods@[", "a", false), ("apps/v1/pods", "a", false), ("a/b/c/d", "a", false),
    ])
    func `a view is for a kind, and for namespaces that fit`(key: String, namespace: String?, isFor: Bool) throws {
        let views = try settings("views:\n  \"\(key)\":\n    columns: [NAME]").views
        #expect(views.first?.fits(kind("", "pods", "Pod", short: ["po"]), namespace: namespace) == isFor)
    }

    private func table() -> ResourcesModel {
        let table = ResourcesModel(
            signal: ChangeSignal(), title: "Things",
            layout: ["name", "status", "count", "zone"].map { TableColumn(id: $0, title: $0.uppercased(), minimumWidth: 4, maximumWidth: 20, priority: 4) })
        table.scope = NamespaceScope("default")
        table.upsert(
            (1...3).map { number in
                ResourceRow(
                    uid: "u\(number)", namespace: "default", name: "thing-\(number)",
                    cells: [.text("thing-\(number)", .normal), .text("Active", .ok), .number(10 - number, .normal), .text("z\(number)", .normal)])
            }, now: now)
        return table
    }

    @Test func `columns stand in the order of the view, and the others are hidden until they are wanted`() throws {
        let table = table()
        table.view = ColumnView(columns: try ["ZONE|R", "NAME", "COUNT|W", "COLOUR"].map { try ViewSettings.Column.read($0).get() })
        #expect(table.columns.map(\.id) == ["zone", "name", "count"] && table.columns[0].alignment == .right)
        #expect(table.row(at: 0).cells == [.text("z1", .normal), .text("thing-1", .normal), .number(9, .normal)])
        #expect(table.columns[2].priority > table.columns[0].priority && table.view.unknown(in: table.layout) == ["COLOUR"])
        table.toggleColumn("status")
        #expect(table.columns.map(\.id) == ["zone", "name", "count", "status"])
        table.toggleColumn("status")
        table.toggleColumn("zone")
        #expect(table.columns.map(\.id) == ["name", "count"])
        table.view = ColumnView(columns: [try ViewSettings.Column.read("STATUS").get()])
        #expect(table.columns.map(\.id) == ["name", "status"])
    }

    @Test func `a column without room on the screen is not told to be there`() async throws {
        try await Fixture.with { fixture in
            let app = fixture.app
            app.pods.drawnColumns = ["name", "status", "age"]
            app.pickColumn()
            guard case .palette(let palette)? = app.modal else { return #expect(Bool(false)) }
            let details = Dictionary(palette.results.map { ($0.item.id, $0.item.detail) }) { first, _ in first }
            #expect(details["status"] == "shown" && details["memory"] == "shown where there is room for it")
        }
    }

    @Test func `a row that came before its columns has empty cells in them`() {
        let table = table()
        table.layout.append(TableColumn(id: "late", title: "LATE", minimumWidth: 4, maximumWidth: 9, priority: 1))
        table.sort = TableSort(column: "late")
        #expect(table.row(at: 0).cells.count == 5 && table.row(at: 0).cells[4] == .text("", .dim) && table.count == 3)
    }

    @Test func `a column by path is read of pods and ordered by value`() async throws {
        let new = try settings("views:\n  v1/pods:\n    sortColumn: RANK:desc\n    columns: [NAME, \"RANK:.metadata.labels.rank|N\", STATUS]")
        #expect(new.problems.isEmpty)
        try await Fixture.with(pods: []) { fixture in
            for (name, rank) in [("a", "9"), ("b", "10"), ("c", "2")] { fixture.addPod(name, labels: ["rank": .string(rank)]) }
            fixture.app.preferences.adopt(new, directory: "/settings")
            fixture.app.show(namespace: "default")
            let pods = fixture.app.pods
            try await fixture.until("the column") { pods.count == 3 && pods.row(at: 0).cells.count == 3 && pods.row(at: 0).cells[1] == .number(10, .normal) }
            #expect(pods.columns.map(\.title) == ["NAME", "RANK", "STATUS"])
            #expect((0..<3).map { pods.row(at: $0).uid } == ["uid-b", "uid-a", "uid-c"])
            // What pods are otherwise known by is not lost.
            #expect(pods.pod(uid: "uid-a")?.phase == "Running" && pods.runningCount == 3)
            fixture.addPod("c", labels: ["rank": "30"])
            try await fixture.until("its change") { pods.row(at: 0).uid == "uid-c" }
            fixture.app.preferences.adopt(UserSettings(), directory: "/settings")
            try await fixture.until("the table's own columns") { pods.columns.count == 9 && pods.row(at: 0).cells.count == 9 }
        }
    }

    @Test func `a column is added while looking, stays over a restart and is taken away`() async throws {
        let fixture = Fixture()
        fixture.addPod("web", labels: ["tier": "front"])
        try await fixture.run { fixture in
            let pods = fixture.app.pods
            try await fixture.until("the pod") { pods.count == 1 }
            fixture.run("objects.columns")
            guard case .palette(let palette)? = fixture.app.modal else {
                Issue.record("no columns to choose")
                return
            }
            for character in "by its path" { palette.query.insert(String(character)) }
            palette.accept()
            for bad in ["TIER", "TIER:nope", ".metadata[", "A:.b|Z"] {
                fixture.app.prompt?.input = LineInput(bad)
                fixture.app.prompt?.submit()
                #expect(fixture.app.prompt != nil && pods.view.added.isEmpty)
            }
            fixture.app.prompt?.input = LineInput(".metadata.labels.tier")
            fixture.app.prompt?.submit()
            #expect(fixture.app.prompt == nil)
            try await fixture.until("its cell") { pods.row(at: 0).cells.last == .text("front", .normal) }
            #expect(pods.columns.last?.title == "TIER")
            let saved = SavedViews(fixture.app, before: nil)
            let other = PodsModel(signal: ChangeSignal())
            saved.apply(to: other, kind: .pods)
            #expect(other.view.added.map(\.text) == ["TIER:.metadata.labels.tier"])
            fixture.run("objects.columns")
            guard case .palette(let again)? = fixture.app.modal else { return }
            for character in "tier" { again.query.insert(String(character)) }
            again.accept()
            try await fixture.until("it went") { pods.columns.last?.id == "ip" }
        }
    }

    // MARK: - Sorting by keys

    @Test func `a column is marked by keys and the rows are ordered by it`() throws {
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        app.pods.upsert(
            [("a", 5), ("b", 9), ("c", 7)].map { name, restarts in
                PodRow(
                    uid: name, namespace: "default", name: name, readyCount: 1, containerCount: 1, status: "Running", tone: .ok, restarts: restarts,
                    createdAt: nil, node: "", ip: "", cpu: Usage(unit: .milliCPU), memory: Usage(unit: .bytes))
            }, now: now)
        app.namespace = "default"
        func run(_ id: String) throws { try #require(app.commands[id]).run(app) }
        for _ in 0..<3 { try run("objects.columnAfter") }
        #expect(app.pods.pickedColumn == "restarts" && app.pods.sort.column == "name")
        try run("objects.sortPicked")
        #expect((0..<3).map { app.pods.row(at: $0).uid } == ["a", "c", "b"])
        try run("objects.sortPicked")
        #expect((0..<3).map { app.pods.row(at: $0).uid } == ["b", "c", "a"])
        for _ in 0..<40 { try run("objects.columnBefore") }
        #expect(app.pods.pickedColumn == "name")
        for _ in 0..<40 { try run("objects.columnAfter") }
        #expect(app.pods.pickedColumn == "ip")
    }

    // MARK: - The palette's preview

    private func text(_ lines: [[TextSpan]]) -> String { lines.map { $0.map(\.text).joined() }.joined(separator: "\n") }

    @Test func `the palette says what an entry would show or do`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            let app = fixture.app
            try await fixture.until("pods and kinds") { app.pods.count == 2 && app.kinds.count > 30 }
            app.openPalette()
            guard case .palette(let palette)? = app.modal, let preview = palette.preview else {
                Issue.record("no palette with a preview")
                return
            }
            let items = palette.results.map(\.item)
            func item(_ id: String) throws -> PaletteItem { try #require(items.first { $0.id == id }) }
            #expect(text(preview(try item("kind:pods"))).contains("2 are shown"))
            #expect(text(preview(try item("objects.delete"))).contains("on pod default/web-1"))
            let disabled = try #require(items.first { $0.disabledReason != nil })
            #expect(text(preview(disabled)).contains("cannot run now\n\(disabled.disabledReason ?? "")"))
            // A kind whose table is not at hand is counted by the server, once.
            let maps = try item("kind:configmaps")
            #expect(text(preview(maps)).contains("counting"))
            for _ in 0..<5 { _ = preview(maps) }
            try await fixture.until("the count") { self.text(preview(maps)).contains("0 in the cluster") }
            #expect(fixture.server.requests.count { $0.path == "/api/v1/configmaps" && $0.queryValue("limit") == "1" } == 1)
        }
    }
}
