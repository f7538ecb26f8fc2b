import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

/// What the user does while an answer is on its way.
@MainActor @Suite struct MeanwhileTests {
    private static let config = "/api/v1/namespaces/default/configmaps/settings"
    private static let binding = ObjectBinding(context: "kdash", namespace: "default", kind: "ConfigMap", name: "settings", uid: "uid-c")

    private func put(_ fixture: Fixture) {
        fixture.server.put(
            Self.config,
            [
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings", "namespace": "default", "uid": "uid-c"],
                "data": ["a": "1"],
            ])
    }

    /// Opens the ConfigMap, changes it, and applies it up to the write, which waits.
    private func beginApplying(_ fixture: Fixture) async throws {
        put(fixture)
        let editor = fixture.app.editor
        fixture.session.openYAML(Self.binding, isEditing: true)
        try await fixture.until("it is open") { editor.state == .editing }
        editor.replaceAll(editor.text.replacing("\"1\"", with: "mine"))
        fixture.run("yaml.applyF2")
        try await fixture.until("the diff") { fixture.diff != nil }
        fixture.server.hold(.put, Self.config)
        fixture.diff?.onConfirm()
        try await fixture.until("it is on its way") { fixture.server.isHolding(.put, Self.config) }
        #expect(editor.state == .applying)
    }

    @Test func `what is typed while the text is applied is not taken for applied`() async throws {
        try await Fixture.with { fixture in
            try await beginApplying(fixture)
            let editor = fixture.app.editor
            editor.replaceAll(editor.text.replacing("mine", with: "mine and more"))
            fixture.server.release(.put, Self.config)
            try await fixture.until("it is applied") { editor.state == .editing }
            #expect(fixture.server.object(Self.config)?["data", "a"] == "mine")
            #expect(editor.isDirty && editor.isTyping && editor.text.contains("mine and more"))
            try await fixture.until("the rest is saved") { editor.draft == .saved }
            #expect(fixture.session.drafts.all().first?.text.contains("mine and more") == true)
            fixture.run("yaml.applyF2")
            try await fixture.until("the diff") { fixture.diff != nil }
            #expect(fixture.diff?.lines.filter { $0.kind == .removed }.map(\.text) == ["  a: mine"])
        }
    }

    @Test(arguments: [nil, APIStatus.badRequest("not in the mood")])
    func `a text opened while another is applied is left alone, and how that went is told`(refusal: APIStatus?) async throws {
        try await Fixture.with { fixture in
            try await beginApplying(fixture)
            let editor = fixture.app.editor
            editor.isTyping = false
            fixture.run("objects.new")
            editor.insert("a: 1")
            fixture.server.refuse(.put, Self.config, refusal)
            fixture.server.release(.put, Self.config)
            let told = refusal == nil ? "applied ConfigMap default/settings" : "was not applied: not in the mood"
            try await fixture.until("it is told") { fixture.app.toasts.contains { $0.text.contains(told) } }
            #expect(editor.text == "a: 1" && editor.isDirty && editor.isTyping && editor.state == .editing)
            #expect(editor.target?.isNew == true && editor.banner == nil)
        }
    }

    @Test func `another context ends no write that was begun`() async throws {
        let fixture = Fixture()
        fixture.addPod("web-1")
        fixture.session.contexts = ["prod"]
        let other = MemoryServer().client(gate: ContextGate(context: "prod", mode: .protected(canUnlock: false)))
        fixture.session.connectTo = { _ in
            ConnectedCluster(client: other, contextName: "prod", access: .protected, isEmbedded: false, server: "elsewhere")
        }
        try await fixture.run { fixture in
            try await beginApplying(fixture)
            fixture.session.use(context: "prod")
            fixture.server.release(.put, Self.config)
            try await fixture.until("it is told") { fixture.app.toasts.contains { $0.text == "applied ConfigMap default/settings" } }
            #expect(!fixture.app.editor.isDirty)
            try await fixture.until("its draft is gone") { fixture.session.drafts.all().isEmpty }
        }
    }

    @Test func `an object that arrives late replaces no text begun meanwhile`() async throws {
        try await Fixture.with { fixture in
            put(fixture)
            let editor = fixture.app.editor
            fixture.server.hold(.get, Self.config)
            fixture.session.openYAML(Self.binding, isEditing: false)
            try await fixture.until("it is asked for") { fixture.server.isHolding(.get, Self.config) }
            // Typed before it is there, it would be lost under it.
            fixture.run("yaml.edit")
            fixture.session.openYAML(Self.binding, isEditing: true)
            #expect(editor.state == .loading && !editor.isTyping)
            fixture.run("objects.new")
            editor.insert("a: 1")
            fixture.server.release(.get, Self.config)
            try await fixture.until("the text is saved") { editor.draft == .saved }
            #expect(editor.text == "a: 1" && editor.target?.isNew == true)
        }
    }

    @Test func `the owner that arrives late takes nobody's keyboard`() async throws {
        try await Fixture.with(pods: []) { fixture in
            let set = "/apis/apps/v1/namespaces/default/replicasets/web"
            fixture.server.put(
                fixture.path("web-1"),
                [
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": [
                        "name": "web-1", "namespace": "default", "uid": "u",
                        "ownerReferences": [["apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "r", "controller": true]],
                    ],
                    "spec": ["containers": [["name": "app", "image": "x"]]],
                ])
            try await fixture.until("the pod") { fixture.app.pods.selectedPod != nil }
            fixture.app.modal = nil
            fixture.server.hold(.get, set)
            fixture.run("pods.editOwner")
            try await fixture.until("it is asked for") { fixture.server.isHolding(.get, set) }
            fixture.run("view.filter")
            fixture.server.release(.get, set)
            try await fixture.until("it is told") { fixture.app.toasts.last?.text.contains("was not opened") == true }
            #expect(fixture.app.prompt != nil && fixture.app.focus == .pods && !fixture.app.editor.isTyping)
        }
    }

    @Test func `a log takes no line of the one shown before`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            let (first, second) = (ByteChannel(), ByteChannel())
            fixture.server.setLogs("web-1", [first])
            fixture.server.setLogs("web-2", [second])
            let logs = fixture.app.logs
            first.send(Array("2026-03-01T10:00:01Z one\n".utf8))
            fixture.session.showLogs(
                ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "web-1", uid: "uid-web-1"), container: nil,
                isPrevious: false)
            try await fixture.until("the first line") { logs.endLine == logs.firstLine + 1 && logs.state == .live }
            // It is on its way to the pane when the other log is asked for.
            first.send(Array("2026-03-01T10:00:02Z late\n".utf8))
            second.send(Array("2026-03-01T10:00:03Z two\n".utf8))
            fixture.session.showLogs(
                ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: "web-2", uid: "uid-web-2"), container: nil,
                isPrevious: false)
            try await fixture.until("the other log") { logs.target?.pod == "web-2" && logs.state == .live && logs.endLine > logs.firstLine }
            let shown = (logs.firstLine..<logs.endLine).compactMap { logs.line($0).map { String(decoding: $0.bytes, as: UTF8.self) } }
            #expect(shown == ["two"])
        }
    }

    @Test func `nothing asks by itself while somebody types`() async throws {
        let fixture = Fixture()
        fixture.session.start()
        fixture.run("objects.new")
        try await fixture.until("it was looked for drafts") {
            fixture.app.connection == .ready && fixture.session.clusterID != nil && !fixture.session.tasks.isRunning(.listDrafts)
        }
        #expect(fixture.app.modal == nil && fixture.app.editor.isTyping)
        fixture.app.editor.insert("a: 1")
        fixture.session.stop()

        let second = Fixture(directory: fixture.directory)
        second.session.start()
        second.app.openFilter()
        try await second.until("it is said") { second.app.toasts.contains { $0.text.contains("unsaved text from an earlier session") } }
        #expect(second.app.modal == nil && second.app.prompt != nil)
        second.app.prompt?.cancel()
        second.run("app.drafts")
        try await second.until("the drafts") { second.drafts?.drafts.count == 1 }
        second.session.stop()
        try FileSystem.removeTree(fixture.directory)
    }
}
