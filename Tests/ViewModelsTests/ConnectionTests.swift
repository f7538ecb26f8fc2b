import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import ViewModels

@MainActor @Suite struct ConnectionTests {
    @Test func `a vanished daemon is started again once, and what was open goes on`() async throws {
        let starts = Mutex(0)
        let fixture = Fixture(restart: { server in
            starts.withLock { $0 += 1 }
            server.refuse(.get, "/api/v1/pods", nil)
        })
        fixture.addPod("web-1")
        try await fixture.run { fixture in
            fixture.app.pods.select(uid: "uid-web-1")
            fixture.server.refuse(.get, "/api/v1/pods", .serviceUnavailable("connection refused"))
            fixture.server.breakWatches()
            try await fixture.until("it is stale") { if case .stale = fixture.app.connection { true } else { false } }
            #expect(fixture.app.pods.count == 1 && fixture.app.pods.selectedUID == "uid-web-1")
            try await fixture.until("it is back") { fixture.app.connection == .ready }
            #expect(starts.withLock { $0 } == 1)
            fixture.addPod("web-2")
            try await fixture.until("the second pod") { fixture.app.pods.count == 2 }
        }
    }

    @Test func `what went while the server was lost is gone afterwards`() async throws {
        let fixture = Fixture(restart: { $0.refuse(.get, "/api/v1/pods", nil) })
        for pod in ["web-1", "web-2"] { fixture.addPod(pod) }
        try await fixture.run { fixture in
            fixture.server.refuse(.get, "/api/v1/pods", .serviceUnavailable("connection refused"))
            fixture.server.breakWatches()
            fixture.server.remove(fixture.path("web-1"))
            try await fixture.until("it is stale") { fixture.app.connection != .ready }
            try await fixture.until("it is back") { fixture.app.connection == .ready }
            try await fixture.until("it is gone") { fixture.app.pods.count == 1 }
        }
    }

    @Test func `a cluster that cannot be reached says why and what helps, and is tried again`() async throws {
        struct Down: Error {}
        let fixture = Fixture()
        let attempts = Mutex(0)
        let client = fixture.server.client()
        fixture.session = ClusterSession(
            app: fixture.app,
            connect: {
                guard
                    attempts.withLock({
                        $0 += 1
                        return $0
                    }) > 2
                else { throw ConnectionFailure(reason: "port 6443 is busy", remedy: "use --api-port") }
                return ConnectedCluster(client: client, contextName: "kdash", access: .writable, isEmbedded: true, server: "memory")
            }, restart: nil, time: fixture.time, stateDirectory: fixture.directory)
        fixture.session.start()
        try await fixture.until("it says so") { fixture.app.connection == .failed(reason: "port 6443 is busy", remedy: "use --api-port") }
        try await fixture.until("it is there") { fixture.app.connection == .ready }
        fixture.session.stop()
    }

    @Test func `a stopped cluster is looked for every second`() async throws {
        let fixture = Fixture()
        let attempts = Mutex(0)
        let client = fixture.server.client()
        fixture.session = ClusterSession(
            app: fixture.app,
            connect: {
                let count = attempts.withLock {
                    $0 += 1
                    return $0
                }
                guard count > 20 else { throw ConnectionFailure(reason: "stopped", remedy: "run kdash up", isStopped: true) }
                return ConnectedCluster(client: client, contextName: "kdash", access: .writable, isEmbedded: true, server: "memory")
            }, restart: nil, time: fixture.time, stateDirectory: fixture.directory)
        let started = fixture.time.monotonic()
        fixture.session.start()
        try await fixture.until("it is there") { fixture.app.connection == .ready }
        #expect(fixture.time.monotonic() - started < .seconds(30))
        fixture.session.stop()
    }

    @Test func `another context replaces everything, keeps unsaved text, and there is a way back`() async throws {
        let other = MemoryServer()
        other.put("/api/v1/namespaces/prod", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "prod"]])
        let client = other.client(gate: ContextGate(context: "prod", mode: .protected(canUnlock: false)))
        let fixture = Fixture()
        fixture.addPod("web-1")
        fixture.session.contexts = ["prod"]
        fixture.session.connectTo = { _ in
            ConnectedCluster(client: client, contextName: "prod", access: .protected, isEmbedded: false, server: "elsewhere")
        }
        try await fixture.run { fixture in
            #expect(fixture.session.contexts == ["kdash", "prod"])
            fixture.run("objects.new")
            fixture.app.editor.insert("a: 1")
            fixture.session.use(context: "prod")
            try await fixture.until("it is open") { fixture.app.connection == .ready && fixture.app.namespaces.rows.map(\.name) == ["prod"] }
            #expect(fixture.app.pods.count == 0 && fixture.app.context.access == .protected)
            // What was started here still runs.
            #expect(fixture.app.quitLine == "kdash still runs 1 pod; stop it with: kdash down")
            #expect(fixture.app.editor.text == "a: 1" && fixture.app.editor.target?.binding.context == "kdash")
            #expect(fixture.session.drafts.all().count == 1)
            fixture.session.use(context: "kdash")
            try await fixture.until("it is back") { fixture.app.connection == .ready && fixture.app.pods.count == 1 }
        }
    }

    @Test func `a context is looked at in its own way, and what was seen of the one before is there again`() async throws {
        let client = MemoryServer().client(gate: ContextGate(context: "prod", mode: .protected(canUnlock: false)))
        let fixture = Fixture()
        fixture.addPod("web-1")
        fixture.session.contexts = ["prod"]
        fixture.session.connectTo = { _ in
            ConnectedCluster(client: client, contextName: "prod", access: .protected, isEmbedded: false, server: "elsewhere")
        }
        try await fixture.run { fixture in
            let (app, session) = (fixture.app, fixture.session)
            app.show(kind: .pods)
            (app.pods.filter, app.pods.sort, app.pods.hiddenColumns) = ("web", TableSort(column: "age", isDescending: true), ["cpu"])
            (app.logs.search, app.namespaces.filter) = ("error", "def")
            session.usageHistory.take([NodeStats(node: "n", sampledAt: fixture.time.now(), pods: [])])
            let steps = session.usageHistory.cluster(now: fixture.time.now())
            let places = app.visited.back.count
            session.use(context: "prod")
            #expect(app.pods.filter.isEmpty && app.pods.sort == TableSort(column: "name") && app.pods.hiddenColumns.isEmpty)
            #expect(app.logs.search.isEmpty && app.namespaces.filter.isEmpty && app.visited.back.isEmpty)
            try await fixture.until("it is open") { app.connection == .ready && app.context.name == "prod" }
            #expect(app.pods.filter.isEmpty)
            session.use(context: "kdash")
            #expect(app.visited.back.count == places && session.usageHistory.cluster(now: fixture.time.now()) == steps)
            try await fixture.until("it is back") { app.connection == .ready && app.context.name == "kdash" }
            #expect(app.pods.filter == "web" && app.pods.sort == TableSort(column: "age", isDescending: true) && app.pods.hiddenColumns == ["cpu"])
        }
    }

    @Test func `only a few contexts are kept`() {
        var left = LeftContexts()
        for name in ["a", "b", "c", "d"] { left.keep(LeftContexts.Left(usage: UsageHistory(), visited: PlaceHistory()), of: name) }
        #expect(left.take("a") == nil && left.take("b") != nil && left.take("b") == nil)
    }

    @Test func `the end of what followed one context never ends what follows the next`() async throws {
        let client = MemoryServer().client(gate: ContextGate(context: "prod", mode: .protected(canUnlock: false)))
        let fixture = Fixture()
        fixture.session.contexts = ["prod"]
        fixture.session.connectTo = { _ in
            ConnectedCluster(client: client, contextName: "prod", access: .protected, isEmbedded: false, server: "elsewhere")
        }
        try await fixture.run { fixture in
            // Which of both comes first is up to the scheduler.
            for _ in 0..<100 {
                for context in ["prod", "kdash"] {
                    fixture.session.use(context: context)
                    try await fixture.until("it is open") { fixture.app.connection == .ready && fixture.app.context.name == context }
                }
            }
        }
    }

    @Test func `usage is sampled every second only while pods are visible`() async throws {
        let count = Mutex(0)
        let fixture = Fixture(usage: {
            count.withLock { $0 += 1 }
            return []
        })
        fixture.addPod("web-1")
        try await fixture.run { fixture in
            #expect(count.withLock { $0 } == 0)
            fixture.app.visiblePanes = [.pods]
            try await fixture.until("some samples") { count.withLock { $0 } >= 3 }
            fixture.app.visiblePanes = [.yaml]
            for _ in 0..<50 { await Task.yield() }
            let seen = count.withLock { $0 }
            fixture.time.advance(by: .seconds(10))
            for _ in 0..<200 { await Task.yield() }
            #expect(count.withLock { $0 } == seen)
        }
    }
}
