package import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// Keeps new pods from a node that is short of something: a taint for each pressure condition that holds.
/// Source: the node lifecycle controller's taints by condition.
package struct NodePressureTaints: Controller {
    private static let keys = [
        "MemoryPressure": "node.kubernetes.io/memory-pressure", "DiskPressure": "node.kubernetes.io/disk-pressure",
        "PIDPressure": "node.kubernetes.io/pid-pressure",
    ]
    private static let effect: JSONValue = "NoSchedule"

    /// The controller.
    package init() {}

    package var name: String { "node-controller" }
    package var watched: [GroupVersionResource] { [Node.resource] }

    package func keys(_ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches) -> [ObjectName] {
        isGone ? [] : [ObjectName(Node.resource, object)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        let conditions = Node(object).status.conditions
        let wanted = Self.keys.filter { conditions[$0.key]?.isTrue ?? false }.values.sorted()
        let present = object["spec"]?["taints"]?.arrayValue ?? []
        let own = present.filter(Self.isOwn)
        guard own.compactMap({ $0["key"]?.stringValue }).sorted() != wanted else { return Reconciliation() }
        var fresh = object
        let taints = present.filter { !Self.isOwn($0) } + wanted.map { ["key": .string($0), "effect": Self.effect] }
        fresh["spec"]?["taints"] = taints.isEmpty ? nil : .array(taints)
        return Reconciliation([.update(Node.resource, fresh)])
    }

    private static func isOwn(_ taint: JSONValue) -> Bool {
        taint["effect"] == effect && keys.values.contains(taint["key"]?.stringValue ?? "")
    }
}
