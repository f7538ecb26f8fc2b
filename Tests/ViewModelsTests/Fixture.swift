import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import TestSupport
import Testing

@testable import ViewModels

/// A session on a server in memory, with a clock that the test moves and a folder of its own.
@MainActor final class Fixture {
    let server = MemoryServer()
    let time = ManualTimeSource(at: Timestamp(rfc3339: "2026-03-01T10:00:00Z")!)
    let app: AppModel
    let directory: String
    var session: ClusterSession
    let workspace: Workspace

    init(
        access: ContextState.Access = .writable, canUnlock: Bool = false, directory: String? = nil,
        restart: (@Sendable (MemoryServer) async throws -> Void)? = nil,
        usage: (@Sendable () async throws -> [NodeStats])? = nil, keptLogs: (@Sendable () async throws -> [KeptLog])? = nil,
        reachable: Reachable? = nil
    ) {
        let time = time
        self.directory = directory ?? ScratchFolder.path("vm")
        app = AppModel(clock: { time.now() })
        let server = server
        let mode: ContextGate.Mode = access == .readonly ? .readonly : .protected(canUnlock: canUnlock)
        let gate = access == .writable ? ContextGate.open : ContextGate(context: "prod", mode: mode, time: time)
        let isOurs = access == .writable
        let connect: @Sendable () async throws -> ConnectedCluster = {
            while let reachable, !reachable.isOn { try await time.sleep(for: .milliseconds(50)) }
            return ConnectedCluster(
                client: server.client(gate: gate), contextName: isOurs ? "kdash" : "prod", access: access, isEmbedded: isOurs,
                server: "memory", user: "somebody", usage: usage, keptLogs: keptLogs)
        }
        var again: (@Sendable () async throws -> Void)?
        if let restart { again = { try await restart(server) } }
        let folder = self.directory
        let first = ClusterSession(app: app, connect: connect, restart: again, time: time, stateDirectory: folder)
        session = first
        workspace = Workspace(app: app, session: first) { app in
            let other = ClusterSession(app: app, connect: connect, restart: again, time: time, stateDirectory: folder, sharing: first)
            other.homeContext = isOurs ? "kdash" : "prod"
            return other
        }
        for name in ["default", "kube-system"] {
            server.put("/api/v1/namespaces/\(name)", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]])
        }
    }

    /// Runs a test with a started session and cleans up after it.
    static func with(access: ContextState.Access = .writable, pods: [String] = ["web-1"], _ body: (Fixture) async throws -> Void)
        async throws
    {
        let fixture = Fixture(access: access)
        for pod in pods { fixture.addPod(pod) }
        try await fixture.run(body)
    }

    func run(_ body: (Fixture) async throws -> Void) async throws {
        session.start()
        defer { end() }
        try await until("the first list") { self.app.connection == .ready }
        try await body(self)
    }

    /// Ends what runs.
    func end() {
        for session in workspace.sessions + [session] { session.tasks.cancelAll() }
        workspace.tasks.cancelAll()
        try? FileSystem.removeTree(directory)  // best effort: a temporary folder
    }

    /// Lets other tasks run until something holds; the clock moves in small steps.
    func until(_ what: String, _ condition: @MainActor () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        // Other threads and the other tests of the main actor need real time on a busy machine, so both bounds must be over. The fake clock
        // runs at most 20 times as fast as the real one: what is waited for with patience is not given up because a thread had no turn.
        // After 100 s it goes slowly: what only then begins to sleep must wake, too.
        let start = ContinuousClock.now
        var advanced = start
        var (round, ticks) = (0, 0)
        while ticks < 5000 || ContinuousClock.now < start + .seconds(30) {
            if condition() { return }
            let now = ContinuousClock.now
            if round % 4 == 3, now - advanced >= .milliseconds(ticks < 5000 ? 1 : 100) {
                advanced = now
                ticks += 1
                time.advance(by: .milliseconds(20))
            }
            round += 1
            await Task.yield()
        }
        Issue.record("never came: \(what); \(app.connection), \(app.toasts.map(\.text))", sourceLocation: sourceLocation)
        throw APIStatus.timeout("never came: \(what)")
    }

    @discardableResult
    func addPod(_ name: String, namespace: String = "default", uid: String? = nil, labels: JSONValue = [:], status: JSONValue = ["phase": "Running"])
        -> JSONValue
    {
        server.put(
            "/api/v1/namespaces/\(namespace)/pods/\(name)",
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": .string(uid ?? "uid-\(name)"), "labels": labels],
                "spec": ["nodeName": "node", "containers": [["name": "app", "image": "kdash.dev/demo:1"]]], "status": status,
            ])
    }

    func path(_ pod: String) -> String { "/api/v1/namespaces/default/pods/\(pod)" }

    func run(_ id: String) {
        guard let command = app.commands[id] else {
            Issue.record("no command \(id)")
            return
        }
        if case .disabled(let reason) = command.availability(app) { return app.toast(reason, .warning) }
        command.run(app)
    }

    var dialog: DialogModel? { if case .dialog(let model)? = app.modal { model } else { nil } }
    var diff: DiffModel? { if case .diff(let model)? = app.modal { model } else { nil } }
    var drafts: DraftsModel? { if case .drafts(let model)? = app.modal { model } else { nil } }
}
