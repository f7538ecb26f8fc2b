import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

struct TaintEvictionTests {
    private let start = Timestamp(seconds: 1_767_225_600)  // 2026-01-01T00:00:00Z

    private func reconcile(_ taints: JSONValue, _ tolerations: JSONValue, after seconds: Int64, scheduled: Int64 = -60) -> Reconciliation {
        var node = Node(name: "n")
        node.object["spec"] = ["taints": taints]
        let pod = KubeObject(
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["namespace": "d", "name": "p", "uid": "u"],
                "spec": ["nodeName": "n", "tolerations": tolerations],
                "status": [
                    "phase": "Running",
                    "conditions": [
                        [
                            "type": "PodScheduled", "status": "True",
                            "lastTransitionTime": .string(start.advanced(by: .seconds(scheduled)).rfc3339),
                        ]
                    ],
                ],
            ])
        var caches = FixedCaches()
        caches.add(node)
        caches.add(Pod(pod))
        return TaintEviction(start: start).reconcile(ObjectName(Pod.resource, pod), caches, now: start.advanced(by: .seconds(seconds)))
    }

    private func isDeleted(_ result: Reconciliation) -> Bool {
        result.changes.contains { if case .delete(let name, "u", _, _) = $0 { name.name == "p" } else { false } }
    }

    private var evil: JSONValue { ["key": "evil", "value": "now", "effect": "NoExecute", "timeAdded": .string(start.rfc3339)] }

    @Test func `a pod that does not tolerate the taint goes at once and says why`() throws {
        let result = reconcile([evil], [], after: 1)
        #expect(isDeleted(result) && result.changes.count == 3)
        guard case .updateSubresource(_, let pod, "status") = result.changes[1] else {
            Issue.record("no status")
            return
        }
        let condition = try #require(Pod(pod).status.conditions["DisruptionTarget"])
        #expect(condition.isTrue && condition.reason == "DeletionByTaintManager")
        #expect(Pod(pod).status.conditions["PodScheduled"]?.isTrue == true)
        guard case .event(_, .normal, "TaintManagerEviction", let message) = result.changes[0] else {
            Issue.record("no event")
            return
        }
        #expect(message == "Marking for deletion Pod d/p")
    }

    @Test func `a pod stays as long as it tolerates the taint`() {
        let bears: JSONValue = ["key": "evil", "operator": "Exists", "effect": "NoExecute"]
        #expect(reconcile([evil], [bears], after: 100_000) == Reconciliation())
        let patient: JSONValue = ["key": "evil", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30]
        #expect(reconcile([evil], [patient], after: 10) == Reconciliation(again: .seconds(20)))
        #expect(isDeleted(reconcile([evil], [patient], after: 30)))
        // The first toleration that fits counts.
        #expect(reconcile([evil], [patient, bears], after: 10).again == .seconds(20))
    }

    @Test func `of several taints the least patience counts, and a pod that came later begins later`() {
        let other: JSONValue = ["key": "other", "effect": "NoExecute", "timeAdded": .string(start.advanced(by: .seconds(-20)).rfc3339)]
        let patient: JSONValue = ["operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30]
        #expect(reconcile([evil, other], [patient], after: 0).again == .seconds(10))
        #expect(reconcile([evil, other], [patient], after: 0, scheduled: 0).again == .seconds(30))
    }

    @Test func `taints that only keep new pods away end none`() {
        #expect(reconcile([["key": "evil", "effect": "NoSchedule"]], [], after: 0) == Reconciliation())
        #expect(reconcile([], [], after: 0) == Reconciliation())
    }
}
