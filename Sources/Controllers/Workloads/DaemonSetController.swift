package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps one pod on every node that the template accepts.
package struct DaemonSetController: Controller {
    package init() {}

    package var name: String { "daemonset-controller" }
    package var identity: UserInfo { .controller("daemon-set-controller") }
    package var watched: [GroupVersionResource] { [DaemonSet.resource, Pod.resource, Node.resource, ControllerRevision.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        switch resource {
        case Node.resource: return caches.all(DaemonSet.resource, namespace: nil).map { ObjectName(DaemonSet.resource, $0) }
        // What somebody does to a revision shows at the next run, as in Kubernetes.
        case ControllerRevision.resource: return []
        default: break
        }
        let keys = keysOfOwner(DaemonSet.resource, kind: "DaemonSet", resource, object)
        guard keys.isEmpty, !isGone, object.controllerRef == nil else { return keys }
        return caches.all(DaemonSet.resource, namespace: object.namespace).compactMap { candidate in
            let selector = try? LabelSelector(value: DaemonSet(candidate).spec.selector)  // best effort: admission refuses such sets
            guard let selector, !selector.isEmpty, selector.matches(object.labels) else { return nil }
            return ObjectName(DaemonSet.resource, candidate)
        }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        let set = DaemonSet(object)
        let ownership = PodOwnership(of: object, selector: set.spec.selector, caches)
        let owner = RevisionHistory.Owner(
            object: object, selector: set.spec.selector, template: set.spec.template, hashLabel: StatefulSetPods.revisionLabel,
            collisions: set.status.collisionCount, limit: set.spec.revisionHistoryLimit)
        let history = RevisionHistory(owner, caches)
        let hash = Self.hash(of: history.present)
        var result = Reconciliation(ownership.changes + history.changes)
        merge(history, ownership.mine, hash, &result)
        let nodes = caches.all(Node.resource, namespace: nil).map { Node($0) }.sorted { $0.name < $1.name }
        let plan = DaemonSetPlan(set, nodes: nodes, pods: ownership.mine, hash: hash, now: now)
        result.changes += plan.changes
        if let recheck = plan.recheck { result.look(after: recheck) }
        let inUse = Set(ownership.mine.map(StatefulSetPods.revision))
        result.changes += history.truncation(owner) { inUse.contains(Self.hash(of: $0)) }
        var status = set.status
        plan.count(into: &status, &result, nodes: nodes)
        status.set("observedGeneration", object.generation)
        if history.collisions > 0 { status.set("collisionCount", history.collisions) }
        if status != set.status {
            var fresh = set
            fresh.status = status
            result.changes.append(.updateSubresource(DaemonSet.resource, fresh.object, "status"))
        }
        return result
    }

    private static func hash(of revision: ControllerRevision) -> String { revision.labels[StatefulSetPods.revisionLabel] ?? revision.name }

    /// Lets one revision stand for a template: pods of the others are counted to it.
    private func merge(_ history: RevisionHistory, _ pods: [Pod], _ hash: String, _ result: inout Reconciliation) {
        for duplicate in history.duplicates {
            for pod in pods where StatefulSetPods.revision(pod) == Self.hash(of: duplicate) && hash != Self.hash(of: duplicate) {
                result.changes.append(
                    .patch(
                        ObjectName(Pod.resource, pod.object), .merge,
                        ["metadata": ["uid": .string(pod.uid), "labels": [StatefulSetPods.revisionLabel: .string(hash)]]]))
            }
            result.changes.append(RevisionHistory.delete(duplicate))
        }
    }
}
