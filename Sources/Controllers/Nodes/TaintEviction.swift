package import APIMachinery
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Ends pods on a node with a NoExecute taint that they do not tolerate, or tolerate no longer. The time that a toleration gives runs from when
/// the taint was added (`timeAdded`, which the API server notes), for a pod that came later from when it came.
/// Source: pkg/controller/tainteviction.
package struct TaintEviction: Controller {
    /// Counts for taints that do not say when they were added.
    private let start: Timestamp

    /// The controller.
    /// - Parameter start: when it began to look.
    package init(start: Timestamp = .now()) { self.start = start }

    package var name: String { "taint-eviction-controller" }
    package var identity: UserInfo { .controller("node-controller") }
    package var watched: [GroupVersionResource] { [Pod.resource, Node.resource] }

    package func keys(_ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches) -> [ObjectName] {
        guard !isGone else { return [] }
        if resource == Pod.resource { return [ObjectName(Pod.resource, object)] }
        guard Node(object).spec.taints.contains(where: \.evicts) else { return [] }
        return caches.pods(onNode: object.name).map { ObjectName(Pod.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        var pod = Pod(object)
        guard !pod.spec.nodeName.isEmpty, !pod.isTerminated,
            let node = caches.get(ObjectName(Node.resource, namespace: nil, name: pod.spec.nodeName)),
            let end = end(of: pod, under: Node(node).spec.taints.filter(\.evicts))
        else { return Reconciliation() }
        let rest = end - now
        guard rest <= .zero else { return Reconciliation(again: min(rest, .seconds(86400))) }
        let condition = Condition(
            type: "DisruptionTarget", status: true, reason: "DeletionByTaintManager", message: "Taint manager: deleting due to NoExecute taint", since: now)
        let event = Change.event(
            about: object, .normal, reason: "TaintManagerEviction", message: "Marking for deletion Pod \(object.namespace ?? "")/\(object.name)")
        let deletion = Change.delete(key, uid: object.uid, .background, reporter: nil)
        if let known = pod.status.conditions[condition.type], known.isTrue, known.reason == condition.reason { return Reconciliation([deletion]) }
        pod.status.conditions.put(condition)
        return Reconciliation([event, .updateSubresource(Pod.resource, pod.object, "status"), deletion])
    }

    /// When the pod has to go; nil when it tolerates all for good.
    private func end(of pod: Pod, under taints: [Taint]) -> Timestamp? {
        let tolerations = pod.spec.tolerations
        let came = pod.status.conditions["PodScheduled"]?.lastTransitionTime ?? pod.object.creationTimestamp ?? Timestamp(seconds: 0)
        return taints.compactMap { taint -> Timestamp? in
            let begin = max(taint.timeAdded ?? start, came)
            guard let toleration = tolerations.first(where: { $0.tolerates(taint) }) else { return begin }
            return toleration.tolerationSeconds.map { begin.advanced(by: .seconds(max($0, 0))) }
        }.min()
    }
}
