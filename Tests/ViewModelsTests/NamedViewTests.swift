import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct NamedViewTests {
    private func read(_ text: String) -> (views: [NamedView], problems: [String]) {
        let file = SettingsFile(path: "saved-views.yaml", bytes: Array(text.utf8))
        let views = NamedView.read(file.root)
        return (views, file.problems.map(\.message))
    }

    @Test func `what is written into the file is read again as it was`() {
        var place = SavedPlace()
        (place.kind, place.scope, place.filter) = ("deployments.apps", .only(["b", "a"]), "-l 'x=\"y\"' # no: comment")
        (place.sort, place.hidden, place.wanted) = (TableSort(column: "age", isDescending: true), ["ip"], ["node"])
        (place.added, place.context) = (["ZONE:.metadata.labels.zone"], "prod")
        var joined = SavedPlace()
        joined.contexts = ["one", "two"]
        let whole = NamedView(name: "it", root: .divided(.below, share: 30, .place(place), .divided(.beside, share: 50, .place(SavedPlace()), .place(joined))))
        let (views, problems) = read("it: \(whole.yaml)")
        #expect(views == [whole] && problems.isEmpty)
        #expect(whole.text == "deployments a, b /-l 'x=\"y\"' # no: comment @prod; pods; pods of 2 contexts")
    }

    @Test(arguments: [
        ("a: 5", "a: 5 is not a map such as"), ("a: {kinds: pods}", "unknown key kinds in a; did you mean kind?"),
        ("a: {sort: \"age:up\"}", "is not COLUMN, COLUMN:asc or COLUMN:desc"),
        ("a: {columns: [ZONE]}", "is not NAME:.path"), ("a: {beside: [{kind: pods}]}", "two views lie beside"),
        ("a: {beside: [{}, {}], share: 0}", "is not a number of percent"),
        ("a: {below: [{below: [{below: [{below: [{below: [{}, {}]}, {}]}, {}]}, {}]}, {}]}", "at most 4 times"),
    ])
    func `what is wrong in the file is said`(text: String, words: String) {
        let problems = read(text).problems
        #expect(problems.contains { $0.contains(words) }, "\(problems)")
    }

    @Test func `a view is opened by its name, and the place before stays behind`() async throws {
        try await Fixture.with(pods: ["web-1", "other"]) { fixture in
            var settings = UserSettings()
            settings.savedViews =
                read("web: {namespaces: default, filter: web, sort: age:desc, hidden: [ip], columns: [\"APP:.metadata.labels.app\"]}\nlost: {kind: gadgets}")
                .views
            fixture.app.preferences.adopt(settings, directory: fixture.directory)
            fixture.app.run(line: "view web")
            let list = fixture.app.list
            #expect(list.filter == "web" && fixture.app.scope == .only(["default"]) && list.sort == TableSort(column: "age", isDescending: true))
            #expect(list.hiddenColumns == ["ip"] && list.view.added.map(\.name) == ["APP"])
            fixture.run("places.back")
            #expect(list.filter.isEmpty && fixture.app.scope == .all)
            fixture.app.run(line: "view lost")
            #expect(fixture.app.toasts.last?.text == "this cluster has no gadgets")
            fixture.app.run(line: "view wen")
            #expect(fixture.app.toasts.last?.text == "no view is called wen; did you mean web?")
            // The palette offers it by its name and by the line.
            fixture.run("app.palette")
            guard case .palette(let palette)? = fixture.app.modal else { return }
            palette.query.text = "View we"
            #expect(palette.results.first?.item.id == "view:web")
            palette.accept()
            #expect(list.filter == "web")
        }
    }

    @Test func `a tab with splits is saved and opened with them`() async throws {
        try await Fixture.with(pods: ["web-1"]) { fixture in
            fixture.app.list.filter = "web"
            fixture.run("tabs.below")
            let part = SavedTabs.part(fixture.workspace.tab.tree, fixture.workspace)
            #expect(part?.places.count == 2 && part?.places.first?.filter == "web")
            var settings = UserSettings()
            settings.savedViews =
                read("two: {below: [{filter: web}, {filter: db, context: none}]}\nboth: {beside: [{filter: web}, {kind: po, filter: db}]}").views
            fixture.app.preferences.adopt(settings, directory: fixture.directory)
            fixture.app.open(viewNamed: "both")
            #expect(fixture.workspace.tabs.count == 2 && fixture.workspace.tab.tree.splits.count == 2)
            let places = fixture.workspace.tab.tree.splits.compactMap {
                fixture.workspace.split($0)?.place?.filter ?? fixture.workspace.split($0)?.app?.list.filter
            }
            #expect(places == ["web", "db"])
            fixture.app.open(viewNamed: "two")
            #expect(fixture.workspace.tab.tree.splits.count == 1 && fixture.app.toasts.contains { $0.text == "1 of 2 places of two were opened" })
        }
    }

    private final class Store: PreferencesStore {
        var done: [String] = []
        func reload() {}
        func save(_ key: String, _ yaml: String, in file: String) { done.append("\(file) \(key) \(yaml)") }
        func remove(_ key: String, in file: String) { done.append("\(file) -\(key)") }
        func rename(_ key: String, to new: String, _ yaml: String, in file: String) { done.append("\(file) \(key) to \(new) \(yaml)") }
    }

    @Test func `views are saved, renamed and deleted, and none is replaced unasked`() {
        let app = AppModel(clock: { Timestamp(seconds: 0) })
        let store = Store()
        app.preferences.store = store
        app.list.filter = "web"
        func answer(_ text: String) {
            app.prompt?.input = LineInput(text)
            app.prompt?.submit()
        }
        app.commands["views.save"]?.run(app)
        answer(" my   web ")
        #expect(store.done == ["saved-views.yaml my web {\"kind\":\"pods\",\"filter\":\"web\"}"])
        app.commands["views.save"]?.run(app)
        answer(String(repeating: "x", count: 61))
        #expect(app.prompt?.input.text.count == 61 && store.done.count == 1)
        app.prompt?.cancel()
        var settings = UserSettings()
        settings.savedViews = read("my web: {filter: web}\nb: {}").views
        app.preferences.adopt(settings, directory: "")
        app.commands["views.save"]?.run(app)
        answer("b")
        guard case .dialog(let dialog)? = app.modal else {
            Issue.record("nothing was asked")
            return
        }
        #expect(dialog.choices[dialog.focused].id == "no" && store.done.count == 1)
        dialog.choose("yes")
        #expect(store.done.last == "saved-views.yaml b {\"kind\":\"pods\",\"filter\":\"web\"}")
        app.commands["views.rename"]?.run(app)
        if case .palette(let palette)? = app.modal { palette.accept() }
        #expect(app.prompt?.input.text == "my web")
        answer("shop")
        #expect(store.done.last == "saved-views.yaml my web to shop {\"kind\":\"pods\",\"filter\":\"web\"}")
        app.commands["views.delete"]?.run(app)
        if case .palette(let palette)? = app.modal { palette.accept() }
        if case .dialog(let dialog)? = app.modal { dialog.choose("yes") }
        #expect(store.done.last == "saved-views.yaml -my web" && store.done.count == 4)
    }

    @Test func `a view is renamed in one write, or not at all`() throws {
        let directory = ScratchFolder.path("views")
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: a temporary folder
        let path = "\(directory)/saved-views.yaml"
        try FileSystem.writeAtomically(path, Array("a: {kind: pods}\nb: 1\n".utf8), mode: 0o600)
        try SettingsEditor.set([("c", "{kind: pods}"), ("a", nil)], in: path)
        #expect(try FileSystem.readText(path) == "b: 1\nc: {kind: pods}")
        // The second change cannot be made: the first is not, either.
        let text = "a: &x {kind: pods}\nb: *x"
        try FileSystem.writeAtomically(path, Array(text.utf8), mode: 0o600)
        #expect(throws: SettingsProblem.self) { try SettingsEditor.set([("c", "{kind: pods}"), ("a", nil)], in: path) }
        #expect(try FileSystem.readText(path) == text)
    }

    @Test func `a key is taken out of a file, and everything else stays`() {
        let text = "# mine\na: 1\n\"on\":\n  kind: pods\n  filter: x\n# end\nb: 2\n"
        #expect(SettingsEditor.removed(text, "on") == "# mine\na: 1\n# end\nb: 2\n")
        #expect(SettingsEditor.removed(text, "none") == text && SettingsEditor.removed("a: [", "a") == nil)
        #expect(SettingsEditor.changed(text, "on", to: "{}") == "# mine\na: 1\n\"on\": {}\n# end\nb: 2\n")
        #expect(SettingsEditor.changed("", "my view: #1", to: "{}")?.contains("\"my view: #1\": {}") == true)
    }
}
