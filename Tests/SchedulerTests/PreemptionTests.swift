import APIMachinery
import JSONCore
import KubeSchemas
import Testing

@testable import Scheduler

@Suite struct PreemptionTests {
    private static let nothing = DisruptionAllowance([]) { _ in nil }

    private func ranked(_ name: String, cpu: String = "1", priority: Int64 = 0, start: String? = nil, policy: String? = nil) -> Pod {
        var spec: JSONObject = ["priority": .integer(priority)]
        if let policy { spec["preemptionPolicy"] = .string(policy) }
        var made = pod(name, cpu: cpu, spec: spec)
        if let start { made.object["status", "startTime"] = .string("2026-01-01T00:00:\(start)Z") }
        return made
    }

    private func budget(_ name: String, _ allowed: Int64, known: JSONObject = [:]) -> KubeObject {
        KubeObject([
            "metadata": ["name": .string(name), "namespace": "default"], "spec": ["selector": ["matchLabels": ["app": .string(name)]]],
            "status": ["disruptionsAllowed": .integer(allowed), "disruptedPods": .object(known)],
        ])
    }

    private func decide(
        _ cluster: ClusterSnapshot, _ pod: Pod, _ budgets: [KubeObject] = [], labels: [String: String] = [:]
    ) -> (node: String, victims: [String])? {
        let allowance = DisruptionAllowance(budgets) { placed in labels[placed.name].map { ["app": .string($0)] } }
        guard case .preempt(let node, let victims) = cluster.preemption(for: pod, { allowance }) else { return nil }
        return (node, victims.map(\.name))
    }

    @Test func `the least important pods make room, no more than must`() throws {
        let cluster = snapshot(
            [node("n", cpu: "3")], placed: [(ranked("low"), "n"), (ranked("high", priority: 5), "n"), (ranked("middle", priority: 2), "n")])
        let one = try #require(decide(cluster, ranked("p", priority: 10)))
        #expect(one.node == "n" && one.victims == ["low"])
        let two = try #require(decide(cluster, ranked("p", cpu: "2", priority: 10)))
        #expect(two.victims == ["middle", "low"])
    }

    @Test func `of pods that matter the same the youngest goes`() throws {
        let cluster = snapshot([node("n", cpu: "2")], placed: [(ranked("old", start: "01"), "n"), (ranked("young", start: "02"), "n")])
        #expect(try #require(decide(cluster, ranked("p", priority: 1))).victims == ["young"])
    }

    @Test func `the node with the least important victims is taken, then the one with fewer`() throws {
        let nodes = [node("a", cpu: "2"), node("b", cpu: "2"), node("c", cpu: "2")]
        let cluster = snapshot(
            nodes,
            placed: [
                (ranked("a1", cpu: "2", priority: 5), "a"), (ranked("b1", priority: 1), "b"), (ranked("b2", priority: 1), "b"),
                (ranked("c1", cpu: "2", priority: 1), "c"),
            ])
        let found = try #require(decide(cluster, ranked("p", cpu: "2", priority: 10)))
        #expect(found.node == "c" && found.victims == ["c1"])
    }

    @Test func `budgets are kept while another way is left`() throws {
        let placed = [(ranked("guarded"), "n"), (ranked("free", priority: 1), "n")]
        let cluster = snapshot([node("n", cpu: "2")], placed: placed)
        let labels = ["guarded": "app"]
        #expect(try #require(decide(cluster, ranked("p", priority: 10), [budget("app", 0)], labels: labels)).victims == ["free"])
        #expect(try #require(decide(cluster, ranked("p", priority: 10), [budget("app", 1)], labels: labels)).victims == ["guarded"])
        #expect(
            try #require(decide(cluster, ranked("p", priority: 10), [budget("app", 0, known: ["guarded": "2026-01-01T00:00:00Z"])], labels: labels)).victims
                == ["guarded"])
        #expect(try #require(decide(cluster, ranked("p", cpu: "2", priority: 10), [budget("app", 0)], labels: labels)).victims == ["free", "guarded"])
    }

    @Test func `a node where no budget breaks is better than one with less important pods`() throws {
        let cluster = snapshot(
            [node("a", cpu: "1"), node("b", cpu: "1")], placed: [(ranked("guarded"), "a"), (ranked("free", priority: 9), "b")])
        #expect(try #require(decide(cluster, ranked("p", priority: 10), [budget("app", 0)], labels: ["guarded": "app"])).node == "b")
    }

    @Test func `nobody goes for a pod that matters no more, never pushes, or would not fit anyway`() {
        let cluster = snapshot([node("n", cpu: "1"), node("m", isCordoned: true)], placed: [(ranked("x", priority: 5), "n")])
        func why(_ pod: Pod) -> PreemptionDecision { cluster.preemption(for: pod) { Self.nothing } }
        let none = "1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling."
        #expect(why(ranked("p", priority: 5)) == .impossible("0/2 nodes are available: \(none)"))
        #expect(why(ranked("p", priority: 6, policy: "Never")) == .impossible("not eligible due to preemptionPolicy=Never."))
        let large = "1 Insufficient cpu, 1 Preemption is not helpful for scheduling."
        #expect(why(ranked("p", cpu: "2", priority: 6)) == .impossible("0/2 nodes are available: \(large)"))
    }

    @Test func `a node that is kept free is no room for pods that matter less, and is for those that matter more`() throws {
        var cluster = snapshot([node("n", cpu: "1")])
        cluster.nominate(ranked("first", priority: 5), to: "n")
        #expect(cluster.decide(ranked("p", priority: 4)) == .unschedulable("0/1 nodes are available: 1 Insufficient cpu."))
        #expect(cluster.decide(ranked("p", priority: 6)) == .bind("n"))
        #expect(cluster.decide(ranked("first", priority: 5)) == .bind("n"))
        cluster.withdraw(podWithUID: "uid-first")
        #expect(cluster.decide(ranked("p")) == .bind("n"))
    }

    @Test func `who has pushed already waits for those who leave`() {
        var leaving = ranked("x")
        leaving.object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        var cluster = snapshot([node("n", cpu: "1"), node("m", cpu: "1")], placed: [(leaving, "n"), (ranked("y"), "m")])
        cluster.nominate(ranked("p", priority: 1), to: "n")
        #expect(cluster.preemption(for: ranked("p", priority: 1)) { Self.nothing } == .wait("not eligible due to a terminating pod on the nominated node."))
        _ = cluster.remove(podWithUID: "uid-x")
        #expect(cluster.decide(ranked("p", priority: 1)) == .bind("n"))
    }
}
