import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Synchronization
import Testing

struct ContextGateTests {
    private static let paths = [
        "/api/v1/pods", "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/pods/web",
        "/api/v1/namespaces/default/pods/web/status",
        "/api/v1/namespaces/default", "/api/v1/namespaces/default/status", "/api/v1/namespaces/default/finalize", "/api/v1/nodes/n1",
        "/apis/apps/v1/namespaces/default/deployments/web/scale", "/apis/example.com/v1/things/a",
    ]
    private static let passages = [
        "/api/v1/namespaces/default/pods/web/exec", "/api/v1/namespaces/default/pods/web/attach",
        "/api/v1/namespaces/default/pods/web/portforward",
        "/api/v1/namespaces/default/pods/web/proxy", "/api/v1/namespaces/default/pods/web/proxy/admin", "/api/v1/nodes/n1/proxy/run",
        "/api/v1/namespaces/default/services/web:80/proxy", "/api/v1/namespaces/default/serviceaccounts/default/token",
        "/api/v1/proxy/namespaces/default/pods/web",
        "/api/v1/namespaces/default/pods/web/%65xec", "/api/v1/namespaces/default/pods/web/e%78ec",
        "/api/v1//namespaces/default/pods/web/exec",
        "/api/v1/watch/namespaces/default/pods/web/exec", "/apis/subresources.example.com/v1/namespaces/default/machines/m/portforward",
    ]
    private static let reviews = [
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews", "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    ]
    private static let writes: [APIRequest.Method] = [.post, .put, .patch, .delete]
    private static let gates = [
        ContextGate(context: "prod", mode: .protected(canUnlock: false)), ContextGate(context: "prod", mode: .readonly),
        ContextGate(context: "prod", mode: .protected(canUnlock: true)),
    ]

    /// Whether the request got through to the server.
    private func arrives(_ request: APIRequest, _ gate: ContextGate) async -> Bool {
        let server = FakeServer()
        let client = server.client(gate: gate)
        do throws(APIStatus) {
            _ = try await client.raw(request)
        } catch {
            #expect(error.code == 403)
            #expect(error.message.contains("\"prod\""))
        }
        return server.requests.withLock { $0.count } == 1
    }

    @Test(
        arguments: paths + [
            "/version", "/healthz", "/openapi/v3", "/apis", "/api/v1/namespaces/default/pods/web/log",
            "/api/v1/namespaces/default/pods/exec",
        ], gates)
    func `reads pass a closed gate`(path: String, gate: ContextGate) async {
        #expect(await arrives(APIRequest(.get, path: path), gate))
        #expect(await arrives(APIRequest(.get, path: path, query: [QueryItem("watch", "true")]), gate))
        #expect(await arrives(APIRequest(.head, path: path), gate))
    }

    @Test(arguments: paths + passages + reviews.map { "\($0)/x" } + ["/version", "/", "", "/kdash/v1/down", "/api", "/apis/apps"], gates)
    func `writes do not pass it`(path: String, gate: ContextGate) async {
        for method in Self.writes + [.options] { #expect(await !arrives(APIRequest(method, path: path, body: Array("{}".utf8)), gate)) }
    }

    @Test(arguments: passages, [APIRequest.Method.get, .head, .post, .put, .patch, .delete, .options])
    func `what reaches into pods, nodes and services does not pass whatever its method`(path: String, method: APIRequest.Method) async {
        for gate in Self.gates {
            #expect(await !arrives(APIRequest(method, path: path), gate))
            #expect(await !arrives(APIRequest(method, path: path, query: [QueryItem("dryRun", "All")]), gate))
        }
    }

    @Test(arguments: reviews)
    func `access reviews pass`(path: String) async {
        for gate in Self.gates {
            #expect(await arrives(APIRequest(.post, path: path, body: Array("{}".utf8)), gate))
            #expect(await !arrives(APIRequest(.put, path: path, body: Array("{}".utf8)), gate))
        }
    }

    @Test func `dry runs of resources pass`() async {
        for path in Self.paths where !path.hasSuffix("finalize") {
            for method in [APIRequest.Method.post, .put, .patch, .delete] {
                #expect(await arrives(APIRequest(method, path: path, query: [QueryItem("dryRun", "All")]), Self.gates[0]))
            }
        }
    }

    @Test(arguments: [
        ([QueryItem("dryRun", "")], ""), ([QueryItem("dryRun", "all")], ""), ([QueryItem("dryrun", "All")], ""),
        ([QueryItem("dryRun", "All"), QueryItem("dryRun", "None")], ""),
        ([QueryItem("dryRun", "All")], "{}"), ([QueryItem("dryRun", "All")], "{\"dryRun\":[]}"),
        ([QueryItem("dryRun", "All")], "k8s\u{0}protobuf"),
        ([QueryItem("dryRun", "All")], "{\"dryRun\":[\"All\"],\"dryRun\":[]}"), ([], "{\"dryRun\":[\"All\"]}"),
    ])
    func `what only looks like a dry run of a deletion does not pass`(query: [QueryItem], body: String) async {
        #expect(await !arrives(APIRequest(.delete, path: "/api/v1/nodes/n1", query: query, body: Array(body.utf8)), Self.gates[0]))
    }

    @Test(arguments: ["Upgrade", "sec-websocket-key", "X-HTTP-Method-Override"])
    func `headers that make more of a read do not pass`(header: String) async {
        #expect(await !arrives(APIRequest(.get, path: "/api/v1/pods", headers: [(header, "x")]), Self.gates[0]))
    }

    @Test(arguments: ["/api/v1/pods/%zz", "/api/v1/pods/%ff", "/api/v1/namespaces/default/pods/web/../web/exec", "/api/v1/./pods"])
    func `paths that servers may read in two ways do not pass`(path: String) async {
        #expect(await !arrives(APIRequest(.get, path: path), Self.gates[0]))
    }

    @Test func `every verb of the client goes through the gate`() async throws {
        let server = FakeServer { _ in .json(["kind": "Pod", "metadata": ["name": "web"]]) }
        let client = server.client(gate: Self.gates[0])
        let object = KubeObject(pod("web", revision: 1))
        let exec = ExecRequest(namespace: "default", pod: "web", container: "app", command: ["sh"])
        await #expect(throws: APIStatus.self) { _ = try await client.create(podResource, object) }
        await #expect(throws: APIStatus.self) { _ = try await client.update(podResource, object) }
        await #expect(throws: APIStatus.self) { _ = try await client.updateStatus(podResource, object) }
        await #expect(throws: APIStatus.self) {
            _ = try await client.patch(podResource, namespace: "default", name: "web", type: .merge, [:])
        }
        await #expect(throws: APIStatus.self) { try await client.delete(podResource, namespace: "default", name: "web") }
        await #expect(throws: APIStatus.self) { try await client.deleteCollection(podResource, namespace: "default") }
        await #expect(throws: APIStatus.self) {
            _ = try await client.createSubresource(podResource, namespace: "default", name: "web", subresource: "eviction", [:])
        }
        await #expect(throws: APIStatus.self) { _ = try await client.exec(exec) }
        await #expect(throws: APIStatus.self) { _ = try await client.attach(exec) }
        await #expect(throws: APIStatus.self) { _ = try await client.rawStream(APIRequest(.post, path: "/api/v1/pods")) }
        #expect(server.requests.withLock { $0.isEmpty })
        #expect(server.sessions.withLock { $0.isEmpty })
        _ = try await client.create(podResource, object, options: .strictDryRun)
        _ = try await client.update(podResource, object, options: .strictDryRun)
        _ = try await client.patch(podResource, namespace: "default", name: "web", type: .apply, [:], options: .strictDryRun)
        try await client.delete(podResource, namespace: "default", name: "web", DeleteOptions(uid: "u", isDryRun: true))
        #expect(server.requests.withLock { $0.map { $0.queryValues("dryRun") } } == [["All"], ["All"], ["All"], ["All"]])
    }

    @Test func `an unlock needs the exact name and holds fifteen minutes`() {
        let time = ManualTimeSource()
        let gate = ContextGate(context: "prod", mode: .protected(canUnlock: true), time: time)
        #expect(!gate.unlock(typedName: "Prod"))
        #expect(gate.label == "PROTECTED")
        #expect(gate.unlock(typedName: "prod"))
        #expect(gate.label == "WRITABLE")
        time.advance(by: .seconds(15 * 60 - 1))
        #expect(gate.isWritable)
        time.advance(by: .seconds(1))
        #expect(!gate.isWritable)
        #expect(!ContextGate(context: "prod", mode: .protected(canUnlock: false)).unlock(typedName: "prod"))
        #expect(!ContextGate(context: "prod", mode: .readonly).unlock(typedName: "prod"))
        #expect(ContextGate(context: "prod", mode: .readonly).label == "READ-ONLY")
        #expect(!ContextGate(context: "", mode: .protected(canUnlock: true)).unlock(typedName: ""))
    }

    @Test func `one caller learns that the time is over, and a lock is no such end`() {
        let time = ManualTimeSource()
        let gate = ContextGate(context: "prod", mode: .protected(canUnlock: true), time: time)
        #expect(!gate.expire())
        #expect(gate.unlock(typedName: "prod") && !gate.expire() && gate.remaining == .seconds(15 * 60))
        time.advance(by: .seconds(10 * 60))
        #expect(gate.remaining == .seconds(5 * 60) && gate.unlock(typedName: "prod") && gate.remaining == .seconds(15 * 60))
        time.advance(by: .seconds(15 * 60))
        #expect(gate.remaining == nil && gate.expire() && !gate.expire())
        #expect(gate.unlock(typedName: "prod"))
        gate.lock()
        #expect(!gate.isWritable && !gate.expire())
    }

    @Test func `an unlock does not outlast a night's sleep of the machine`() {
        let time = SleepingMachine()
        let gate = ContextGate(context: "prod", mode: .protected(canUnlock: true), time: time)
        #expect(gate.unlock(typedName: "prod") && gate.isWritable)
        time.sleep(hours: 8)
        #expect(!gate.isWritable && time.monotonic() == .zero)
    }

    @Test func `who listens hears of unlocking and locking`() async {
        let gate = ContextGate(context: "prod", mode: .protected(canUnlock: true))
        var changes = gate.changes().makeAsyncIterator()
        #expect(gate.unlock(typedName: "prod"))
        await changes.next()
        #expect(gate.isWritable)
        gate.lock()
        await changes.next()
        #expect(!gate.isWritable)
    }

    @Test func `a context has one gate in a window, and none that another server or user shares`() {
        let gates = ContextGates(isReadOnly: false)
        let gate = gates.gate("prod", server: "https://a", user: "anna")
        #expect(gate.unlock(typedName: "prod"))
        #expect(gates.gate("prod", server: "https://a", user: "anna") === gate)
        #expect(!gates.gate("prod", server: "https://b", user: "anna").isWritable)
        #expect(!gates.gate("prod", server: "https://a", user: "root").isWritable)
        #expect(!ContextGates(isReadOnly: true).gate("prod", server: "https://a", user: "anna").unlock(typedName: "prod"))
    }
}

/// A clock whose steady time stands while the machine sleeps.
private final class SleepingMachine: TimeSource {
    private let slept = Mutex(0)

    func now() -> Timestamp { Timestamp(seconds: 1_767_225_600 + Int64(slept.withLock { $0 }) * 3600) }
    func monotonic() -> Duration { .zero }
    func sleep(for duration: Duration) async throws {}
    func sleep(hours: Int) { slept.withLock { $0 += hours } }
}
