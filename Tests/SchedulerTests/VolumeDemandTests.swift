import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import TestSupport
import Testing

@testable import Scheduler

private typealias Annotation = PersistentVolumeClaim.Annotation

private func claim(
    _ name: String, size: String = "1Gi", storageClass: String = "late", volume: String = "", modes: JSONValue = ["ReadWriteOnce"],
    node: String? = nil
) -> PersistentVolumeClaim {
    var claim = PersistentVolumeClaim(name: name, namespace: "default")
    claim.object.uid = "uid-\(name)"
    claim.object["spec"] = [
        "accessModes": modes, "resources": ["requests": ["storage": .string(size)]], "storageClassName": .string(storageClass),
    ]
    claim.object["status"] = ["phase": volume.isEmpty ? "Pending" : "Bound"]
    if let node { claim.object.annotations[Annotation.selectedNode] = node }
    if !volume.isEmpty {
        claim.object["spec", "volumeName"] = .string(volume)
        claim.object.annotations[Annotation.bindCompleted] = "yes"
    }
    return claim
}

private func volume(_ name: String, size: String = "1Gi", on node: String? = nil) -> PersistentVolume {
    var volume = PersistentVolume(name: name)
    volume.object["spec"] = ["capacity": ["storage": .string(size)], "accessModes": ["ReadWriteOnce"], "storageClassName": "late", "local": ["path": "/x"]]
    volume.object["status"] = ["phase": "Available"]
    if let node {
        let rule: JSONValue = ["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)]]
        volume.object["spec", "nodeAffinity"] = ["required": ["nodeSelectorTerms": [["matchExpressions": [rule]]]]]
    }
    return volume
}

private func storageClass(_ name: String, provisioner: String = "kdash.dev/local", waits: Bool = true, zone: String? = nil) -> StorageClass {
    var result = StorageClass(name: name)
    result.object["provisioner"] = .string(provisioner)
    result.object["volumeBindingMode"] = waits ? "WaitForFirstConsumer" : "Immediate"
    if let zone { result.object["allowedTopologies"] = [["matchLabelExpressions": [["key": "zone", "values": [.string(zone)]]]]] }
    return result
}

private func user(_ name: String, _ claims: String...) -> Pod {
    pod(
        name,
        spec: [
            "volumes": .array(claims.map { ["name": .string($0), "persistentVolumeClaim": ["claimName": .string($0)]] })
        ])
}

private func cluster(_ facts: FixedStorage, placed: [(Pod, String)] = []) -> ClusterSnapshot {
    let nodes = ["a", "b"].map { node($0, labels: ["kubernetes.io/hostname": $0, "zone": "zone-\($0)"]) }
    var result = snapshot(nodes, placed: placed)
    result.storage = facts
    return result
}

struct VolumeDemandTests {
    @Test func `a claim that is missing, immediate, going or lost keeps the pod off all nodes`() {
        var going = claim("going")
        going.object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        var lost = claim("lost", volume: "v")
        lost.object["status", "phase"] = "Lost"
        let facts = FixedStorage(
            claims: [claim("immediate", storageClass: "now"), claim("none", storageClass: ""), going, lost],
            classes: [storageClass("now", waits: false), storageClass("late")])
        let table = [
            "missing": "persistentvolumeclaim \"missing\" not found", "immediate": "pod has unbound immediate PersistentVolumeClaims",
            "none": "pod has unbound immediate PersistentVolumeClaims", "going": "persistentvolumeclaim \"going\" is being deleted",
            "lost": "persistentvolumeclaim \"lost\" bound to non-existent persistentvolume \"v\"",
        ]
        for (name, message) in table {
            #expect(cluster(facts).decide(user("p", name)) == .unschedulable("0/2 nodes are available: \(message)."))
        }
        let hopeless = cluster(facts, placed: [(user("low"), "a")]).preemption(for: user("p", "missing")) { DisruptionAllowance([]) { _ in nil } }
        #expect(hopeless == .impossible("0/2 nodes are available: 2 Preemption is not helpful for scheduling."))
    }

    @Test func `a pod goes where its volume is`() {
        let facts = FixedStorage(claims: [claim("data", volume: "v")], volumes: [volume("v", on: "b")])
        #expect(cluster(facts).decide(user("p", "data")) == .bind("b"))
        let nowhere = FixedStorage(claims: [claim("data", volume: "v")], volumes: [volume("v", on: "c")])
        #expect(cluster(nowhere).decide(user("p", "data")) == .unschedulable("0/2 nodes are available: 2 node(s) had volume node affinity conflict."))
        let gone = FixedStorage(claims: [claim("data", volume: "v")])
        #expect(
            cluster(gone).decide(user("p", "data"))
                == .unschedulable("0/2 nodes are available: 2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)."))
    }

    @Test func `claims that wait take free volumes of the node, each another one, the smallest first`() throws {
        let facts = FixedStorage(
            claims: [claim("large", size: "5Gi"), claim("small")],
            volumes: [volume("v5", size: "5Gi", on: "b"), volume("v1", on: "b"), volume("far", on: "a")],
            classes: [storageClass("late", provisioner: StorageClass.noProvisioner)])
        let both = user("p", "large", "small")
        let snapshot = cluster(facts)
        #expect(snapshot.decide(both) == .bind("b"))
        let steps = snapshot.volumeSteps(both, on: "b")
        #expect(steps.map { if case .keep(let volume, let claim) = $0 { "\(claim.name) \(volume.name)" } else { "" } } == ["small v1", "large v5"])
        var promised = snapshot
        promised.promisedVolumes = ["v5": "uid-other"]
        #expect(
            promised.decide(both) == .unschedulable("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind."))
        promised.promisedVolumes = ["v5": "uid-large"]
        #expect(promised.decide(both) == .bind("b"))
    }

    @Test func `what is not there is made, where the class and an earlier choice let it`() {
        let facts = FixedStorage(
            claims: [claim("zoned", storageClass: "zoned"), claim("chosen", node: "b"), claim("any")],
            classes: [storageClass("late"), storageClass("zoned", zone: "zone-b")])
        #expect(cluster(facts).decide(user("p", "zoned")) == .bind("b"))
        #expect(cluster(facts).decide(user("p", "chosen")) == .bind("b"))
        #expect(cluster(facts).volumeSteps(user("p", "any"), on: "a").count == 1)
        #expect(cluster(facts).volumeSteps(user("p"), on: "a").isEmpty)
    }

    @Test func `a claim for one pod is not used by two, wherever they are`() {
        let facts = FixedStorage(claims: [claim("data", volume: "v", modes: ["ReadWriteOncePod"])], volumes: [volume("v")])
        let text = "2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
        let busy = cluster(facts, placed: [(user("first", "data"), "a")])
        #expect(busy.decide(user("second", "data")) == .unschedulable("0/2 nodes are available: \(text)."))
        var free = busy
        _ = free.remove(podWithUID: "uid-first")
        #expect(free.decide(user("second", "data")) == .bind("a"))
        // Who matters more takes it over.
        var important = user("second", "data")
        important.object["spec", "priority"] = 5
        guard case .preempt("a", let victims) = busy.preemption(for: important, { DisruptionAllowance([]) { _ in nil } }) else {
            Issue.record("the first pod should leave")
            return
        }
        #expect(victims.map(\.name) == ["first"])
    }

    @Test func `an ephemeral volume waits for its claim, and takes no other's`() {
        var one = pod("p", spec: ["volumes": [["name": "v", "ephemeral": ["volumeClaimTemplate": ["spec": [:]]]]]])
        one.object.uid = "uid-p"
        let text = "waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-v\""
        #expect(cluster(FixedStorage()).decide(one) == .unschedulable("0/2 nodes are available: \(text)."))
        guard case .unschedulable(let message) = cluster(FixedStorage(claims: [claim("p-v")])).decide(one) else {
            Issue.record("the claim is another's")
            return
        }
        #expect(message.contains("(pod is not owner)"))
    }

    @Test func `a trial says what the claims of a pod keep it from`() {
        let facts = FixedStorage(claims: [claim("data", volume: "v")], volumes: [volume("v", on: "b")])
        let nodes = ["a", "b"].map { node($0, labels: ["kubernetes.io/hostname": $0]).object }
        let trial = PlacementTrial(nodes: nodes, pods: [], storage: facts)
        #expect(trial.obstacles(user("p", "data").object) == ["a": ["node(s) had volume node affinity conflict"], "b": []])
        #expect(trial.obstacles(user("p", "other").object)["a"] == ["persistentvolumeclaim \"other\" not found"])
    }
}

struct VolumeWaitTests {
    private func outcome(_ claim: PersistentVolumeClaim?, _ volumes: [PersistentVolume] = [], written: Int64? = 5) -> VolumeWait.Outcome {
        var wait = VolumeWait(user("p", "data"), node: "a", steps: [])
        wait.written = written.map { ["data": $0] }
        let facts = FixedStorage(claims: claim.map { [$0] } ?? [], volumes: volumes, classes: [storageClass("late")])
        return wait.outcome(facts, labels: ["kubernetes.io/hostname": "a"])
    }

    @Test func `a pod is bound once its claims have volumes that its node reaches`() {
        var seen = claim("data", node: "a")
        #expect(outcome(seen, written: nil) == .wait)
        seen.object.revision = 4
        #expect(outcome(claim("data"), written: 5) == .wait)
        seen.object.revision = 5
        #expect(outcome(seen) == .wait)
        var bound = claim("data", volume: "v", node: "a")
        bound.object.revision = 7
        #expect(outcome(bound) == .wait)
        var kept = volume("v", on: "a")
        kept.keep(for: bound)
        #expect(outcome(bound, [kept]) == .bind)
        var far = volume("v", on: "b")
        far.keep(for: bound)
        #expect(outcome(bound, [far]) == .giveUp)
    }

    @Test func `a choice that is taken back, and a claim that goes, are decided on again`() {
        var refused = claim("data")
        refused.object.revision = 6
        #expect(outcome(refused) == .giveUp)
        #expect(outcome(nil) == .giveUp)
    }
}

@Suite(.timeLimit(.minutes(5))) struct VolumeSchedulingTests {
    @Test func `a pod with a claim that waits is bound after its claim`() async throws {
        let server = RecordingServer()
        server.put(node("n", labels: ["kubernetes.io/hostname": "n"]))
        server.put(storageClass("late"))
        server.put(claim("data"))
        server.put(user("p", "data"))
        try await SchedulerTests().withScheduler(server) {
            #expect(await comesTrue { server.marks.first?["metadata", "annotations"] == [Annotation.selectedNode: "n"] })
            #expect(server.bindings.isEmpty)
            var bound = claim("data", volume: "v", node: "n")
            var made = volume("v", on: "n")
            made.keep(for: bound)
            bound.object.uid = "uid-data"
            server.put(made)
            server.put(bound)
            #expect(await comesTrue { server.bindings == ["p on n"] })
            #expect(server.marks.count == 1 && server.messages.isEmpty)
        }
    }

    @Test func `a pod whose claim is missing is bound once it is there`() async throws {
        let server = RecordingServer()
        server.put(node("n"))
        server.put(user("p", "data"))
        try await SchedulerTests().withScheduler(server) {
            let text = "0/1 nodes are available: persistentvolumeclaim \"data\" not found. preemption: 0/1 nodes are available: "
            #expect(await comesTrue { server.messages == ["\(text)1 Preemption is not helpful for scheduling."] })
            server.put(volume("v"))
            server.put(claim("data", volume: "v"))
            #expect(await comesTrue { server.bindings == ["p on n"] })
        }
    }
}
