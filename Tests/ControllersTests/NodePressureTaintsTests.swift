import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel
import Testing

@testable import Controllers

struct NodePressureTaintsTests {
    private func taints(_ present: JSONValue, pressures: [String]) -> JSONValue? {
        var node = Node(name: "n")
        node.object["spec"] = ["taints": present]
        node.object["status"] = ["conditions": .array(pressures.map { ["type": .string($0), "status": "True"] })]
        var caches = FixedCaches()
        caches.add(node)
        let changes = NodePressureTaints().reconcile(ObjectName(Node.resource, node.object), caches, now: Timestamp(seconds: 0)).changes
        guard case .update(_, let fresh) = changes.first else { return nil }
        return fresh["spec"]?["taints"] ?? .null
    }

    @Test func `a node that is short of something is tainted, and only as long as it is`() {
        let memory: JSONValue = ["key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"]
        let other: JSONValue = ["key": "mine", "effect": "NoSchedule"]
        #expect(taints([other], pressures: ["MemoryPressure"]) == [other, memory])
        #expect(taints([memory, other], pressures: ["MemoryPressure"]) == nil)
        #expect(taints([memory, other], pressures: []) == [other])
        #expect(taints([memory], pressures: []) == .null)
        #expect(taints([], pressures: ["Ready"]) == nil)
    }
}
