import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import TestSupport
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(5))) struct SchedulerTests {
    func withScheduler(
        _ server: RecordingServer, _ time: ManualTimeSource = ManualTimeSource(), _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        let client = KubeClient(transport: server)
        let informers = SharedInformers(client: client, time: time)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let scheduler = Scheduler(client: client, informers: informers, time: time, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await informers.run() }
            group.addTask { await scheduler.run() }
            try await body()
            group.cancelAll()
        }
    }

    @Test func `pods that wait are bound, each once, within what the node has`() async throws {
        let server = RecordingServer()
        server.put(node("n", cpu: "2"))
        for name in ["a", "b", "c"] { server.put(pod(name, cpu: "1")) }
        try await withScheduler(server) {
            #expect(await comesTrue { server.bindings.count == 2 && server.messages.count == 1 })
            #expect(Set(server.bindings) == ["a on n", "b on n"])
            #expect(
                server.messages == [
                    "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: "
                        + "1 No preemption victims found for incoming pod."
                ])
        }
    }

    @Test func `a pod that matters more pushes another one out, waits for it, and gets its place`() async throws {
        let server = RecordingServer()
        server.put(node("n", cpu: "1"))
        let low = pod("low", cpu: "1", spec: ["nodeName": "n"])
        server.put(low)
        try await withScheduler(server) {
            server.put(pod("high", cpu: "1", spec: ["priority": 5]))
            #expect(await comesTrue { server.deletions == ["low"] })
            #expect(server.patches.first?["status", "nominatedNodeName"] == "n")
            let reason = server.patches.last?["status", "conditions"]?[0]
            #expect(reason?["type"] == "DisruptionTarget" && reason?["reason"] == "PreemptionByScheduler")
            #expect(server.bindings.isEmpty)
            var gone = low
            gone.object["status", "phase"] = "Failed"
            server.put(gone)
            #expect(await comesTrue { server.bindings == ["high on n"] })
        }
    }

    @Test func `a pod that fits nowhere is bound when a node changes`() async throws {
        let server = RecordingServer()
        server.put(node("n", cpu: "1"))
        server.put(pod("big", cpu: "4"))
        try await withScheduler(server) {
            #expect(await comesTrue { !server.messages.isEmpty })
            server.put(node("n", cpu: "8"))
            #expect(await comesTrue { server.bindings == ["big on n"] })
        }
    }

    @Test func `a node that changes before the cache shows a binding causes no second one`() async throws {
        let server = RecordingServer()
        server.put(node("n", cpu: "4"))
        server.put(pod("a", cpu: "1"))
        try await withScheduler(server) {
            #expect(await comesTrue { server.bindings == ["a on n"] })
            server.put(node("n", cpu: "8"))
            server.put(pod("b", cpu: "1"))
            #expect(await comesTrue { server.bindings.contains("b on n") })
            #expect(server.bindings == ["a on n", "b on n"])
        }
    }

    @Test func `a binding that was refused is tried again after a second`() async throws {
        let (server, time) = (RecordingServer(), ManualTimeSource())
        server.refuseBindings(1)
        server.put(node("n"))
        server.put(pod("a", cpu: "1"))
        try await withScheduler(server, time) {
            #expect(await comesTrue { time.sleeperCount > 0 })
            #expect(server.bindings.isEmpty)
            // In steps: who goes to sleep after the clock was moved wakes later.
            #expect(
                await comesTrue {
                    time.advance(by: .milliseconds(100))
                    return server.bindings == ["a on n"]
                })
        }
    }

    @Test func `a binding that keeps failing has others tried only when they were refused beside it`() throws {
        var state = Scheduler.State()
        _ = state.cluster.put(node("n", cpu: "1"))
        let (failing, waiting) = (pod("failing", cpu: "1"), pod("waiting", cpu: "4"))
        state.queue.put(waiting)
        _ = state.queue.next()
        func decide() {
            state.cluster.assume(failing, on: "n")
            state.refusalsBefore[failing.uid] = state.refusals
        }
        for _ in 1...3 {
            decide()
            state.takeBack(failing)
            #expect(!state.queue.hasWork && !state.cluster.isPlaced(podWithUID: failing.uid))
        }
        decide()
        state.refusals += 1
        state.takeBack(failing)
        #expect(state.queue.hasWork, "the other one was refused while the place was taken")
    }

    @Test func `a pod that was refused beside one whose binding fails gets the place`() async throws {
        let (server, time) = (RecordingServer(), ManualTimeSource())
        server.refuseBindings(1)
        server.put(node("n", cpu: "1"))
        for name in ["a", "b"] { server.put(pod(name, cpu: "1")) }
        try await withScheduler(server, time) {
            // No clock moves: it is the failure that has the other one tried.
            #expect(await comesTrue { server.bindings.count == 1 })
        }
    }

    @Test func `pods of other schedulers and bound pods are left alone`() async throws {
        let server = RecordingServer()
        server.put(node("n"))
        server.put(pod("foreign", spec: ["schedulerName": "other"]))
        server.put(pod("bound", spec: ["nodeName": "elsewhere"]))
        server.put(pod("gated", spec: ["schedulingGates": [["name": "wait"]]]))
        server.put(pod("mine"))
        try await withScheduler(server) {
            #expect(await comesTrue { !server.bindings.isEmpty })
            #expect(server.bindings == ["mine on n"])
        }
    }

    @Test func `a pod that waits for another one is placed when that comes, and one that waits for another to go when it goes`() async throws {
        let server = RecordingServer()
        server.put(node("n", labels: ["kubernetes.io/hostname": "n"]))
        let web = ["app": "web"]
        server.put(pod("near", spec: rule("podAffinity", term("web"))))
        server.put(pod("apart", spec: rule("podAntiAffinity", term("db"))))
        server.put(pod("db", labels: ["app": "db"], spec: ["nodeName": "n"]))
        try await withScheduler(server) {
            #expect(await comesTrue { server.messages.count == 2 })
            for kind in ["affinity", "anti-affinity"] {
                let start = "0/1 nodes are available: 1 node(s) didn't match pod \(kind) rules. preemption: "
                #expect(server.messages.contains { $0.hasPrefix(start) }, "\(server.messages)")
            }
            server.put(pod("web", labels: web))
            #expect(await comesTrue { Set(server.bindings) == ["web on n", "near on n"] })
            // With other labels it is not the pod to keep away from any more.
            server.put(pod("db", labels: ["app": "cache"], spec: ["nodeName": "n"]))
            #expect(await comesTrue { Set(server.bindings) == ["web on n", "near on n", "apart on n"] })
        }
    }

    @Test func `a pod is placed when a namespace gets the labels that its rule wants`() async throws {
        let server = RecordingServer()
        server.put(node("n", labels: ["kubernetes.io/hostname": "n"]))
        server.put(pod("web", namespace: "other", labels: ["app": "web"], spec: ["nodeName": "n"]))
        let inTeam: JSONObject = ["namespaceSelector": ["matchLabels": ["team": "x"]]]
        server.put(pod("near", spec: rule("podAffinity", term("web", "kubernetes.io/hostname", inTeam))))
        try await withScheduler(server) {
            #expect(await comesTrue { server.messages.count == 1 })
            var other = Namespace(name: "other")
            other.object.labels = ["team": "x"]
            server.put(other)
            #expect(await comesTrue { server.bindings == ["near on n"] })
        }
    }

    @Test func `a pod is placed when its own namespace gets labels that another pod's rule does not mean`() async throws {
        let server = RecordingServer()
        server.put(node("n", labels: ["kubernetes.io/hostname": "n"]))
        var own = Namespace(name: "default")
        own.object.labels = ["team": "x"]
        server.put(own)
        let inTeam: JSONObject = ["namespaceSelector": ["matchLabels": ["team": "x"]]]
        var shy = rule("podAntiAffinity", term("web", "kubernetes.io/hostname", inTeam))
        shy["nodeName"] = "n"
        server.put(pod("shy", namespace: "other", spec: shy))
        server.put(pod("web", labels: ["app": "web"]))
        try await withScheduler(server) {
            #expect(await comesTrue { server.messages.count == 1 })
            var moved = Namespace(name: "default")
            moved.object.labels = ["team": "y"]
            server.put(moved)
            #expect(await comesTrue { server.bindings == ["web on n"] })
        }
    }

    @Test func `a namespace has those pods tried whose rules look at labels of namespaces`() {
        let bySelector: JSONObject = ["namespaceSelector": ["matchLabels": ["team": "x"]]]
        let key = "kubernetes.io/hostname"
        #expect(!PodRules(pod("a")).mindsNamespaceLabels)
        #expect(!PodRules(pod("a", spec: rule("podAffinity", term("web")))).mindsNamespaceLabels)
        #expect(PodRules(pod("a", spec: rule("podAffinity", term("web", key, bySelector)))).mindsNamespaceLabels)
        #expect(PodRules(pod("a", spec: rule("podAntiAffinity", term("web", key, bySelector)))).mindsNamespaceLabels)
        let placed = (pod("a", spec: rule("podAntiAffinity", term("web", key, bySelector))), "n")
        #expect(snapshot([node("n")], placed: [placed]).index.forbidsByNamespaceLabels)
        #expect(!snapshot([node("n")], placed: [(pod("a", spec: rule("podAntiAffinity", term("web"))), "n")]).index.forbidsByNamespaceLabels)
    }
}
