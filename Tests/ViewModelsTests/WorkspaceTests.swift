import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

@MainActor @Suite struct WorkspaceTests {
    private static func shell(_ name: String) -> ShellModel {
        ShellModel(
            binding: ObjectBinding(context: "kdash", namespace: "default", kind: "Pod", name: name, uid: "uid-\(name)"), container: "app",
            context: ContextState(name: "kdash", access: .writable, isEmbedded: true))
    }

    /// Runs a command in the panes that have the keys.
    private static func run(_ id: String, _ workspace: Workspace) {
        guard let app = workspace.focused?.app, let command = app.commands[id] else {
            Issue.record("no panes have the keys, or there is no \(id)")
            return
        }
        if let reason = command.reason(app) { return app.toast(reason, .warning) }
        command.run(app)
    }

    @Test func `a new tab shows the same place and each goes its own way`() async throws {
        try await Fixture.with(pods: ["web-1", "web-2"]) { fixture in
            let workspace = fixture.workspace
            fixture.app.pods.filter = "web-2"
            Self.run("tabs.new", workspace)
            #expect(workspace.tabs.count == 2 && workspace.current == 1)
            let second = try #require(workspace.focused?.app)
            #expect(second !== fixture.app && second.pods.filter == "web-2")
            try await fixture.until("the second tab's pods") { second.pods.count == 1 && second.connection == .ready }
            second.pods.filter = ""
            #expect(fixture.app.pods.filter == "web-2")
            fixture.addPod("web-3")
            try await fixture.until("both know the new pod") { second.pods.total == 3 && fixture.app.pods.total == 3 }
            Self.run("tabs.previous", workspace)
            #expect(workspace.focused?.app === fixture.app)
            Self.run("tabs.last", workspace)
            #expect(workspace.focused?.app === second)
        }
    }

    @Test func `what is typed in one tab stays when that is closed`() async throws {
        try await Fixture.with { fixture in
            let workspace = fixture.workspace
            Self.run("tabs.new", workspace)
            let app = try #require(workspace.focused?.app)
            try await fixture.until("the second tab") { app.connection == .ready }
            app.editor.target = EditorTarget(
                binding: ObjectBinding(context: "kdash", namespace: "default", kind: "", name: "", uid: nil), isNew: true)
            app.editor.state = .editing
            app.editor.insert("kind: Pod")
            #expect(app.editor.isDirty)
            Self.run("tabs.close", workspace)
            #expect(workspace.tabs.count == 1 && workspace.focused?.app === fixture.app)
            #expect(fixture.session.drafts.all().map(\.text) == ["kind: Pod"])
            fixture.session.openDrafts()
            try await fixture.until("the draft is offered in the other tab") { fixture.drafts?.drafts.count == 1 }
        }
    }

    @Test func `only the panes that have the keys offer unsaved text by themselves`() async throws {
        try await Fixture.with { fixture in
            let workspace = fixture.workspace
            Self.run("tabs.new", workspace)
            let app = try #require(workspace.focused?.app)
            try await fixture.until("the second tab") { app.connection == .ready }
            app.editor.target = EditorTarget(
                binding: ObjectBinding(context: "kdash", namespace: "default", kind: "", name: "", uid: nil), isNew: true)
            app.editor.state = .editing
            app.editor.insert("kind: Pod")
            Self.run("tabs.close", workspace)
            Self.run("tabs.new", workspace)
            let other = try #require(workspace.focused)
            fixture.session.offerDrafts(isAsked: false)
            other.session?.offerDrafts(isAsked: false)
            try await fixture.until("it is offered where the keys go") { if case .drafts? = other.app?.modal { true } else { false } }
            for _ in 0..<200 { await Task.yield() }
            #expect(fixture.app.modal == nil)
        }
    }

    @Test func `the last panes cannot be closed`() async throws {
        try await Fixture.with { fixture in
            Self.run("tabs.close", fixture.workspace)
            #expect(fixture.workspace.tabs.count == 1 && fixture.app.toasts.contains { $0.text.hasPrefix("these are the last panes") })
        }
    }

    @Test func `there is a bound for panes and for shells`() async throws {
        try await Fixture.with { fixture in
            let workspace = fixture.workspace
            for _ in 0..<20 { Self.run("tabs.new", workspace) }
            #expect(workspace.tabs.count == Workspace.mostClusters)
            #expect(workspace.focused?.app?.toasts.contains { $0.text.contains("that is the most") } == true)
            var refused = 0
            for number in 0..<20 where workspace.open(Self.shell("p\(number)"), isBeside: false, run: {}) != nil { refused += 1 }
            #expect(refused == 20 - Workspace.mostShells)
        }
    }

    @Test func `shells run on in the background and closing one that runs asks`() async throws {
        try await Fixture.with { fixture in
            let workspace = fixture.workspace
            let (one, two) = (Self.shell("one"), Self.shell("two"))
            for shell in [one, two] {
                let refusal = workspace.open(shell, isBeside: false) {
                    shell.state = .open
                    try? await fixture.time.sleep(for: .seconds(1_000_000))  // best effort: until it is closed
                }
                #expect(refusal == nil)
            }
            try await fixture.until("both run") { one.state == .open && two.state == .open }
            workspace.leaveShell()
            #expect(workspace.focused?.app === fixture.app && workspace.tabs.count == 3)
            one.receive([65])
            let split = try #require(workspace.split(workspace.tabs[1].focus))
            #expect(split.shell === one || split.shell === two)
            #expect(workspace.splits.values.filter(\.hasNews).map { $0.shell === one } == [true])
            workspace.askClose(tab: 1, fixture.app)
            #expect(fixture.dialog?.title == "Close a shell that runs?" && workspace.tabs.count == 3)
            fixture.dialog?.choose("no")
            #expect(fixture.app.modal == nil && workspace.tabs.count == 3)
            workspace.askClose(tab: 1, fixture.app)
            fixture.dialog?.choose("yes")
            #expect(workspace.tabs.count == 2 && workspace.runningShells.count == 1)
            fixture.run("app.quit")
            #expect(!workspace.isQuitting && fixture.dialog != nil)
            fixture.dialog?.choose("yes")
            #expect(workspace.isQuitting)
        }
    }

    @Test func `a shell that has ended closes without a question and can begin again`() async throws {
        try await Fixture.with { fixture in
            let workspace = fixture.workspace
            let shell = Self.shell("one")
            var runs = 0
            _ = workspace.open(shell, isBeside: true) {
                runs += 1
                shell.state = .ended("exit \(runs)")
            }
            #expect(workspace.tabs.count == 1 && workspace.tab.tree.splits.count == 2)
            try await fixture.until("it ended") { shell.state == .ended("exit 1") }
            shell.onReopen()
            try await fixture.until("it ended again") { shell.state == .ended("exit 2") }
            workspace.askClose(tab: 0, fixture.app)
            #expect(workspace.tab.tree.splits.count == 2, "the panes are the last")
            workspace.remove(workspace.tab.focus)
            #expect(workspace.tab.tree == .split(workspace.tab.focus) && workspace.focused?.app === fixture.app)
        }
    }

    @Test func `the tabs of a context come back, those that are not shown when they are looked at`() async throws {
        let directory = ScratchFolder.path("vm")
        let first = Fixture(directory: directory)
        first.addPod("web-1")
        first.workspace.start()
        try await first.until("the first list") { first.app.connection == .ready }
        first.app.pods.filter = "one"
        Self.run("tabs.new", first.workspace)
        let second = try #require(first.workspace.focused?.app)
        try await first.until("the second tab") { second.connection == .ready }
        second.pods.filter = "two"
        second.show(scope: NamespaceScope("default"))
        Self.run("tabs.beside", first.workspace)
        first.workspace.focused?.app?.pods.filter = "three"
        first.workspace.stop()

        let again = Fixture(directory: directory)
        defer {
            again.workspace.stop()
            try? FileSystem.removeTree(directory)  // best effort: a temporary folder
        }
        again.addPod("web-1")
        again.workspace.start()
        try await again.until("the first list") { again.app.connection == .ready }
        #expect(again.workspace.tabs.count == 2 && again.workspace.current == 1)
        #expect(again.workspace.tab.tree.splits.count == 2)
        #expect(again.app.scope == NamespaceScope("default"))
        let background = try #require(again.workspace.split(again.workspace.tabs[0].focus))
        #expect(background.place?.filter == "one" && background.app?.connection != .ready)
        again.workspace.show(0)
        try await again.until("the tab that is shown now") { background.app?.connection == .ready && background.app?.pods.filter == "one" }
    }

    @Test func `several contexts stand in one tab, each with its own cluster and protection`() async throws {
        let fixture = Fixture()
        fixture.addPod("web-1")
        let production = MemoryServer()
        production.put(
            "/api/v1/namespaces/default/pods/far-1",
            ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "far-1", "namespace": "default", "uid": "far"], "spec": [:], "status": [:]])
        let connectTo: @Sendable (String) async throws -> ConnectedCluster = { name in
            guard name == "prod" else { throw ConnectionFailure(reason: "\(name) does not answer", remedy: "look at it") }
            return ConnectedCluster(
                client: production.client(gate: ContextGate(context: "prod", mode: .protected(canUnlock: false))), contextName: "prod",
                access: .protected, isEmbedded: false, server: "far")
        }
        let (server, time, directory) = (fixture.server, fixture.time, fixture.directory)
        let first = fixture.session
        first.contexts = ["kdash", "prod", "gone"]
        let workspace = Workspace(app: fixture.app, session: first) { app in
            let session = ClusterSession(
                app: app,
                connect: { ConnectedCluster(client: server.client(gate: .open), contextName: "kdash", access: .writable, isEmbedded: true, server: "near") },
                restart: nil, time: time, stateDirectory: directory, sharing: first)
            (session.homeContext, session.contexts, session.connectTo) = ("kdash", first.contexts, connectTo)
            return session
        }
        workspace.start()
        defer {
            workspace.stop()
            try? FileSystem.removeTree(directory)  // best effort: a temporary folder
        }
        try await fixture.until("the first list") { fixture.app.connection == .ready }
        fixture.app.run(line: "ctx prod nowhere")
        #expect(fixture.app.toasts.contains { $0.text == "there is no context nowhere" } && workspace.tabs.count == 1)
        fixture.app.run(line: "ctx kdash prod gone")
        #expect(workspace.tabs.count == 2)
        let panes = workspace.tab.tree.splits.compactMap { workspace.split($0)?.app }.sorted { $0.context.name < $1.context.name }
        #expect(panes.map(\.context.name) == ["gone", "kdash", "prod"])
        try await fixture.until("each as it is") {
            panes[1].pods.row(uid: "uid-web-1") != nil && panes[2].pods.row(uid: "far") != nil && panes[2].connection == .ready
        }
        #expect(panes[1].context.access == .writable && panes[2].context.access == .protected && panes[2].context.refusal != nil)
        try await fixture.until("the one that does not answer says so") { if case .failed = panes[0].connection { true } else { false } }
    }
}
