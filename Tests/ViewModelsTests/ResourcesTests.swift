import APIMachinery
import Glibc
import JSONCore
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct ResourcesTests {
    private let now = Timestamp(seconds: 1_000_000)

    private func row(_ number: Int, _ status: String = "Active", namespace: String = "default", count: Int = 0) -> ResourceRow {
        ResourceRow(
            uid: "u\(number)", namespace: namespace, name: "thing-\(number)", createdAt: Timestamp(seconds: Int64(number)),
            cells: [
                .text("thing-\(number)", .normal), .text(status, .ok), .number(count, .normal), .age(Timestamp(seconds: Int64(number))),
                .usage(Usage(used: 5, request: nil, limit: 7, isLimitEnforced: false, unit: .bytes, note: "why")),
            ])
    }

    private func table() -> ResourcesModel {
        ResourcesModel(
            signal: ChangeSignal(), title: "Things",
            layout: ["name", "status", "count", "age", "usage"].map {
                TableColumn(id: $0, title: $0.uppercased(), minimumWidth: 4, maximumWidth: 20, priority: 0)
            })
    }

    private func names(_ table: ResourcesModel) -> [String] {
        (0..<table.count).compactMap { place in
            table.row(at: place).cells.lazy.compactMap { if case .text(let text, _) = $0, text.hasPrefix("thing") { text } else { nil } }.first
        }
    }

    @Test func `rows come out of the packing as they went in`() {
        var packed = PackedRows()
        var random = SeededGenerator(seed: 11)
        var expected: [Int: ResourceRow] = [:]
        for step in 0..<5000 {
            let text = String(repeating: "ü", count: random.below(40))
            var new = row(step, text, namespace: random.below(3) == 0 ? "" : "n\(random.below(9))", count: random.below(1000) - 500)
            new.isDeleting = random.below(2) == 0
            if random.below(4) == 0 { new.createdAt = nil }
            if let slot = expected.keys.randomElement(using: &random), random.below(3) > 0 {
                if random.below(2) == 0 {
                    packed.remove(slot)
                    expected[slot] = nil
                } else {
                    packed.replace(slot, new, generation: 3)
                    expected[slot] = new
                }
            } else {
                expected[packed.add(new, generation: 3)] = new
            }
        }
        #expect(expected.allSatisfy { packed.row($0.key) == $0.value })
        #expect((0..<packed.capacity).filter { packed.generation($0) != nil }.count == expected.count)
        // What is gone is given back.
        #expect(packed.size.dead <= max(packed.size.live, 64 << 10))
    }

    @Test(arguments: [("count:7", 1), ("7", 2), ("!count:7", 2), ("count:^1", 0), ("^1", 1)])
    func `numbers are filtered by what is shown`(filter: String, count: Int) {
        let table = table()
        table.upsert([row(1, count: 7), row(2, count: 15), row(7, count: 0)], now: now)
        table.filter = filter
        #expect(table.count == count)
    }

    @Test(arguments: [
        ("age:5", "age: changes by itself, and no filter looks at it"), ("nocol:x", "no column begins with nocol"), ("is:foo", "is: knows only is:failing"),
        ("-l app=web,", "-l app=web, hides nothing"), ("status:act", nil), ("thing", nil), ("-l tier in (front)", nil),
    ])
    func `a filter that cannot do what it says tells why`(filter: String, reason: String?) {
        let table = table()
        table.upsert([row(1)], now: now)
        table.filter = filter
        #expect(reason.map { table.filterProblem?.hasPrefix($0) == true } ?? (table.filterProblem == nil))
    }

    @Test func `requirements of a selector need no quotes`() {
        #expect(RowFilter("-l tier in (front, back) web").labels?.description == RowFilter("-l 'tier in (front,back)'").labels?.description)
        #expect(RowFilter("-l tier in (front, back) web").terms.count == 1 && RowFilter("-l tier in").terms.count == 1)
    }

    @Test func `what vanished is not told to somebody who went elsewhere`() {
        let table = table()
        table.upsert([row(1), row(2, namespace: "other")], now: now)
        table.select(uid: "u1")
        table.remove(uids: ["u1"])
        #expect(table.vanished?.hasSuffix("is gone") == true)
        table.scope = NamespaceScope("other")
        #expect(table.takeVanished() == nil)
    }

    @Test func `a text too long for a table is cut between characters`() {
        var packed = PackedRows()
        let slot = packed.add(row(1, String(repeating: "€", count: 1000)), generation: 0)
        guard case .text(let text, _) = packed.row(slot).cells[1] else { return #expect(Bool(false)) }
        #expect(text == String(repeating: "€", count: PackedWriter.longestText / 3))
    }

    @Test func `an order kept up by steps is the order of a sort`() {
        let table = table()
        var random = SeededGenerator(seed: 5)
        var present: [String: ResourceRow] = [:]
        for _ in 0..<300 {
            for _ in 0..<random.below(20) {
                let new = row(random.below(300), ["Active", "Bound", "Lost"][random.below(3)], count: random.below(50))
                if random.below(4) == 0 {
                    table.remove(uids: [new.uid])
                    present[new.uid] = nil
                } else {
                    table.upsert([new], now: now)
                    present[new.uid] = new
                }
            }
            switch random.below(6) {
            case 0: table.sort = TableSort(column: ["name", "status", "count", "age"][random.below(4)], isDescending: random.below(2) == 0)
            case 1: table.filter = ["", "act", "!lost", "thing-1", "thing-12", "status:bound"][random.below(6)]
            default: break
            }
            let fresh = self.table()
            fresh.upsert(present.values, now: now)
            fresh.filter = table.filter
            fresh.sort = table.sort
            #expect(names(table) == names(fresh))
        }
    }

    @Test(
        arguments: [
            ("", ["thing-1", "thing-2", "thing-10"]), ("act", ["thing-2"]), ("ACT", ["thing-2"]), ("!act", ["thing-1", "thing-10"]),
            ("thing-1", ["thing-1", "thing-10"]), ("thing-1$", ["thing-1"]), ("^thing-[0-9]$", ["thing-1", "thing-2"]), ("~tg10", ["thing-10"]),
            ("-f tg10", ["thing-10"]), ("status:lost", ["thing-1"]), ("!status:lost", ["thing-2", "thing-10"]), ("thing lost", ["thing-1"]),
            ("^T\\S+-2$", ["thing-2"]), ("\\D10", ["thing-10"]), ("image:1.25", []), ("!image:1.25", ["thing-1", "thing-2", "thing-10"]),
            ("'a b'", []), ("(", []), ("!", ["thing-1", "thing-2", "thing-10"]), ("-l", ["thing-1", "thing-2", "thing-10"]),
        ] as [(String, [String])])
    func `a filter keeps what it says`(_ filter: String, _ kept: [String]) {
        let table = table()
        table.upsert([row(10, "Bound"), row(1, "Lost"), row(2, "Active")], now: now)
        // Typed character by character it narrows to the same as at once.
        for end in filter.indices {
            table.filter = String(filter[...end])
            _ = table.count
        }
        table.filter = filter
        #expect(names(table) == kept)
    }

    @Test func `a word with a colon that names no column is text`() {
        let table = table()
        table.upsert([row(1, "nginx:1.25"), row(2, "redis:7")], now: now)
        table.filter = "nginx:1.25"
        #expect(names(table) == ["thing-1"])
        table.filter = "!redis:7"
        #expect(names(table) == ["thing-1"])
    }

    @Test func `a filter says what of it is no expression, and which selectors it has`() {
        #expect(RowFilter("a( b").problem?.contains("a(") == true && RowFilter("a b").problem == nil)
        #expect(RowFilter("-l app=web,tier!=x web").labels?.description == "app=web,tier!=x")
        #expect(RowFilter("-F spec.nodeName=n1").fields != nil && RowFilter("-l 'a in (b, c)'").labels != nil)
        #expect(RowFilter("-l a===b").problem != nil)
    }

    @Test(
        arguments: [
            (["web-10", "web-2", "Web-1"], ["Web-1", "web-2", "web-10"]), (["10Gi", "500Mi", "1Ti"], ["500Mi", "10Gi", "1Ti"]),
            (["2/3", "0/1", "3/3"], ["0/1", "2/3", "3/3"]), (["2d", "5h10m", "30s", "<none>"], ["30s", "5h10m", "2d", "<none>"]),
            (["12 (3m ago)", "3 (1d ago)", "0"], ["0", "3 (1d ago)", "12 (3m ago)"]), (["80%", "9%"], ["9%", "80%"]),
            (["01", "1", "a1", "a01"], ["01", "1", "a1", "a01"]),
        ] as [([String], [String])])
    func `cells are ordered by what they are worth`(_ texts: [String], _ ordered: [String]) {
        let sorted = texts.map { ($0, SortValue(text: $0)) }.sorted { SortValue.isBefore($0.1, $1.1) ?? ($0.0 < $1.0) }
        #expect(sorted.map(\.0) == ordered)
    }

    @Test func `the list that ends takes away what it did not name`() {
        let table = table()
        table.beginList()
        table.upsert([row(1), row(2), row(3)], now: now)
        #expect(table.endList().isEmpty)
        table.beginList()
        table.upsert([row(1), row(4)], now: now)
        #expect(table.endList().sorted() == ["u2", "u3"] && names(table) == ["thing-1", "thing-4"])
    }

    @Test func `several namespaces are shown at once`() {
        let table = table()
        table.upsert([row(1, namespace: "a"), row(2, namespace: "b"), row(3, namespace: "c")], now: now)
        table.scope = .only(["a", "c"])
        #expect(names(table) == ["thing-1", "thing-3"] && table.showsNamespace && table.total == 2)
        table.scope = NamespaceScope("b")
        #expect(names(table) == ["thing-2"] && !table.showsNamespace)
    }

    @Test func `a hidden column is not shown, and the others keep their marks of change`() {
        let table = table()
        table.scope = NamespaceScope("default")
        table.upsert([row(1)], now: now)
        table.hiddenColumns = ["status"]
        table.upsert([row(1, "Lost", count: 7)], now: now)
        #expect(table.columns.map(\.id) == ["name", "count", "age", "usage"])
        #expect(table.row(at: 0).cells.count == 4 && table.row(at: 0).changed == 2)
    }

    @Test func `what the selectors match is shown once the server has said so`() {
        let table = table()
        table.upsert([row(1), row(2)], now: now)
        table.filter = "-l app=web"
        #expect(table.count == 0)
        table.setMatches(["u2"])
        #expect(names(table) == ["thing-2"])
        table.filter = ""
        #expect(table.count == 2)
    }

    // MARK: - With a server

    private func kind(_ app: AppModel, _ id: String) -> ServedKind? { app.kinds.first { $0.id == id } }

    @Test func `any kind is shown and kept current`() async throws {
        try await Fixture.with { fixture in
            let app = fixture.app
            try await fixture.until("the kinds") { app.kinds.count > 30 }
            fixture.server.put(
                "/api/v1/namespaces/default/configmaps/one", ["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "one", "namespace": "default"]])
            app.show(kind: try #require(kind(app, "configmaps")))
            try await fixture.until("the first") { app.list.count == 1 }
            #expect(app.list.title == "ConfigMaps" && app.list.columns.map(\.id) == ["namespace", "name", "status", "age"])
            fixture.server.put(
                "/api/v1/namespaces/default/configmaps/two", ["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "two", "namespace": "default"]])
            try await fixture.until("the second") { app.list.count == 2 }
            fixture.server.remove("/api/v1/namespaces/default/configmaps/one")
            try await fixture.until("the end of the first") { app.list.count == 1 && app.list.selectedRow?.name == "two" }
            try await fixture.until("its YAML") { app.editor.text.contains("name: two") }
            fixture.server.breakWatches()
            fixture.server.put(
                "/api/v1/namespaces/default/configmaps/three",
                ["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "three", "namespace": "default"]])
            try await fixture.until("what came while the watch was broken") { app.list.count == 2 }
            app.goToPlaceBefore()
            #expect(app.kind.isPods)
            app.goToPlaceAfter()
            #expect(app.kind.id == "configmaps" && app.list.count == 2)
        }
    }

    @Test func `what may not be listed says so in its place`() async throws {
        try await Fixture.with { fixture in
            let app = fixture.app
            try await fixture.until("the kinds") { app.kinds.count > 30 }
            fixture.server.refuse(.get, "/api/v1/secrets", .forbidden(GroupResource(group: "", resource: "secrets"), "", "not for you"))
            app.show(kind: try #require(kind(app, "secrets")))
            try await fixture.until("the reason") { app.list.notice?.contains("not for you") == true }
        }
    }

    @Test(arguments: [
        ("deploy default", "deployments in default"), ("po all", "pods in all namespaces"), ("svc /web", "services in all namespaces /web"),
        ("cm default kube-system -l a=b", "configmaps in default, kube-system /-l a=b"), ("nodes x", "nodes /x"),
        ("deploy default,kube-system", "deployments in default, kube-system"), ("po !app=web", "pods in all namespaces /!app=web"),
    ])
    func `a command line names a place`(_ line: String, _ text: String) async throws {
        try await Fixture.with { fixture in
            try await fixture.until("the kinds") { fixture.app.kinds.count > 30 && fixture.app.namespaces.rows.count == 2 }
            #expect(fixture.app.placeItem(line)?.item.title == text)
        }
    }

    @Test(arguments: ["deploy defautl", "deploy default,defautl"]) func `a namespace that is not there is said, and is no filter`(line: String) async throws {
        try await Fixture.with { fixture in
            try await fixture.until("the kinds") { fixture.app.kinds.count > 30 && fixture.app.namespaces.rows.count == 2 }
            let item = try #require(fixture.app.placeItem(line)).item
            #expect(item.disabledReason?.hasPrefix("there is no namespace defautl; did you mean default?") == true, "\(item.disabledReason ?? "")")
        }
    }

    @Test func `a short name in the palette means its kind`() async throws {
        try await Fixture.with { fixture in
            let app = fixture.app
            try await fixture.until("the kinds") { app.kinds.count > 30 }
            app.openPalette()
            guard case .palette(let palette)? = app.modal else { return #expect(Bool(false)) }
            palette.query.text = "svc"
            #expect(palette.results.first?.item.title == "services")
            palette.accept()
            #expect(app.kind.id == "services" && app.modal == nil)
        }
    }

    @Test func `the kind, filters, order and hidden columns are as before after a restart`() async throws {
        let directory = ScratchFolder.path("vm-views")
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        try await Fixture(directory: directory).run { fixture in
            let app = fixture.app
            try await fixture.until("the kinds") { app.kinds.count > 30 }
            app.pods.filter = "web"
            app.show(kind: try #require(kind(app, "services")))
            app.list.sort = TableSort(column: "age", isDescending: true)
            app.list.hiddenColumns = ["status"]
            fixture.session.stop()
            #expect(try FileSystem.status(SavedViews.path(stateDirectory: directory, context: "kdash")).map { $0.st_mode & 0o777 } == 0o600)
            let kept = try #require(SavedViews(path: SavedViews.path(stateDirectory: directory, context: "kdash")))
            #expect(kept == SavedViews(app, before: nil))
        }
    }

    @Test(arguments: ["", "{", "[]", "{\"tables\": [1]}", "{\"kind\": 7, \"tables\": {\"pods\": 3}}"])
    func `a file of views that is broken is as none`(_ text: String) throws {
        let directory = ScratchFolder.path("vm-views")
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let path = SavedViews.path(stateDirectory: directory, context: "a/../b c")
        #expect(path.hasPrefix("\(directory)/views-") && !path.dropFirst(directory.count + 1).contains("/"))
        try FileSystem.writeAtomically(path, Array(text.utf8), mode: 0o600)
        let views = SavedViews(path: path)
        #expect(views == nil || views?.kind == "pods" && views?.views.values.allSatisfy { $0 == SavedViews.View() } == true)
    }

    @Test func `an object of any kind is found by a part of its name`() async throws {
        try await Fixture.with { fixture in
            let app = fixture.app
            try await fixture.until("the kinds") { app.kinds.count > 30 }
            fixture.server.put(
                "/api/v1/namespaces/default/configmaps/settings",
                ["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "settings", "namespace": "default"]])
            fixture.session.findObjects("")
            guard case .palette(let palette)? = app.modal else { return #expect(Bool(false)) }
            palette.query.text = "setti"
            try await fixture.until("the object") { palette.results.contains { $0.item.title == "settings" } }
            palette.accept()
            try await fixture.until("its table") { app.kind.id == "configmaps" && app.list.selectedRow?.name == "settings" }
        }
    }

    @Test func `what selectors match follows the namespaces, and stays while another kind is filtered`() async throws {
        try await Fixture.with(pods: []) { fixture in
            let app = fixture.app
            for namespace in ["default", "kube-system"] {
                fixture.addPod("web-\(namespace)", namespace: namespace, labels: ["app": "web"])
                fixture.addPod("db-\(namespace)", namespace: namespace, labels: ["app": "db"])
            }
            try await fixture.until("the kinds and pods") { app.kinds.count > 30 && app.pods.count == 4 }
            app.show(scope: NamespaceScope("default"))
            app.pods.filter = "-l app=web"
            try await fixture.until("the one") { app.pods.count == 1 }
            app.show(scope: .all)
            try await fixture.until("both") { app.pods.count == 2 }
            app.show(kind: try #require(kind(app, "services")))
            app.list.filter = "-l app=other"
            fixture.addPod("web-2", labels: ["app": "web"])
            app.goToPlaceBefore()
            try await fixture.until("the third") { app.list === app.pods && app.pods.count == 3 }
        }
    }
}
