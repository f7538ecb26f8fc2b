import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import Testing

@testable import ViewModels

/// Whether a cluster can be reached.
final class Reachable: Sendable {
    private let state = Mutex(false)
    var isOn: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// A workspace on two clusters in memory, kdash's own and a protected one, and a context that does not answer until it is told to.
@MainActor final class JoinedFixture {
    let near: Fixture
    let far = MemoryServer()
    let late = MemoryServer()
    /// Whether the third context answers.
    let answers = Reachable()
    /// The gate of the second context, which typing its name opens.
    let gate: ContextGate
    private(set) var workspace: Workspace

    init(directory: String? = nil) {
        near = Fixture(directory: directory)
        workspace = near.workspace
        let gate = ContextGate(context: "prod", mode: .protected(canUnlock: true), time: near.time)
        self.gate = gate
        let (server, time, directory, first) = (near.server, near.time, near.directory, near.session)
        first.contexts = ["kdash", "prod", "late"]
        let connectTo: @Sendable (String) async throws -> ConnectedCluster = { [far, late, answers] name in
            if name == "late", !answers.isOn { throw ConnectionFailure(reason: "no route to host", remedy: "look at it", isCheapToRetry: true) }
            let gate = name == "prod" ? gate : ContextGate(context: name, mode: .protected(canUnlock: false), time: time)
            return ConnectedCluster(
                client: (name == "prod" ? far : late).client(gate: gate), contextName: name, access: .protected, isEmbedded: false, server: name)
        }
        first.connectTo = connectTo
        workspace = Workspace(app: near.app, session: first) { app in
            let session = ClusterSession(
                app: app,
                connect: { ConnectedCluster(client: server.client(gate: .open), contextName: "kdash", access: .writable, isEmbedded: true, server: "near") },
                restart: nil, time: time, stateDirectory: directory, sharing: first)
            (session.homeContext, session.contexts, session.connectTo) = ("kdash", first.contexts, connectTo)
            return session
        }
        for server in [far, late] {
            server.put("/api/v1/namespaces/default", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "default"]])
        }
    }

    /// Runs a test and cleans up after it.
    static func with(_ body: (JoinedFixture) async throws -> Void) async throws {
        let fixture = JoinedFixture()
        defer { fixture.end() }
        fixture.near.addPod("web-1", uid: "near-1", labels: ["app": "web-1"])
        fixture.add("web-1", to: fixture.far, uid: "far-1")
        fixture.add("db-1", to: fixture.far, uid: "far-2", namespace: "data")
        fixture.add("late-1", to: fixture.late, uid: "late-1")
        try await fixture.start()
        try await body(fixture)
    }

    func start() async throws {
        workspace.start()
        try await near.until("the first list") { near.app.connection == .ready }
    }

    func end() {
        workspace.stop()
        try? FileSystem.removeTree(near.directory)  // best effort: a temporary folder
    }

    func add(_ name: String, to server: MemoryServer, uid: String, namespace: String = "default") {
        server.put(
            "/api/v1/namespaces/\(namespace)/pods/\(name)",
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": .string(uid), "labels": ["app": .string(name)]],
                "spec": ["nodeName": "node", "containers": [["name": "app", "image": "kdash.dev/demo:1"]]], "status": ["phase": "Running"],
            ])
    }

    /// Opens the table and waits for its rows.
    func open(_ line: String = "ctx kdash+prod+late", rows: Int = 3) async throws -> AppModel {
        near.app.run(line: line)
        let app = workspace.app!
        try await near.until("the rows of both") { app.list.count == rows }
        return app
    }

    /// The table's cells, without what changes with time.
    static func rows(_ app: AppModel) -> [[String]] {
        (0..<app.list.count).map { place in
            app.list.row(at: place).cells.prefix(3).map { if case .text(let text, _) = $0 { text } else { "?" } }
        }
    }
}
