import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct JoinedTests {
    // MARK: - Columns and rows

    private static func column(_ id: String, _ title: String? = nil) -> ViewModels.TableColumn {
        ViewModels.TableColumn(id: id, title: title ?? id.uppercased(), minimumWidth: 4, maximumWidth: 20, priority: 1)
    }

    @Test func `columns of several servers are joined by id and title, and what one lacks is empty`() {
        var joined = JoinedColumns()
        joined.set([Self.column("name"), Self.column("status"), Self.column("age")], of: 0)
        joined.set([Self.column("name"), Self.column("zone"), Self.column("phase", "STATUS"), Self.column("context"), Self.column("age")], of: 1)
        #expect(joined.columns.map(\.id) == ["context", "name", "status", "age", "zone", "context'"])
        let cells: [TableCell] = ["n", "z", "s", "c", "a"].map { .text($0, .normal) }
        #expect(
            joined.cells(cells, of: 1, named: "prod")
                == ["prod", "n", "s", "a", "z", "c"].map { .text($0, .normal) })
        #expect(joined.cells([.text("n", .normal)], of: 0, named: "test").count == 4)
        joined.set([Self.column("age"), Self.column("name")], of: 0)
        #expect(joined.columns.count == 6, "a server's new columns join those that are there")
        #expect(
            joined.cells([.text("a", .normal), .text("n", .normal)], of: 0, named: "test").prefix(4) == [
                .text("test", .normal), .text("n", .normal), .text("", .dim), .text("a", .normal),
            ])
    }

    @Test func `two columns of one title stay two columns`() {
        var joined = JoinedColumns()
        joined.set([Self.column("ready"), Self.column("ready'", "READY")], of: 0)
        joined.set([Self.column("a", "READY"), Self.column("b", "READY"), Self.column("c", "READY")], of: 1)
        #expect(Set(joined.columns.map(\.id)).count == joined.columns.count)
        let cells = joined.cells(["x", "y", "z"].map { .text($0, .normal) }, of: 1, named: "prod")
        #expect(cells.count { if case .text(let text, _) = $0 { "xyz".contains(text) && text.count == 1 } else { false } } == 3, "no cell covers another")
    }

    @Test func `the same uid in two contexts is two rows, and one of them can go`() {
        let table = JoinedTable(signal: ChangeSignal(), title: "Pods", isNamespaced: true, contexts: ["a", "b"])
        for place in 0...1 { table.setColumns([Self.column("name")], of: place) }
        let row = ResourceRow(uid: "u", namespace: "default", name: "web", cells: [.text("web", .normal)])
        let now = Timestamp(seconds: 1)
        table.upsert([table.row(row, of: 0), table.row(row, of: 1)], now: now)
        #expect(table.count == 2 && table.row(at: 0).cells.first == .text("a", .normal) && table.columns.map(\.id) == ["context", "namespace", "name"])
        table.filter = "context:b"
        #expect(table.count == 1 && table.selectedUID == "1:u")
        table.filter = ""
        table.toggleColumn("context")
        #expect(table.columns.map(\.id) == ["namespace", "name"] && table.row(at: 0).cells.count == 2)
        let part = table.part(of: 0, in: nil)
        _ = part.apply(ResourceFeed.Batch(isListBegun: true, isListEnded: true), to: table, now: now)
        #expect(table.count == 1 && table.row(uid: "1:u") != nil, "what a context's list does not bring is gone from that context alone")
    }

    // MARK: - The table

    @Test func `one table shows the objects of all contexts, and says which does not answer until it does`() async throws {
        try await JoinedFixture.with { fixture in
            let app = try await fixture.open()
            let joined = try #require(app.joined)
            #expect(JoinedFixture.rows(app) == [["prod", "data", "db-1"], ["kdash", "default", "web-1"], ["prod", "default", "web-1"]])
            try await fixture.near.until("what is wrong with the third") { joined.table.troubles == ["late: no route to host"] }
            #expect(app.workspace?.focused?.title == "pods of 3 contexts" && app.list.notice == nil)
            fixture.answers.isOn = true
            try await fixture.near.until("the third") { joined.table.troubles.isEmpty && app.list.count == 4 }
            fixture.add("web-2", to: fixture.far, uid: "far-3")
            try await fixture.near.until("a change in one") { app.list.count == 5 }
            fixture.far.remove("/api/v1/namespaces/default/pods/web-2")
            try await fixture.near.until("its end") { app.list.count == 4 }
            app.list.filter = "-l app=web-1"
            try await fixture.near.until("what the selector finds in each") { JoinedFixture.rows(app).map { $0[0] } == ["kdash", "prod"] }
            app.list.filter = "context:prod"
            try await fixture.near.until("the rows of one context") { JoinedFixture.rows(app).map { $0[2] } == ["db-1", "web-1"] }
        }
    }

    @Test func `a context that refuses says so while the others go on, and chosen namespaces are followed one by one`() async throws {
        try await JoinedFixture.with { fixture in
            let refusal = APIStatus(code: 403, reason: .forbidden, message: "pods is forbidden: no list here")
            fixture.far.refuse(.get, "/api/v1/pods", refusal)
            let app = try await fixture.open("ctx kdash+prod", rows: 1)
            let joined = try #require(app.joined)
            try await fixture.near.until("the refusal") { joined.table.troubles == ["prod: \(refusal.message)"] }
            fixture.far.refuse(.get, "/api/v1/namespaces/secret/pods", refusal)
            app.show(scope: .only(["data", "default", "secret"]))
            try await fixture.near.until("the namespaces that may be listed") { app.list.count == 3 }
            try await fixture.near.until("and the one that may not") { joined.table.troubles == ["prod: namespace secret: \(refusal.message)"] }
            fixture.far.refuse(.get, "/api/v1/pods", nil)
            app.show(scope: .all)
            try await fixture.near.until("everything") { joined.table.troubles.isEmpty && app.list.count == 3 }
        }
    }

    @Test func `another kind is shown of all contexts, and one that lacks it says so`() async throws {
        try await JoinedFixture.with { fixture in
            fixture.far.answer("/apis", ["kind": "APIGroupDiscoveryList", "items": []])
            let app = try await fixture.open("ctx kdash+prod")
            try await fixture.near.until("the kinds") { app.kinds.count > 5 }
            app.run(line: "deploy")
            #expect(app.list.title == "Deployments of 2 contexts" && app.list.count == 0)
            try await fixture.near.until("the one without Deployments") { app.joined?.table.troubles == ["prod: it has no deployments.apps"] }
            try await fixture.near.until("that the other has none") { app.list.notice == "no deployments in these contexts" }
            app.goToPlaceBefore()
            try await fixture.near.until("the pods again") { app.list.count == 3 && app.joined?.table.troubles.isEmpty == true }
        }
    }

    // MARK: - Acting

    @Test func `what is done to a row is done in its context, to that very object`() async throws {
        try await JoinedFixture.with { fixture in
            let app = try await fixture.open("ctx kdash+prod")
            app.list.select(uid: "1:far-1")
            #expect(app.context.name == "prod" && app.context.access == .protected)
            app.run(command: "objects.enter")
            let target = try #require(fixture.workspace.app)
            #expect(target !== app && fixture.workspace.tabs.count == 3)
            try await fixture.near.until("its log") { target.focus == .logs && target.context.name == "prod" }
            #expect(target.selectedListBinding?.uid == "far-1" && target.context.access == .protected)
            target.goBack()
            #expect(fixture.workspace.app === app)
            app.list.select(uid: "0:near-1")
            #expect(app.context.name == "kdash" && app.context.access == .writable)
            app.run(command: "objects.delete")
            #expect(fixture.workspace.app === fixture.near.app, "panes of the context that are open are taken")
            try await fixture.near.until("the question") { fixture.near.dialog != nil }
            fixture.near.dialog?.choose("yes")
            try await fixture.near.until("the end") { fixture.near.server.object("/api/v1/namespaces/default/pods/web-1") == nil }
            #expect(fixture.far.object("/api/v1/namespaces/default/pods/web-1") != nil && fixture.far.writes.isEmpty)
        }
    }

    @Test func `a row says whether it may be changed, and its context is unlocked where it is shown`() async throws {
        try await JoinedFixture.with { fixture in
            fixture.answers.isOn = true
            let app = try await fixture.open(rows: 4)
            app.list.select(uid: "2:late-1")
            #expect(app.context.access == .protected && app.commands["objects.delete"]?.reason(app) == app.refusal, "what nothing unlocks is refused here")
            app.list.select(uid: "1:far-1")
            app.run(command: "objects.delete")
            let target = try #require(fixture.workspace.app)
            try await fixture.near.until("the question for the name") { target.modal != nil }
            guard case .dialog(let dialog)? = target.modal else { return }
            #expect(dialog.title == "Unlock context prod?" && fixture.far.writes.isEmpty)
            target.modal = nil
            target.goBack()
            #expect(fixture.workspace.app === app)
            #expect(fixture.gate.unlock(typedName: "prod"))
            try await fixture.near.until("the unlock") {
                app.context.access == .writable && app.context.minutesLeft == 15 && target.context.access == .writable
            }
            app.list.select(uid: "0:near-1")
            #expect(app.context.access == .writable && app.context.minutesLeft == nil)
            app.list.select(uid: "1:far-1")
            app.run(command: "objects.delete")
            try await fixture.near.until("the question") { target.modal != nil }
            guard case .dialog(let question)? = target.modal else {
                Issue.record("there is no question")
                return
            }
            question.choose("yes")
            try await fixture.near.until("the end") { fixture.far.object("/api/v1/namespaces/default/pods/web-1") == nil }
            #expect(fixture.near.server.object("/api/v1/namespaces/default/pods/web-1") != nil)
            fixture.gate.lock()
            try await fixture.near.until("the lock") { app.list.selectedUID?.hasPrefix("1:") != true || app.context.access == .protected }
        }
    }

    @Test func `marks of two contexts are not acted on together, and those of one go along`() async throws {
        try await JoinedFixture.with { fixture in
            fixture.near.addPod("web-2", uid: "near-2")
            let app = try await fixture.open("ctx kdash+prod", rows: 4)
            app.list.mark(only: ["0:near-1", "1:far-1"])
            app.list.select(uid: "0:near-1")
            app.run(command: "objects.delete")
            #expect(fixture.workspace.app === app && app.toasts.contains { $0.text.hasPrefix("marked objects and the cursor are in different contexts") })
            app.list.mark(only: ["0:near-1", "0:near-2"])
            app.run(command: "objects.delete")
            try await fixture.near.until("the question") { fixture.near.dialog != nil }
            #expect(fixture.near.app.list.chosenRows.map(\.uid) == ["near-1", "near-2"])
        }
    }

    @Test func `an object that is gone meanwhile is not mistaken for its namesake`() async throws {
        try await JoinedFixture.with { fixture in
            let app = try await fixture.open("ctx kdash+prod")
            app.list.select(uid: "1:far-1")
            fixture.far.hold(.get, "/api/v1/pods")
            app.run(command: "objects.describe")
            let target = try #require(fixture.workspace.app)
            try await fixture.near.until("the list that waits") { fixture.far.isHolding(.get, "/api/v1/pods") }
            fixture.far.remove("/api/v1/namespaces/default/pods/web-1")
            fixture.add("web-1", to: fixture.far, uid: "far-9")
            fixture.far.release(.get, "/api/v1/pods")
            try await fixture.near.until("the refusal") { target.toasts.contains { $0.text == "web-1 was not found in prod: nothing was done" } }
            #expect(target.detail == nil)
        }
    }

    @Test func `commands of other panes say why there are none, and the table's own work`() async throws {
        try await JoinedFixture.with { fixture in
            let app = try await fixture.open("ctx kdash+prod")
            #expect(app.commands["focus.logs"]?.reason(app)?.contains("no other panes") == true)
            #expect(app.commands["app.zoom"]?.reason(app) != nil && app.commands["objects.sort"]?.reason(app) == nil)
            app.sortList(by: "context")
            #expect(JoinedFixture.rows(app).map { $0[0] } == ["kdash", "prod", "prod"])
            app.sortList(by: "context")
            #expect(JoinedFixture.rows(app).map { $0[0] } == ["prod", "prod", "kdash"])
            #expect(app.namespaceNames == ["data", "default"])
            app.list.filter = "nothing-has-this"
            #expect(app.commands["objects.describe"]?.reason(app) == "no row is under the cursor to say in which context")
        }
    }

    @Test(arguments: [
        ("ctx kdash+nowhere", "there is no context nowhere"),
        ("ctx a+b+c+d+e+f+g+h+i", "there is no context a"),
    ])
    func `a line that names what is not there opens nothing`(line: String, message: String) async throws {
        try await JoinedFixture.with { fixture in
            fixture.near.app.run(line: line)
            #expect(fixture.workspace.tabs.count == 1 && fixture.near.app.toasts.contains { $0.text == message })
        }
    }

    // MARK: - Opening, closing, keeping

    @Test func `contexts are marked in a list, and more than a table takes are refused`() async throws {
        try await JoinedFixture.with { fixture in
            let app = fixture.near.app
            app.run(command: "tabs.joined")
            guard case .palette(let model)? = app.modal else {
                Issue.record("nothing was asked")
                return
            }
            #expect(model.marked == ["kdash"])
            model.accept()
            #expect(app.modal != nil && fixture.workspace.tabs.count == 1, "one context is no table of several")
            model.selected = 1
            model.toggleMark()
            #expect(model.marked == ["kdash", "prod"] && model.selected == 2)
            model.accept()
            #expect(app.modal == nil && fixture.workspace.app?.joined?.names == ["kdash", "prod"])
            fixture.workspace.joinContexts((1...9).map { "c\($0)" }, app)
            #expect(fixture.workspace.tabs.count == 2)
        }
    }

    @Test func `a closed table follows nothing, and the last panes of a context cannot be closed before it`() async throws {
        try await JoinedFixture.with { fixture in
            let app = try await fixture.open("ctx kdash+prod")
            let split = try #require(fixture.workspace.focused)
            fixture.workspace.askClose(tab: 0, app)
            #expect(fixture.workspace.tabs.count == 2)
            fixture.workspace.remove(split.id)
            #expect(fixture.workspace.tabs.count == 1 && split.session?.tasks.isRunning(.member(0)) == false)
        }
    }

    @Test func `a table of contexts comes back as a place, and contacts nothing before it is looked at`() async throws {
        let first = JoinedFixture()
        first.add("web-1", to: first.far, uid: "far-1")
        try await first.start()
        let app = try await first.open("ctx kdash+prod", rows: 1)
        app.list.filter = "context:prod"
        app.list.select(uid: "1:far-1")
        first.workspace.show(0)
        first.workspace.stop()

        let again = JoinedFixture(directory: first.near.directory)
        defer { again.end() }
        again.add("web-1", to: again.far, uid: "far-1")
        try await again.start()
        #expect(again.workspace.tabs.count == 2 && again.far.requests.isEmpty)
        let split = try #require(again.workspace.split(again.workspace.tabs[1].focus))
        #expect(split.title == "pods of 2 contexts" && split.state == "opened when it is shown" && split.place?.contexts == ["kdash", "prod"])
        again.workspace.show(1)
        let table = try #require(split.app)
        try await again.near.until("its row") { table.list.selectedUID == "1:far-1" && table.list.filter == "context:prod" }
    }
}
