import APIMachinery
import JSONCore
import KubeSchemas
import Testing

@testable import Scheduler

/// A rule about pods with the label `app`.
func term(_ app: String, _ key: String = "kubernetes.io/hostname", _ more: JSONObject = [:]) -> JSONValue {
    var term: JSONObject = ["labelSelector": ["matchLabels": ["app": .string(app)]], "topologyKey": .string(key)]
    for member in more { term[member.key] = member.value }
    return .object(term)
}

/// The affinity of a pod: `kind` is podAffinity or podAntiAffinity.
func rule(_ kind: String, _ terms: JSONValue..., weight: Int64? = nil) -> JSONObject {
    let field = "\(weight == nil ? "required" : "preferred")DuringSchedulingIgnoredDuringExecution"
    let entries = terms.map { term -> JSONValue in weight.map { ["weight": .integer($0), "podAffinityTerm": term] } ?? term }
    return ["affinity": .object([kind: .object([field: .array(entries)])])]
}

/// Nodes a1, a2 in zone a and b1 in zone b.
let zoned = [
    node("a1", labels: ["zone": "a", "kubernetes.io/hostname": "a1"]), node("a2", labels: ["zone": "a", "kubernetes.io/hostname": "a2"]),
    node("b1", labels: ["zone": "b", "kubernetes.io/hostname": "b1"]),
]

@Suite struct PodAffinityTests {
    private static let notNear = "node(s) didn't match pod affinity rules"
    private static let apart = "node(s) didn't match pod anti-affinity rules"
    private static let repelled = "node(s) didn't satisfy existing pods anti-affinity rules"

    private func refusal(_ reason: String, _ count: Int = 3) -> SchedulingDecision {
        .unschedulable("0/3 nodes are available: \(count) \(reason).")
    }

    private let web = ["app": "web"]

    @Test func `a pod goes where the pods are that it wants near`() {
        let cluster = snapshot(zoned, placed: [(pod("x", cpu: "3", labels: web), "b1")])
        #expect(cluster.decide(pod("p", spec: rule("podAffinity", term("web", "zone")))) == .bind("b1"))
        #expect(cluster.decide(pod("p", spec: rule("podAffinity", term("db", "zone")))) == refusal(Self.notNear))
        #expect(cluster.decide(pod("p", spec: rule("podAffinity", term("web", "rack")))) == refusal(Self.notNear))
    }

    @Test func `every pod it is near to must be in all groups`() {
        let both = rule("podAffinity", term("web", "zone"), term("db", "zone"))
        let apartPods = [(pod("x", labels: web), "a1"), (pod("y", labels: ["app": "db"]), "a2")]
        #expect(snapshot(zoned, placed: apartPods).decide(pod("p", spec: both)) == refusal(Self.notNear))
    }

    @Test func `the first pod of a group that wants its own kind near is placed`() {
        let spec = rule("podAffinity", term("web", "zone"))
        #expect(snapshot(zoned).decide(pod("p", cpu: "1", labels: web, spec: spec)) == .bind("a1"))
        #expect(snapshot(zoned).decide(pod("p", labels: ["app": "db"], spec: spec)) == refusal(Self.notNear))
        let begun = snapshot(zoned, placed: [(pod("x", cpu: "3", labels: web), "b1")])
        #expect(begun.decide(pod("p", labels: web, spec: spec)) == .bind("b1"))
    }

    @Test func `a pod keeps off the pods that it does not want near`() {
        let spec = rule("podAntiAffinity", term("web", "zone"))
        let cluster = snapshot(zoned, placed: [(pod("x", labels: web), "a1")])
        #expect(cluster.decide(pod("p", spec: spec)) == .bind("b1"))
        let everywhere = snapshot(zoned, placed: [(pod("x", labels: web), "a1"), (pod("y", labels: web), "b1")])
        #expect(everywhere.decide(pod("p", spec: spec)) == refusal(Self.apart))
    }

    @Test func `pods keep off those that do not want them near`() {
        let shy = pod("x", spec: rule("podAntiAffinity", term("web", "zone")))
        let cluster = snapshot(zoned, placed: [(shy, "a1")])
        #expect(cluster.decide(pod("p", labels: web)) == .bind("b1"))
        let cordoned = snapshot([zoned[0], zoned[1], node("c", isCordoned: true)], placed: [(shy, "a1")])
        #expect(
            cordoned.decide(pod("p", labels: web))
                == .unschedulable("0/3 nodes are available: 1 node(s) were unschedulable, 2 \(Self.repelled)."))
        #expect(cordoned.decide(pod("p", labels: ["app": "db"])) == .bind("a1"))
    }

    @Test func `one pod per node, as long as there are nodes`() {
        var cluster = snapshot(zoned)
        let spec = rule("podAntiAffinity", term("web"))
        var nodes: Set<String> = []
        for number in 0..<3 {
            let next = pod("p\(number)", labels: web, spec: spec)
            cluster.follow(next)
            guard case .bind(let node) = cluster.decide(next) else { break }
            cluster.assume(next, on: node)
            nodes.insert(node)
        }
        #expect(nodes == ["a1", "a2", "b1"])
        #expect(cluster.decide(pod("p3", labels: web, spec: spec)) == refusal(Self.apart))
        _ = cluster.remove(podWithUID: "uid-p1")
        guard case .bind(let node) = cluster.decide(pod("p3", labels: web, spec: spec)) else {
            Issue.record("the node of the pod that left is not taken")
            return
        }
        #expect(nodes.contains(node))
    }

    @Test(
        arguments: [
            ([:], ["default"]), (["namespaces": ["other"]], ["other"]), (["namespaceSelector": [:]], ["default", "other", "third"]),
            (["namespaceSelector": ["matchLabels": ["team": "x"]]], ["third"]),
            (["namespaces": ["other"], "namespaceSelector": ["matchLabels": ["team": "x"]]], ["other", "third"]),
        ] as [(JSONObject, Set<String>)])
    func `a rule means pods of its own namespace unless it names others`(fields: JSONObject, meant: Set<String>) {
        for namespace in ["default", "other", "third"] {
            var cluster = snapshot(zoned)
            _ = cluster.put(namespace: "third", labels: ["team": "x"])
            cluster.assume(pod("x", namespace: namespace, labels: web), on: "a1")
            let decision = cluster.decide(pod("p", spec: rule("podAffinity", term("web", "zone", fields))))
            #expect((decision == refusal(Self.notNear)) == !meant.contains(namespace), "\(namespace)")
        }
    }

    @Test func `labels of a namespace that change count from then on`() {
        var cluster = snapshot(zoned, placed: [(pod("x", namespace: "other", labels: web), "b1")])
        let wanting = pod("p", spec: rule("podAffinity", term("web", "zone", ["namespaceSelector": ["matchLabels": ["team": "x"]]])))
        cluster.follow(wanting)
        #expect(cluster.decide(wanting) == refusal(Self.notNear))
        let isNew = cluster.put(namespace: "other", labels: ["team": "x"])
        #expect(isNew)
        #expect(cluster.decide(wanting) == .bind("b1"))
    }

    @Test func `keys of labels narrow a rule down to pods that share them, or do not`() {
        let old = ["app": "web", "version": "1"]
        let cluster = snapshot(zoned, placed: [(pod("x", labels: old), "b1")])
        func decide(_ field: String, _ version: String) -> SchedulingDecision {
            let spec = rule("podAffinity", term("web", "zone", [field: ["version"]]))
            return cluster.decide(stored(pod("p", labels: ["app": "db", "version": version], spec: spec)))
        }
        #expect(decide("matchLabelKeys", "1") == .bind("b1") && decide("matchLabelKeys", "2") == refusal(Self.notNear))
        #expect(decide("mismatchLabelKeys", "2") == .bind("b1") && decide("mismatchLabelKeys", "1") == refusal(Self.notNear))
        // What counts is the selector, which has the labels that the pod was made with.
        var changed = stored(pod("p", labels: ["app": "db", "version": "1"], spec: rule("podAffinity", term("web", "zone", ["matchLabelKeys": ["version"]]))))
        changed.object.labels = ["app": "db", "version": "2"]
        #expect(cluster.decide(changed) == .bind("b1"))
    }

    @Test func `preferences of either side draw a pod and push it away`() {
        let busy = pod("x", cpu: "1", labels: web)
        let cluster = snapshot(zoned, placed: [(busy, "b1")])
        #expect(cluster.decide(pod("p", spec: rule("podAffinity", term("web", "zone"), weight: 100))) == .bind("b1"))
        #expect(cluster.decide(pod("p", spec: rule("podAntiAffinity", term("web", "zone"), weight: 100))) == .bind("a1"))
        for (kind, node) in [("podAffinity", "b1"), ("podAntiAffinity", "a1")] {
            let drawing = pod("x", cpu: "1", spec: rule(kind, term("web", "zone"), weight: 50))
            #expect(snapshot(zoned, placed: [(drawing, "b1")]).decide(pod("p", labels: web)) == .bind(node))
        }
        let required = pod("x", cpu: "1", labels: web, spec: rule("podAffinity", term("web", "zone")))
        #expect(snapshot(zoned, placed: [(required, "b1")]).decide(pod("p", labels: web)) == .bind("b1"))
    }

    @Test func `counts that are kept and counts that are made anew are the same`() {
        var followed = snapshot(zoned)
        let rules = [rule("podAffinity", term("web", "zone")), rule("podAntiAffinity", term("web"))]
        let asking = rules.enumerated().map { pod("ask\($0.offset)", spec: $0.element) }
        for one in asking { followed.follow(one) }
        var placed: [(Pod, String)] = []
        for (number, name) in ["a1", "a2", "b1", "a1"].enumerated() {
            placed.append((pod("x\(number)", labels: number == 1 ? ["app": "db"] : web), name))
            followed.assume(placed[number].0, on: name)
        }
        for gone in ["uid-x0", "uid-x2"] { _ = followed.remove(podWithUID: gone) }
        let fresh = snapshot(zoned, placed: [placed[1], placed[3]])
        for one in asking { #expect(followed.decide(one) == fresh.decide(one)) }
        #expect(fresh.decide(asking[1]) == .bind("a2"))
    }

    @Test func `a less important pod that is in the way of a rule makes room`() throws {
        func ranked(_ name: String, _ priority: Int64, _ labels: [String: String], _ rule: JSONObject = [:]) -> Pod {
            var spec = rule
            spec["priority"] = .integer(priority)
            return pod(name, labels: labels, spec: spec)
        }
        let nodes = [zoned[0]]
        let apart = rule("podAntiAffinity", term("web"))
        let nobody: () -> DisruptionAllowance = { DisruptionAllowance([]) { _ in nil } }
        for (other, mine) in [(JSONObject(), apart), (apart, JSONObject())] {
            let cluster = snapshot(nodes, placed: [(ranked("low", 0, web, other), "a1"), (ranked("bystander", 0, [:]), "a1")])
            guard case .preempt("a1", let victims) = cluster.preemption(for: ranked("p", 5, web, mine), nobody) else {
                Issue.record("nobody makes room")
                continue
            }
            #expect(victims.map(\.name) == ["low"])
        }
        let lonely = snapshot(nodes, placed: [(ranked("low", 0, web), "a1")])
        #expect(
            lonely.preemption(for: ranked("p", 5, [:], rule("podAffinity", term("db"))), nobody)
                == .impossible("0/1 nodes are available: 1 Preemption is not helpful for scheduling."))
    }

    @Test func `a place that is kept free counts for those that matter less`() {
        var cluster = snapshot([zoned[0]])
        var important = pod("first", labels: web)
        important.object["spec", "priority"] = 5
        cluster.nominate(important, to: "a1")
        let shy = pod("p", spec: rule("podAntiAffinity", term("web")))
        #expect(cluster.decide(shy) == .unschedulable("0/1 nodes are available: 1 \(Self.apart)."))
        #expect(
            cluster.decide(pod("q", spec: rule("podAffinity", term("web"))))
                == .unschedulable("0/1 nodes are available: 1 \(Self.notNear)."))
    }
}
