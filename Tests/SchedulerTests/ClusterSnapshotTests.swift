import APIMachinery
import JSONCore
import KubeSchemas
import Testing

@testable import Scheduler

@Suite struct ClusterSnapshotTests {
    @Test func `the emptier node wins`() {
        let cluster = snapshot([node("a"), node("b")], placed: [(pod("x", cpu: "2"), "a")])
        #expect(cluster.decide(pod("p", cpu: "1")) == .bind("b"))
    }

    @Test func `a pod without requests fits a full node`() {
        let cluster = snapshot([node("a", cpu: "1")], placed: [(pod("x", cpu: "1"), "a")])
        #expect(cluster.decide(pod("p")) == .bind("a"))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var node: Node
        var pod: Pod
        var message: String
    }

    @Test(arguments: [
        Refusal(
            testDescription: "cpu", node: node("n", cpu: "1"), pod: pod("p", cpu: "2"),
            message: "0/1 nodes are available: 1 Insufficient cpu."),
        Refusal(
            testDescription: "cpu and memory", node: node("n", cpu: "1", memory: "1Gi"), pod: pod("p", cpu: "2", memory: "2Gi"),
            message: "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory."),
        Refusal(
            testDescription: "node selector", node: node("n", labels: ["disk": "hdd"]),
            pod: pod("p", spec: ["nodeSelector": ["disk": "ssd"]]),
            message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
        Refusal(
            testDescription: "affinity", node: node("n", labels: ["zone": "a"]),
            pod: pod(
                "p",
                spec: [
                    "affinity": [
                        "nodeAffinity": [
                            "requiredDuringSchedulingIgnoredDuringExecution": [
                                "nodeSelectorTerms": [["matchExpressions": [["key": "zone", "operator": "NotIn", "values": ["a"]]]]]
                            ]
                        ]
                    ]
                ]),
            message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
        Refusal(
            testDescription: "taint", node: node("n", taints: [["key": "gpu", "value": "yes", "effect": "NoSchedule"]]), pod: pod("p"),
            message: "0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}."),
        Refusal(
            testDescription: "cordon", node: node("n", isCordoned: true), pod: pod("p"),
            message: "0/1 nodes are available: 1 node(s) were unschedulable."),
        Refusal(
            testDescription: "not ready", node: node("n", isReady: false), pod: pod("p"),
            message: "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."),
        Refusal(
            testDescription: "pod count", node: node("n", pods: 0), pod: pod("p"), message: "0/1 nodes are available: 1 Too many pods."),
    ])
    func `a refusal says why in the scheduler's words`(refusal: Refusal) {
        #expect(snapshot([refusal.node]).decide(refusal.pod) == .unschedulable(refusal.message))
    }

    @Test func `without nodes the message says so`() {
        #expect(ClusterSnapshot().decide(pod("p")) == .unschedulable("no nodes available to schedule pods"))
    }

    @Test func `a toleration opens a tainted node`() {
        let cluster = snapshot([node("n", taints: [["key": "gpu", "value": "yes", "effect": "NoSchedule"]])])
        #expect(cluster.decide(pod("p", spec: ["tolerations": [["key": "gpu", "operator": "Exists"]]])) == .bind("n"))
    }

    @Test func `a taken host port sends the pod elsewhere`() {
        let cluster = snapshot([node("a"), node("b")], placed: [(pod("x", hostPort: 80), "a")])
        #expect(cluster.decide(pod("p", cpu: "3", hostPort: 80)) == .bind("b"))
    }

    @Test func `a bind that the cache does not show yet counts, and is taken back when it fails`() {
        var cluster = snapshot([node("n", cpu: "1")])
        let first = pod("first", cpu: "1")
        cluster.assume(first, on: "n")
        #expect(cluster.decide(pod("p", cpu: "1")) == .unschedulable("0/1 nodes are available: 1 Insufficient cpu."))
        cluster.forget(podWithUID: first.uid)
        #expect(cluster.decide(pod("p", cpu: "1")) == .bind("n"))
    }

    @Test func `an assumed pod that the cache confirms counts once`() {
        var cluster = snapshot([node("n", cpu: "2")])
        var first = pod("first", cpu: "1")
        cluster.assume(first, on: "n")
        first.object["spec", "nodeName"] = "n"
        _ = cluster.put(first)
        cluster.forget(podWithUID: first.uid)
        #expect(cluster.decide(pod("p", cpu: "1")) == .bind("n"))
        #expect(cluster.decide(pod("q", cpu: "1500m")) == .unschedulable("0/1 nodes are available: 1 Insufficient cpu."))
    }

    @Test func `a pod that ended frees its node`() {
        var cluster = snapshot([node("n", cpu: "1")], placed: [(pod("x", cpu: "1"), "n")])
        var ended = pod("x", cpu: "1")
        ended.object["spec", "nodeName"] = "n"
        ended.object["status", "phase"] = "Succeeded"
        let change = cluster.put(ended)
        #expect(change == .freed)
        #expect(cluster.decide(pod("p", cpu: "1")) == .bind("n"))
    }

    @Test func `init containers count with the largest of them`() {
        let cluster = snapshot([node("n", cpu: "1")])
        let big = pod("p", cpu: "500m", spec: ["initContainers": [["name": "i", "resources": ["requests": ["cpu": "2"]]]]])
        #expect(cluster.decide(big) == .unschedulable("0/1 nodes are available: 1 Insufficient cpu."))
    }

    @Test func `a heartbeat of a node is no reason to try again`() {
        var cluster = snapshot([node("n")])
        var beat = node("n")
        beat.object["status", "conditions"] = [["type": "Ready", "status": "True", "lastHeartbeatTime": "2026-01-01T00:00:00Z"]]
        let hasNews = cluster.put(beat)
        #expect(!hasNews)
        let hasGrown = cluster.put(node("n", cpu: "8"))
        #expect(hasGrown)
    }
}
