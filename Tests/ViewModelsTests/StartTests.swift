import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import ViewModels

/// What is typed before the cluster is there.
@MainActor @Suite struct StartTests {
    /// Runs a test with an application that is open, and a cluster that is reached when the test says so.
    static func with(_ body: (HeadlessApplication, Reachable) async throws -> Void) async throws {
        let reachable = Reachable()
        let fixture = Fixture(reachable: reachable)
        for pod in ["web-1", "web-2"] { fixture.addPod(pod) }
        for name in ["keys-1", "keys-2"] {
            fixture.server.put(
                "/api/v1/namespaces/default/secrets/\(name)",
                ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": .string(name), "namespace": "default", "uid": .string("uid-\(name)")]])
        }
        fixture.server.put("/api/v1/nodes/node", ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "node", "uid": "u-n"], "spec": [:]])
        fixture.server.putDiscovery()
        let application = HeadlessApplication(fixture)
        fixture.session.start()
        defer { fixture.end() }
        application.paint()
        try await fixture.until("it is being reached") { fixture.time.sleeperCount > 0 }
        try await body(application, reachable)
    }

    @Test func `keys wait for the cluster and are carried out in their order`() async throws {
        try await Self.with { application, reachable in
            let app = application.fixture.app
            try await application.press("j d")
            #expect(application.shows("takes back what waits for the cluster: j d") && app.toasts.isEmpty && app.detail == nil)
            reachable.isOn = true
            try await application.expect("Describe", "web-2")
            #expect(app.detail?.binding?.name == "web-2" && app.typedAhead == nil)
            #expect(!application.shows("takes back"))
        }
    }

    @Test func `a kind typed before the kinds are known is gone to, and what follows is about its rows`() async throws {
        try await Self.with { application, reachable in
            let app = application.fixture.app
            try await application.press(": \"secrets\" enter j d")
            #expect(application.shows("takes back what waits for") && application.shows("Secrets  waits for the cluster") && app.toasts.isEmpty)
            reachable.isOn = true
            try await application.expect("Describe", "keys-2")
            #expect(app.kind.id == "secrets" && app.detail?.binding?.name == "keys-2" && app.toasts.isEmpty)
        }
    }

    @Test func `Enter waits for the kinds of a cluster that is reached already`() async throws {
        try await Self.with { application, reachable in
            let (app, server) = (application.fixture.app, application.fixture.server)
            server.hold(.get, "/apis")
            reachable.isOn = true
            try await application.fixture.until("the pods") { app.connection == .ready && app.pods.count == 2 }
            try await application.press(": \"secrets\" enter")
            #expect(application.shows("takes back what waits for the kinds of the cluster") && app.modal != nil)
            server.release(.get, "/apis")
            try await application.expect("keys-1", "keys-2")
            #expect(app.kind.id == "secrets" && app.modal == nil)
        }
    }

    @Test func `what was typed while the program started is one burst, and no paste`() async throws {
        try await Self.with { application, reachable in
            let app = application.fixture.app
            try await application.burst(":secrets\njd")
            #expect(application.shows("takes back what waits for the cluster: Enter j d"))
            reachable.isOn = true
            try await application.expect("Describe", "keys-2")
            // Later, and without the colon, it is asked about.
            try await application.press("esc")
            try await application.burst(":secrets\njd")
            #expect(application.shows("Pasted text?") && app.detail == nil)
        }
        try await Self.with { application, _ in
            try await application.burst("kind: Pod\nmetadata:\n")
            #expect(application.shows("Pasted text?"))
        }
    }

    @Test func `Esc takes back what waits, and only that`() async throws {
        try await Self.with { application, reachable in
            let app = application.fixture.app
            try await application.press(": \"secrets\" enter d esc")
            #expect(app.typedAhead == nil && app.modal != nil && application.shows("2 keys taken back"))
            try await application.press("esc")
            #expect(app.modal == nil)
            reachable.isOn = true
            try await application.expect("web-1")
            #expect(app.kind.isPods && app.detail == nil)
        }
    }

    @Test func `what waits goes after half a minute, and says so`() async throws {
        try await Self.with { application, _ in
            let app = application.fixture.app
            try await application.press("d")
            try await application.pass(.seconds(29))
            #expect(application.shows("takes back what waits"))
            try await application.pass(.seconds(2))
            #expect(application.shows("1 key typed ahead dropped: the cluster did not come within 30 s") && app.typedAhead == nil)
        }
    }

    @Test func `a cluster that cannot be reached ends the waiting`() async throws {
        try await Self.with { application, _ in
            try await application.press("d")
            application.fixture.app.connection = .failed(reason: "port 6443 is busy", remedy: "use --api-port")
            #expect(application.shows("1 key typed ahead dropped: port 6443 is busy"))
            #expect(application.fixture.app.typedAhead == nil)
        }
    }

    @Test func `more than a buffer holds is dropped, and what came first stays`() async throws {
        try await Self.with { application, _ in
            try await application.press("d \"\(String(repeating: "j", count: 260))\"")
            #expect(application.shows("too much is typed ahead"))
            #expect(application.fixture.app.typedAhead?.keys.count == 256)
        }
    }

    @Test func `what needs no cluster does not wait`() async throws {
        try await Self.with { application, _ in
            let app = application.fixture.app
            try await application.press("4 , a ?")
            #expect(app.focus == .yaml && app.typedAhead == nil && app.modal != nil)
            try await application.press("esc : \"quit\" enter")
            #expect(application.fixture.workspace.isQuitting)
        }
    }

    @Test func `what changes something without a question is not done to what nobody saw`() async throws {
        try await Self.with { application, reachable in
            try await application.press("g n a c")
            reachable.isOn = true
            try await application.expect("nothing was on the screen when it was typed")
            #expect(application.fixture.app.kind.id == "nodes" && application.fixture.server.writes.isEmpty)
            try await application.press("a c")
            try await application.fixture.until("it is cordoned") {
                application.fixture.server.object("/api/v1/nodes/node")?["spec", "unschedulable"] == true
            }
        }
    }

    @Test func `neither the palette nor a hotkey does unasked what its key would not`() async throws {
        try await Self.with { application, reachable in
            try await application.press(": \"nodes\" enter : \"cordon\" enter")
            reachable.isOn = true
            try await application.expect("nothing was on the screen when it was typed")
            #expect(application.fixture.app.kind.id == "nodes" && application.fixture.server.writes.isEmpty)
        }
        try await Self.with { application, reachable in
            let app = application.fixture.app
            var settings = UserSettings()
            settings.keys.hotkeys = [
                KeySettings.Hotkey(name: "a", key: "0", description: "A", line: "objects.cordon", overrides: true, file: "hotkeys.yaml", fileLine: 2)
            ]
            app.preferences.adopt(settings, directory: "/d")
            try await application.press("g n 0")
            reachable.isOn = true
            try await application.expect("nothing was on the screen when it was typed")
            #expect(app.kind.id == "nodes" && application.fixture.server.writes.isEmpty && !app.isTypedUnseen)
            try await application.press("0")
            try await application.fixture.until("it is cordoned") {
                application.fixture.server.object("/api/v1/nodes/node")?["spec", "unschedulable"] == true
            }
        }
    }

    @Test func `keys about rows that are shown need no kinds, and what goes to a kind waits for them`() async throws {
        try await Self.with { application, reachable in
            let (app, server) = (application.fixture.app, application.fixture.server)
            server.hold(.get, "/apis")
            try await application.press("j d")
            reachable.isOn = true
            try await application.expect("Describe", "web-2")
            #expect(app.typedAhead == nil && server.isHolding(.get, "/apis"))
            try await application.press("esc k d")
            #expect(app.detail?.binding?.name == "web-1" && app.typedAhead == nil)
            try await application.press("esc g S j d")
            #expect(application.shows("takes back what waits for the kinds of the cluster: g S j d"))
            server.release(.get, "/apis")
            try await application.expect("Describe", "keys-2")
            #expect(app.kind.id == "secrets" && app.toasts.isEmpty)
        }
    }

    @Test func `what goes to a kind waits for the kinds behind keys that do not`() async throws {
        for keys in ["k g S j d", "k : \"secrets\" enter j d"] {
            try await Self.with { application, reachable in
                let (app, server) = (application.fixture.app, application.fixture.server)
                server.hold(.get, "/apis")
                try await application.press(keys)
                reachable.isOn = true
                try await application.expect("takes back what waits for the kinds of the cluster")
                server.release(.get, "/apis")
                try await application.expect("Describe", "keys-2")
                #expect(app.kind.id == "secrets" && app.toasts.isEmpty && app.typedAhead == nil)
            }
        }
    }

    @Test func `Ctrl-C takes back what waits, too, and leaves no Enter behind`() async throws {
        try await Self.with { application, reachable in
            let app = application.fixture.app
            try await application.press(": \"secrets\" enter ctrl-c")
            #expect(app.typedAhead == nil && app.modal != nil && application.shows("1 key taken back"))
            try await application.press("ctrl-c")
            reachable.isOn = true
            try await application.expect("web-1")
            #expect(app.modal == nil && app.kind.isPods && app.detail == nil && app.editor.target == nil)
        }
    }

    @Test func `clicks on what waits choose, and wait only once`() async throws {
        try await Self.with { application, reachable in
            let app = application.fixture.app
            try await application.press(": \"describe\" enter")
            try await application.click("Describe")
            try await application.click("Describe")
            #expect(app.typedAhead?.keys == ["Enter"])
            reachable.isOn = true
            try await application.fixture.until("its description") {
                application.paint()
                return app.detail?.binding?.name == "web-1"
            }
            #expect(app.typedAhead == nil && app.modal == nil)
        }
    }

    @Test func `keys are not carried out after half a minute, though what they wait for came`() async throws {
        try await Self.with { application, reachable in
            let (app, fixture) = (application.fixture.app, application.fixture)
            try await application.press("d")
            fixture.time.advance(by: .seconds(31))
            reachable.isOn = true
            try await fixture.until("the pods") { app.connection == .ready && app.pods.count == 2 }
            #expect(application.shows("1 key typed ahead dropped: more than 30 s have passed"))
            #expect(app.detail == nil && app.typedAhead == nil)
        }
    }

    @Test func `keys behind what asks the cluster wait for its answer`() async throws {
        try await Self.with { application, reachable in
            let (app, fixture) = (application.fixture.app, application.fixture)
            fixture.server.hold(.get, fixture.path("web-1"))
            try await application.press("s d")
            reachable.isOn = true
            try await application.expect("takes back what waits for the answer: d")
            #expect(app.detail == nil)
            fixture.server.release(.get, fixture.path("web-1"))
            try await application.expect("no container of", "Describe")
            #expect(app.detail?.binding?.name == "web-1")
        }
    }

    @Test func `a question that comes first is answered by nothing that was typed before it`() async throws {
        try await Self.with { application, reachable in
            let app = application.fixture.app
            try await application.press("D d y")
            reachable.isOn = true
            try await application.expect("Delete this pod?")
            #expect(application.shows("1 key typed ahead dropped: answer this first"))
            #expect(application.fixture.server.writes.isEmpty && app.typedAhead == nil)
        }
    }

    @Test func `who types a place while something is offered goes there, and starts nothing`() async throws {
        let fixture = Fixture()
        fixture.server.putDiscovery()
        try await fixture.run { fixture in
            let application = HeadlessApplication(fixture)
            try await application.expect("Start a small demo")
            try await application.press(": \"secrets\" enter")
            #expect(fixture.app.kind.id == "secrets" && fixture.app.modal == nil && fixture.server.writes.isEmpty)
        }
    }

    @Test func `contexts that become known while they are listed join the list`() async throws {
        try await HeadlessApplication.with { application in
            let (session, reachable, time) = (application.fixture.session, Reachable(), application.fixture.time)
            session.connectTo = { _ in throw ConnectionFailure(reason: "away", remedy: "") }
            session.listContexts = {
                // best effort: a clock that ends ends the wait.
                while !reachable.isOn { try? await time.sleep(for: .milliseconds(50)) }
                return ContextListing(names: ["kdash", "production"], problems: ["kubeconfig x is no YAML"])
            }
            try await application.press("C")
            #expect(application.shows("Context") && !application.shows("production"))
            reachable.isOn = true
            try await application.expect("production", "a broken kubeconfig")
            #expect(session.contexts == ["kdash", "production"] && !session.isListingContexts)
        }
    }

    @Test func `the name of a kind that is mistyped is put right`() async throws {
        try await HeadlessApplication.with { application in
            try await application.press(": \"podz\" enter")
            #expect(application.shows("did you mean Pods? Tab takes it") && application.fixture.app.typedAhead == nil)
            try await application.press("tab enter")
            #expect(application.fixture.app.modal == nil && application.fixture.app.kind.isPods)
            application.fixture.app.run(line: "deploymnts")
            #expect(application.shows("there is no command deploymnts; did you mean deployments?"))
            application.fixture.app.run(line: "qiut")
            #expect(application.shows("did you mean quit?"))
            application.fixture.session.contexts = ["kdash", "production"]
            application.fixture.app.run(line: "ctx prodution")
            #expect(application.shows("there is no context prodution; did you mean production?"))
        }
    }
}
