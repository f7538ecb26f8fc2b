package import APIMachinery
import KubeSchemas
package import LinuxKernel

/// Removes pods that nobody will end: those on nodes that are gone, and those being deleted that never got a node.
package struct PodCollector: Controller {
    package init() {}

    package var name: String { "pod-garbage-collector" }
    package var watched: [GroupVersionResource] { [Pod.resource, Node.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Pod.resource { return object.isBeingDeleted && !isGone ? [ObjectName(Pod.resource, object)] : [] }
        guard isGone else { return [] }
        return caches.pods(onNode: object.name).map { ObjectName(Pod.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let nodeName = Pod(object).spec.nodeName
        if nodeName.isEmpty { return Reconciliation(object.isBeingDeleted ? [.kill(key, uid: object.uid)] : []) }
        let node = ObjectName(Node.resource, namespace: nil, name: nodeName)
        guard caches.get(node) == nil else { return Reconciliation() }
        return Reconciliation([.requireAbsent(node, uid: ""), .kill(key, uid: object.uid)])
    }
}
