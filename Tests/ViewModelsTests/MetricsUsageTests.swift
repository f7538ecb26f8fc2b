import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ViewModels

@MainActor @Suite struct MetricsUsageTests {
    private static let path = "/apis/metrics.k8s.io/v1beta1/pods"
    private static let nodes = "/apis/metrics.k8s.io/v1beta1/nodes"

    private static func pods(_ names: [String], namespace: String = "default", cpu: String = "250m", at time: String = "2026-03-01T10:00:00Z") -> JSONValue {
        [
            "kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1",
            "items": .array(
                names.map {
                    [
                        "metadata": ["name": .string($0), "namespace": .string(namespace)], "timestamp": .string(time), "window": "15s",
                        "containers": [["name": "app", "usage": ["cpu": .string(cpu), "memory": "64Mi"]]],
                    ]
                }),
        ]
    }

    private static func nodeList(_ cpu: String) -> JSONValue {
        ["kind": "NodeMetricsList", "items": [["metadata": ["name": "node"], "usage": ["cpu": .string(cpu), "memory": "1Gi"]]]]
    }

    private func foreign() -> Fixture {
        let fixture = Fixture(access: .protected)
        fixture.app.visiblePanes = [.pods]
        for pod in ["web-1", "web-2"] { fixture.addPod(pod) }
        return fixture
    }

    private func used(_ fixture: Fixture, _ uid: String) -> [Int64?] {
        guard let row = fixture.app.pods.row(uid: uid) else { return [] }
        return fixture.app.pods.cells(row).compactMap { if case .usage(let usage) = $0 { .some(usage.used) } else { nil } }
    }

    @Test func `pods of a server that kdash did not make show what its metrics API tells`() async throws {
        let fixture = foreign()
        fixture.server.answer(Self.path, Self.pods(["web-1"]))
        fixture.server.answer(Self.nodes, Self.nodeList("1500m"))
        try await fixture.run { fixture in
            try await fixture.until("what it uses") { used(fixture, "uid-web-1") == [250, 64 << 20] }
            #expect(used(fixture, "uid-web-2") == [nil, nil] && fixture.app.pods.usageGap == nil)
            #expect(fixture.session.usageHistory.cluster(now: fixture.time.now()).cpu.last == 1500)
            // The next look brings other figures, and charts keep both.
            fixture.server.answer(Self.path, Self.pods(["web-1"], cpu: "123456789n"))
            try await fixture.until("what it uses later") { used(fixture, "uid-web-1").first == 123 }
            let pod = Pod(KubeObject(["metadata": ["name": "web-1", "namespace": "default", "uid": "uid-web-1"]]))
            let steps = fixture.session.usageHistory.container(of: pod, "app", now: fixture.time.now()).cpu.compactMap(\.self)
            #expect(steps.contains(250) && steps.contains { abs($0 - 123.456789) < 0.001 })
            #expect(fixture.server.writes.isEmpty)
        }
    }

    @Test func `a server without a metrics API says so in the heading, and is not asked again and again`() async throws {
        let fixture = foreign()
        for path in [Self.path, Self.nodes] { fixture.server.refuse(.get, path, APIStatus(code: 404, reason: .notFound, message: "no such API")) }
        try await fixture.run { fixture in
            try await fixture.until("the heading") { fixture.app.pods.columns.contains { $0.title == "CPU: no metrics" } }
            try await fixture.until("the pods") { fixture.app.pods.count == 2 }
            #expect(fixture.app.toasts.isEmpty)
            let start = fixture.time.now()
            try await fixture.until("a minute goes by") { fixture.time.now() - start > .seconds(60) }
            #expect(fixture.server.requests.filter { $0.path == Self.path }.count == 1)
            let charts = ContainerCharts.text(Pod(KubeObject(["spec": [:]])), UsageHistory(), .nothing(.missing), now: start).lines
            #expect(charts.first?.map(\.text).joined().contains("metrics-server") == true)
        }
    }

    @Test func `who may read the metrics of one namespace alone sees them there`() async throws {
        let fixture = foreign()
        fixture.server.refuse(.get, Self.path, .forbidden(GroupResource(group: "metrics.k8s.io", resource: "pods"), "", "not for you"))
        fixture.server.answer("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", Self.pods(["web-2"]))
        try await fixture.run { fixture in
            try await fixture.until("the refusal") { fixture.app.pods.columns.contains { $0.title == "CPU: forbidden" } }
            fixture.app.cluster?.use(scope: .only(["default"]))
            try await fixture.until("what it uses") { used(fixture, "uid-web-2") == [250, 64 << 20] }
            #expect(fixture.app.pods.columns.contains { $0.title == "CPU" })
        }
    }

    @Test func `what was measured before a pod was made is its namesake's`() {
        let model = PodsModel(signal: ChangeSignal())
        let cells = [TableCell.usage(Usage(unit: .milliCPU))]
        let made = Timestamp(rfc3339: "2026-03-01T10:00:00Z")!
        model.upsert([ResourceRow(uid: "u", namespace: "d", name: "db-0", createdAt: made, cells: cells)], now: made)
        model.setUsage(["d/db-0": PodUsage(cpu: 5, memory: 1, measuredAt: made.advanced(by: .seconds(-1)))])
        #expect(model.row(uid: "u").map { model.cells($0) } == cells)
        model.setUsage(["d/db-0": PodUsage(cpu: 5, memory: 1, measuredAt: made)])
        #expect(model.row(uid: "u").map { model.cells($0) } == [.usage(Usage(used: 5, unit: .milliCPU))])
        var history = UsageHistory()
        var usage = UsageSample(workingSet: ByteCount(7))
        usage.cpuRate = 2_000_000
        let pod = PodStats(namespace: "d", name: "db-0", uid: "", usage: usage, containers: [ContainerStats(name: "app", usage: usage)])
        for second in [-30, -15, 0, 15] as [Int64] {
            history.take([NodeStats(node: "", sampledAt: made.advanced(by: .seconds(second)), pods: [pod])])
        }
        let view = Pod(KubeObject(["metadata": ["name": "db-0", "namespace": "d", "uid": "u", "creationTimestamp": .string(made.rfc3339)]]))
        let steps = history.container(of: view, "app", now: made.advanced(by: .seconds(15)))
        // Ten o'clock and ten seconds later: the steps before are not its own.
        #expect(steps.cpu.suffix(3) == [nil, 2, 2] && steps.memory.last == 7)
    }

    @Test(arguments: ["", "x", "-5", "1e40"])
    func `figures that make no sense are no figures`(cpu: String) async throws {
        let server = MemoryServer()
        server.answer(Self.path, Self.pods(["web-1"], cpu: cpu))
        server.answer(Self.nodes, ["kind": "NodeMetricsList", "items": [["metadata": [:]], ["usage": 3]]])
        let samples = await server.client().measuredUsage(in: nil, now: Timestamp(seconds: 1_000_000)).samples
        var history = UsageHistory()
        history.take(samples)
        var sampler = UsageSampler()
        let use = sampler.take(samples)["default/web-1"]?.cpu
        #expect(use == 0 || use ?? 0 > 1_000_000)
    }

    // MARK: - Nodes

    private static let nodeKind = ServedKind(
        resource: GroupVersionResource(group: "", version: "v1", resource: "nodes"), kind: "Node", isNamespaced: false, verbs: ["list"])

    private static func putNodes(_ server: MemoryServer) {
        for name in ["node", "other"] {
            server.put(
                "/api/v1/nodes/\(name)",
                [
                    "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string(name), "uid": .string("uid-\(name)")],
                    "status": ["allocatable": ["cpu": "3900m", "memory": "8Gi"]],
                ])
        }
    }

    private func nodeUse(_ app: AppModel, _ name: String) -> [Usage] {
        let place = (0..<app.list.count).first { app.list.row(at: $0).uid.hasSuffix("uid-\(name)") }
        return place.map { app.list.row(at: $0).cells.compactMap { if case .usage(let usage) = $0 { usage } else { nil } } } ?? []
    }

    @Test func `nodes show what they use of what they can give`() async throws {
        let fixture = foreign()
        fixture.server.answer(Self.path, Self.pods(["web-1"]))
        fixture.server.answer(Self.nodes, Self.nodeList("1500m"))
        Self.putNodes(fixture.server)
        try await fixture.run { fixture in
            let app = fixture.app
            try await fixture.until("a sample") { used(fixture, "uid-web-1") == [250, 64 << 20] }
            app.show(kind: Self.nodeKind)
            // What was sampled before the table was opened is in it at once.
            try await fixture.until("the nodes") { app.list.count == 2 }
            let (node, other) = (nodeUse(app, "node"), nodeUse(app, "other"))
            let gibibyte: Int64 = 1 << 30
            #expect(node.map(\.used) == [1500, gibibyte])
            #expect(node.map(\.limit) == [3900, 8 * gibibyte])
            #expect(other.map(\.used) == [nil, nil])
            #expect(app.list.columns.map(\.id) == ["name", "status", "age", "cpu", "memory"])
            fixture.server.answer(Self.nodes, Self.nodeList("2"))
            try await fixture.until("another figure") { nodeUse(app, "node").first?.used == 2000 }
            app.sortList(by: "cpu")
            app.sortList(by: "cpu")
            #expect(app.list.row(at: 0).uid == "uid-node")
        }
    }

    @Test func `who may not read the use of nodes is told so in their heading, and still sees that of pods`() async throws {
        let fixture = foreign()
        fixture.server.answer(Self.path, Self.pods(["web-1"]))
        fixture.server.refuse(.get, Self.nodes, .forbidden(GroupResource(group: "metrics.k8s.io", resource: "nodes"), "", "not for you"))
        Self.putNodes(fixture.server)
        try await fixture.run { fixture in
            try await fixture.until("pods") { used(fixture, "uid-web-1") == [250, 64 << 20] }
            fixture.app.show(kind: Self.nodeKind)
            try await fixture.until("the nodes") { fixture.app.list.count == 2 }
            #expect(fixture.app.list.columns.contains { $0.title == "CPU: forbidden" } && fixture.app.pods.columns.contains { $0.title == "CPU" })
        }
    }

    @Test func `what nodes of kdash's own cluster use is counted from sample to sample`() {
        var sampler = UsageSampler()
        func take(_ second: Int64, _ cpu: Int64) {
            let usage = UsageSample(cpuNanoseconds: cpu, workingSet: ByteCount(5))
            _ = sampler.take([NodeStats(node: "kdash-1", sampledAt: Timestamp(seconds: second), usage: usage)])
        }
        take(10, 1_000_000_000)
        #expect(sampler.nodes == ["/kdash-1": PodUsage(cpu: nil, memory: 5)])
        take(12, 4_000_000_000)
        #expect(sampler.nodes == ["/kdash-1": PodUsage(cpu: 1500, memory: 5)])
    }

    @Test func `a namespace whose metrics are refused is named once`() async throws {
        let fixture = foreign()
        fixture.server.answer("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", Self.pods(["web-1"]))
        let status = APIStatus.forbidden(GroupResource(group: "metrics.k8s.io", resource: "pods"), "", "not for you")
        fixture.server.refuse(.get, "/apis/metrics.k8s.io/v1beta1/namespaces/kube-system/pods", status)
        fixture.server.answer(Self.nodes, Self.nodeList("1"))
        try await fixture.run { fixture in
            fixture.app.cluster?.use(scope: .only(["default", "kube-system"]))
            let text = "what pods in kube-system use is not told: \(status.message)"
            try await fixture.until("it is said") { fixture.app.toasts.contains { $0.text == text } }
            #expect(used(fixture, "uid-web-1") == [250, 64 << 20])
            let start = fixture.time.now()
            try await fixture.until("two more looks") { fixture.time.now() - start > .seconds(40) }
            #expect(!fixture.app.toasts.contains { $0.text == text && $0.until > fixture.time.now() })
        }
    }

    @Test func `a joined table says which context does not tell what is used, and why`() async throws {
        try await JoinedFixture.with { fixture in
            fixture.far.refuse(.get, Self.path, .forbidden(GroupResource(group: "metrics.k8s.io", resource: "pods"), "", "not for you"))
            fixture.late.answer(Self.path, Self.pods(["late-1"]))
            fixture.answers.isOn = true
            let app = try await fixture.open(rows: 4)
            app.visiblePanes = [.pods]
            let told = { (app.joined?.table.troubles ?? []).filter { $0.hasPrefix("prod: its use may not be read:") } }
            try await fixture.near.until("the reason") { told().count == 1 }
            #expect(app.joined?.table.troubles.contains { $0.hasPrefix("late") } == false)
        }
    }
}
