import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization
import TestSupport
import Testing

@testable import ClusterOperations

/// What a drain told.
private final class SeenProgress: Sendable {
    let all = Mutex<[Drain.Progress]>([])
}

@Suite struct NodeTests {
    private func node(_ server: OperationsServer) async throws -> ObjectTarget {
        try await server.apply("{apiVersion: v1, kind: Node, metadata: {name: node1}, spec: {taints: [{key: old, value: x, effect: NoSchedule}]}}")
        return try await server.target("Node", "node1")
    }

    private func running(_ server: OperationsServer, _ name: String) async throws {
        var object = try await server.object("Pod", name)
        object["status"] = ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]
        _ = try await server.client.updateStatus(Pod.resource, object)
    }

    /// A node with a pod of every fate.
    private func crowd(_ server: OperationsServer) async throws -> ObjectTarget {
        let target = try await node(server)
        let set = "{apiVersion: apps/v1, kind: ReplicaSet, name: rs, uid: u1, controller: true}"
        let daemons = "{apiVersion: apps/v1, kind: DaemonSet, name: agent, uid: u2, controller: true}"
        try await server.apply(Manifest.pod("web", labels: "{app: web}", node: "node1", owner: set, extra: "volumes: [{name: scratch, emptyDir: {}}]"))
        try await server.apply(Manifest.pod("db", labels: "{app: db}", node: "node1", owner: set))
        try await server.apply(Manifest.pod("agent", node: "node1", owner: daemons))
        try await server.apply(Manifest.pod("alone", node: "node1"))
        try await server.apply(Manifest.pod("done", node: "node1") + "\nstatus: {phase: Succeeded}")
        try await server.apply(Manifest.pod("elsewhere", node: "m"))
        try await server.apply(
            """
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: keep-db}
            spec: {minAvailable: 1, selector: {matchLabels: {app: db}}}
            status: {disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1}
            """)
        for name in ["web", "db", "alone"] { try await running(server, name) }
        return target
    }

    @Test func `a drain's plan says what becomes of every pod of the node`() async throws {
        try await OperationsServer.with { server in
            let plan = try await DrainPlan.read(try await crowd(server), server.client)
            let fates = Dictionary(uniqueKeysWithValues: plan.pods.map { ($0.target.name, $0.fate) })
            #expect(fates["web"] == .evicted && fates["db"] == .evicted && fates["alone"] == .lost && fates["done"] == .removed)
            #expect(fates["agent"] == .stays("it is of DaemonSet agent, which ignores cordons") && fates["elsewhere"] == nil)
            #expect(plan.pods.first { $0.target.name == "web" }?.localData == ["scratch"])
            #expect(plan.pods.first { $0.target.name == "db" }?.refusedBy == ["keep-db"])
            #expect(plan.going.count == 4 && !plan.isCordoned && plan.unread.isEmpty)
        }
    }

    @Test func `a drain cordons first, waits for budgets, and ends when the last pod is gone`() async throws {
        try await OperationsServer.with { server in
            let target = try await crowd(server)
            let plan = try await DrainPlan.read(target, server.client)
            let time = ManualTimeSource(at: Timestamp(rfc3339: "2026-03-01T10:00:00Z")!)
            let seen = SeenProgress()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Drain(plan, server.client, time: time).run { progress in seen.all.withLock { $0.append(progress) } } }
                func step(_ name: String) -> Drain.Step? { seen.all.withLock { $0.last?.steps.first { $0.pod.name == name }?.step } }
                func until(_ what: String, _ condition: () -> Bool) async throws {
                    try await eventually(what) {
                        time.advance(by: .seconds(1))
                        return condition()
                    }
                }
                try await until("the budget refuses") { if case .refused? = step("db") { true } else { false } }
                #expect(try await server.object("Node", "node1").bool("spec", "unschedulable") == true)
                let writes = server.recorder.writes.map(\.path)
                let cordon = try #require(writes.lastIndex(of: "/api/v1/nodes/node1"))
                let eviction = try #require(writes.firstIndex { $0.hasSuffix("/eviction") })
                #expect(cordon < eviction)
                #expect(try await server.object("Pod", "agent").isBeingDeleted == false)
                // No agent ends these pods here: the test does.
                for name in ["web", "alone", "done"] {
                    // A finished pod may be gone with its eviction.
                    _ = try? await server.client.delete(Pod.resource, namespace: "default", name: name, DeleteOptions(gracePeriodSeconds: 0))
                }
                try await until("they are gone") { step("web") == .gone && step("alone") == .gone && step("done") == .gone }
                var budget = try await server.object("PodDisruptionBudget", "keep-db")
                budget["status", "disruptionsAllowed"] = 1
                let budgets = GroupVersionResource(group: "policy", version: "v1", resource: "poddisruptionbudgets")
                _ = try await server.client.updateStatus(budgets, budget)
                try await until("the budget lets it go") { step("db") == .ending }
                try await server.client.delete(Pod.resource, namespace: "default", name: "db", DeleteOptions(gracePeriodSeconds: 0))
                try await until("it is over") { seen.all.withLock { $0.last?.isOver == true } }
                try await group.next()
            }
            #expect(seen.all.withLock { $0.last?.goneCount } == 4)
        }
    }

    @Test func `a drain that is stopped evicts nothing more`() async throws {
        try await OperationsServer.with { server in
            let plan = try await DrainPlan.read(try await crowd(server), server.client)
            let time = ManualTimeSource(at: Timestamp(rfc3339: "2026-03-01T10:00:00Z")!)
            let drain = Task { try? await Drain(plan, server.client, time: time).run { _ in } }
            try await eventually("it waits") { time.sleeperCount > 0 }
            _ = server.recorder.takeWrites()
            drain.cancel()
            await drain.value
            time.advance(by: .seconds(60))
            #expect(server.recorder.takeWrites().isEmpty)
        }
    }

    @Test func `a node is cordoned and opened, and says when nothing would change`() async throws {
        try await OperationsServer.with { server in
            let target = try await node(server)
            await expectRefusal("not cordoned") { _ = try await NodeMarks.setCordoned(target, false, server.client) }
            _ = try await NodeMarks.setCordoned(target, true, server.client)
            await expectRefusal("cordoned already") { _ = try await NodeMarks.setCordoned(target, true, server.client) }
            _ = try await NodeMarks.setCordoned(target, false, server.client)
            #expect(try await server.object("Node", "node1").bool("spec", "unschedulable") != true)
        }
    }

    @Test func `taints are added, changed and removed one by one`() async throws {
        try await OperationsServer.with { server in
            let target = try await node(server)
            let old = try NodeMarks.Taint(parsing: "old=x:NoSchedule")
            let new = try NodeMarks.Taint(parsing: "gpu:NoExecute")
            #expect(try await NodeMarks.setTaint(target, nil, new, server.client) == "node node1: with gpu:NoExecute")
            _ = try await NodeMarks.setTaint(target, old, try NodeMarks.Taint(parsing: "old=y:NoSchedule"), server.client)
            #expect(NodeMarks.taints(try await server.object("Node", "node1")).map(\.text).sorted() == ["gpu:NoExecute", "old=y:NoSchedule"])
            await expectRefusal("no taint old=x:NoSchedule any more") { _ = try await NodeMarks.setTaint(target, old, nil, server.client) }
            _ = try await NodeMarks.setTaint(target, new, nil, server.client)
            #expect(NodeMarks.taints(try await server.object("Node", "node1")).map(\.text) == ["old=y:NoSchedule"])
        }
    }

    @Test(arguments: [
        ("", "no effect"), ("a=b", "no effect"), (":NoSchedule", "no key"), ("=b:NoSchedule", "no key"), ("a:Sometimes", "\"Sometimes\" is no effect"),
    ])
    func `a taint that cannot be read says what is missing`(text: String, expected: String) async {
        await expectRefusal(expected) { _ = try NodeMarks.Taint(parsing: text) }
    }

    @Test func `labels and annotations are set, renamed and removed`() async throws {
        try await OperationsServer.with { server in
            try await server.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: c, labels: {a: b}}}")
            let target = try await server.target("ConfigMap", "c")
            _ = try await ObjectMarks.change(target, .labels, nil, "x=y", server.client)
            _ = try await ObjectMarks.change(target, .labels, "a", "z=b", server.client)
            _ = try await ObjectMarks.change(target, .annotations, nil, "note=two words = fine", server.client)
            var object = try await server.object("ConfigMap", "c")
            #expect(object.labels == ["x": "y", "z": "b"] && object.annotations == ["note": "two words = fine"])
            #expect(try await ObjectMarks.change(target, .labels, nil, "x-", server.client) == "configmap default/c: label x removed")
            object = try await server.object("ConfigMap", "c")
            #expect(object.labels == ["z": "b"])
            for bad in ["", "word", "=v", "-"] {
                await expectRefusal("\"\(bad)\"") { _ = try await ObjectMarks.change(target, .labels, nil, bad, server.client) }
            }
            var other = target
            other.uid = "other"
            await expectRefusal("UID") { _ = try await ObjectMarks.change(other, .labels, nil, "k=v", server.client) }
        }
    }
}

@Suite struct JobTests {
    private static let cronJob = """
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly}
        spec:
          schedule: "0 3 * * *"
          jobTemplate:
            metadata: {labels: {tier: back}, annotations: {note: kept}}
            spec: {backoffLimit: 2, template: {spec: {restartPolicy: Never, containers: [{name: a, image: "a:1"}]}}}
        """

    @Test func `a CronJob is started now, with its own template and owner`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Self.cronJob)
            let target = try await server.target("CronJob", "nightly")
            let said = try await JobOperations.trigger(target, server.client)
            let jobs = try await server.client.list(Job.resource, namespace: "default").items
            let job = try #require(jobs.first)
            #expect(said == "cronjob default/nightly: started job \(job.name)" && job.name.hasPrefix("nightly-manual-"))
            #expect(job.labels["tier"] == "back" && job.annotations == ["note": "kept", "cronjob.kubernetes.io/instantiate": "manual"])
            #expect(job.controllerRef?.uid == target.uid && job.integer("spec", "backoffLimit") == 2)
        }
    }

    @Test func `a suspension is set and lifted`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(Self.cronJob)
            let target = try await server.target("CronJob", "nightly")
            await expectRefusal("not suspended") { _ = try await JobOperations.setSuspended(target, false, server.client) }
            _ = try await JobOperations.setSuspended(target, true, server.client)
            #expect(try await server.object("CronJob", "nightly").bool("spec", "suspend") == true)
            await expectRefusal("suspended already") { _ = try await JobOperations.setSuspended(target, true, server.client) }
            _ = try await JobOperations.setSuspended(target, false, server.client)
        }
    }

    @Test func `a Job is run again beside the old one`() async throws {
        try await OperationsServer.with { server in
            try await server.apply(
                """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: sum, labels: {app: sum}}
                spec: {template: {metadata: {labels: {app: sum}}, spec: {restartPolicy: Never, containers: [{name: a, image: "a:1"}]}}}
                """)
            let old = try await server.object("Job", "sum")
            _ = try await JobOperations.rerun(try await server.target("Job", "sum"), server.client)
            let again = try #require(try await server.client.list(Job.resource, namespace: "default").items.first { $0.name.hasPrefix("sum-again-") })
            #expect(again.labels["app"] == "sum" && again.string("spec", "template", "metadata", "labels", "app") == "sum")
            #expect(again["spec", "selector"] != old["spec", "selector"], "it selects its own pods")
            #expect(again.string("spec", "template", "metadata", "labels", "batch.kubernetes.io/controller-uid") == again.uid)
        }
    }

    @Test func `a name that is too long is shortened`() async throws {
        try await OperationsServer.with { server in
            let name = String(repeating: "n", count: 52)
            try await server.apply(Self.cronJob.replacing("nightly", with: name))
            _ = try await JobOperations.trigger(try await server.target("CronJob", name), server.client)
            let job = try #require(try await server.client.list(Job.resource, namespace: "default").items.first)
            #expect(job.name.count <= 63)
        }
    }
}
