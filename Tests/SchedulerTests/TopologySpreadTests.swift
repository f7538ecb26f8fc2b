import APIMachinery
import JSONCore
import KubeSchemas
import Testing

@testable import Scheduler

@Suite struct TopologySpreadTests {
    private let web = ["app": "web"]
    private static let skewed = "node(s) didn't match pod topology spread constraints"

    private func spread(_ key: String = "zone", _ more: JSONObject = [:], isRequired: Bool = true) -> JSONObject {
        var constraint: JSONObject = [
            "maxSkew": 1, "topologyKey": .string(key), "whenUnsatisfiable": isRequired ? "DoNotSchedule" : "ScheduleAnyway",
            "labelSelector": ["matchLabels": ["app": "web"]],
        ]
        for member in more { constraint[member.key] = member.value }
        return ["topologySpreadConstraints": [.object(constraint)]]
    }

    /// So many pods with the label on each node.
    private func cluster(_ nodes: [Node], _ counts: [String: Int]) -> ClusterSnapshot {
        let placed = counts.sorted { $0.key < $1.key }.flatMap { node, count in
            (0..<count).map { (pod("\(node)-\($0)", labels: web), node) }
        }
        return snapshot(nodes, placed: placed)
    }

    @Test func `pods spread evenly over zones`() {
        #expect(cluster(zoned, ["a1": 1]).decide(pod("p", labels: web, spec: spread())) == .bind("b1"))
        let full = cluster([zoned[0], zoned[1], node("b1", labels: ["zone": "b"], isCordoned: true)], ["a1": 1])
        #expect(
            full.decide(pod("p", labels: web, spec: spread()))
                == .unschedulable("0/3 nodes are available: 1 node(s) were unschedulable, 2 \(Self.skewed)."))
        #expect(full.decide(pod("p", labels: web, spec: spread("zone", ["maxSkew": 2]))) == .bind("a1"))
        #expect(full.decide(pod("p", labels: ["app": "db"], spec: spread())) == .bind("a1"))
    }

    @Test func `a node without the label is no place`() {
        let cluster = snapshot([node("n")])
        #expect(
            cluster.decide(pod("p", labels: web, spec: spread()))
                == .unschedulable("0/1 nodes are available: 1 \(Self.skewed) (missing required label)."))
        guard case .impossible(let why) = cluster.preemption(for: pod("p", spec: spread()), { DisruptionAllowance([]) { _ in nil } }) else {
            Issue.record("nobody can help")
            return
        }
        #expect(why == "0/1 nodes are available: 1 Preemption is not helpful for scheduling.")
    }

    @Test func `with fewer places than wanted an empty one is missing`() {
        let two = cluster(zoned, ["a1": 1, "b1": 1])
        #expect(two.decide(pod("p", labels: web, spec: spread("zone", ["minDomains": 2]))) == .bind("a1"))
        #expect(
            two.decide(pod("p", labels: web, spec: spread("zone", ["minDomains": 3])))
                == .unschedulable("0/3 nodes are available: 3 \(Self.skewed)."))
    }

    @Test func `nodes out of the pod's reach are places only when it says so`() {
        let nodes = [
            node("a1", labels: ["zone": "a", "disk": "ssd"]), node("b1", labels: ["zone": "b"]),
            node("c1", labels: ["zone": "c", "disk": "ssd"], taints: [["key": "gpu", "effect": "NoSchedule"]]),
        ]
        var spec = spread()
        spec["nodeSelector"] = ["disk": "ssd"]
        let begun = cluster(nodes, ["a1": 1])
        // Zone c counts: taints do not matter unless asked for.
        #expect(
            begun.decide(pod("p", labels: web, spec: spec))
                == .unschedulable(
                    "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 \(Self.skewed), "
                        + "1 node(s) had untolerated taint {gpu: }."))
        spec["topologySpreadConstraints"] = spread("zone", ["nodeTaintsPolicy": "Honor"])["topologySpreadConstraints"]
        #expect(begun.decide(pod("p", labels: web, spec: spec)) == .bind("a1"))
        spec["topologySpreadConstraints"] = spread("zone", ["nodeTaintsPolicy": "Honor", "nodeAffinityPolicy": "Ignore"])["topologySpreadConstraints"]
        guard case .unschedulable = begun.decide(pod("p", labels: web, spec: spec)) else {
            Issue.record("zone b counts, and is empty")
            return
        }
    }

    @Test func `pods of another version and pods that end do not count`() {
        let keyed = spread("zone", ["matchLabelKeys": ["version"]])
        func versioned(_ name: String, _ version: String) -> Pod { stored(pod(name, labels: ["app": "web", "version": version], spec: keyed)) }
        let nodes = [zoned[0], node("b1", labels: ["zone": "b"], isCordoned: true)]
        var cluster = snapshot(nodes, placed: [(versioned("x", "1"), "a1")])
        #expect(cluster.decide(versioned("p", "2")) == .bind("a1"))
        guard case .unschedulable = cluster.decide(versioned("p", "1")) else {
            Issue.record("zone b has none of the version")
            return
        }
        cluster.follow(versioned("p", "1"))
        var ending = versioned("x", "1")
        ending.object["spec", "nodeName"] = "a1"
        ending.object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let change = cluster.put(ending)
        #expect(change == .altered)
        #expect(cluster.decide(versioned("p", "1")) == .bind("a1"))
    }

    @Test func `a rule that only prefers is followed as far as there is room`() {
        let soft = spread("zone", isRequired: false)
        #expect(cluster(zoned, ["a1": 1]).decide(pod("p", labels: web, spec: soft)) == .bind("b1"))
        let full = cluster([zoned[0], node("b1", pods: 0, labels: ["zone": "b"])], ["a1": 3])
        #expect(full.decide(pod("p", labels: web, spec: soft)) == .bind("a1"))
        let host = spread("kubernetes.io/hostname", isRequired: false)
        #expect(cluster(zoned, ["a1": 1, "b1": 2]).decide(pod("p", labels: web, spec: host)) == .bind("a2"))
    }

    @Test func `pods of one controller spread by themselves`() {
        var cluster = snapshot(zoned, placed: [(pod("x", owner: "r1"), "a1"), (pod("other", cpu: "1", owner: "r2"), "b1")])
        #expect(cluster.decide(pod("p", owner: "r1")) == .bind("a2"))
        #expect(cluster.decide(pod("p")) == .bind("a1"))
        _ = cluster.remove(podWithUID: "uid-x")
        #expect(cluster.decide(pod("p", owner: "r1")) == .bind("a1"))
    }

    /// Services that do not change, by namespace.
    private struct Services: ServiceFacts {
        var selectors: [JSONObject]

        func selectors(in namespace: String) -> [JSONObject] { namespace == "default" ? selectors : [] }
    }

    @Test func `pods of the same services spread, if no controller's are`() {
        let busy = pod("heavy", cpu: "1")
        var cluster = snapshot(zoned, placed: [(pod("x", labels: ["app": "web", "track": "new"]), "a1"), (busy, "b1")])
        let fresh = pod("p", labels: ["app": "web", "track": "old"])
        #expect(cluster.decide(fresh) == .bind("a1"))
        let other = pod("far", cpu: "2", labels: ["app": "web"])
        _ = cluster.put(bound(other, to: "a2"))
        #expect(cluster.decide(fresh) == .bind("a1"))
        cluster.services = Services(selectors: [["app": "web"], ["app": "db"]])
        #expect(cluster.decide(fresh) == .bind("b1"))
        // A narrower service leaves those out that it does not lead to, and another namespace's is none.
        cluster.services = Services(selectors: [["app": "web"], ["track": "old"]])
        #expect(cluster.decide(fresh) == .bind("a1"))
        cluster.services = Services(selectors: [["app": "web"]])
        #expect(cluster.decide(pod("p", namespace: "elsewhere", labels: ["app": "web"])) == .bind("a1"))
        #expect(cluster.decide(pod("p", labels: ["app": "web"], owner: "r1")) == .bind("a1"))
        cluster.follow(fresh)
        #expect(cluster.decide(fresh) == .bind("b1"))
    }

    private func bound(_ pod: Pod, to node: String) -> Pod {
        var pod = pod
        pod.object["spec", "nodeName"] = .string(node)
        return pod
    }

    @Test func `twelve pods take three zones in equal parts`() {
        let nodes = (0..<6).map { node("n\($0)", labels: ["zone": "z\($0 % 3)"]) }
        var cluster = snapshot(nodes)
        var counts: [String: Int] = [:]
        for number in 0..<12 {
            let next = pod("p\(number)", labels: web, spec: spread())
            cluster.follow(next)
            guard case .bind(let name) = cluster.decide(next) else { break }
            cluster.assume(next, on: name)
            counts[cluster.nodes[name]?.labels["zone"] ?? "", default: 0] += 1
        }
        #expect(counts == ["z0": 4, "z1": 4, "z2": 4])
    }

    @Test func `a less important pod leaves the fullest zone`() {
        var low = pod("low", labels: web)
        low.object["spec", "priority"] = -5
        let cluster = snapshot([zoned[0], node("b1", labels: ["zone": "b"], isCordoned: true)], placed: [(low, "a1")])
        guard
            case .preempt("a1", let victims) = cluster.preemption(
                for: pod("p", labels: web, spec: spread()), { DisruptionAllowance([]) { _ in nil } })
        else {
            Issue.record("nobody makes room")
            return
        }
        #expect(victims.map(\.name) == ["low"])
    }
}
