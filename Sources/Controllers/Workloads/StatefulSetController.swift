package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps numbered pods with lasting names and claims.
package struct StatefulSetController: Controller {
    package init() {}

    package var name: String { "statefulset-controller" }
    package var watched: [GroupVersionResource] {
        [StatefulSet.resource, Pod.resource, ClaimProtection.resource, ControllerRevision.resource]
    }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        switch resource {
        case StatefulSet.resource: return [ObjectName(StatefulSet.resource, object)]
        case Pod.resource:
            let keys = keysOfOwner(StatefulSet.resource, kind: "StatefulSet", resource, object)
            // An orphan may be adopted by the set whose name it carries.
            guard keys.isEmpty, !isGone, object.controllerRef == nil, let (set, _) = StatefulSetPods.identity(object.name) else { return keys }
            let key = ObjectName(StatefulSet.resource, namespace: object.namespace, name: String(set))
            return caches.get(key) == nil ? [] : [key]
        case ClaimProtection.resource:
            // A pod may wait for its predecessor's claim to go.
            guard isGone || object.isBeingDeleted else { return [] }
            return caches.all(StatefulSet.resource, namespace: object.namespace).compactMap { candidate in
                StatefulSetPods.owns(StatefulSet(candidate), claim: object.name) ? ObjectName(StatefulSet.resource, candidate) : nil
            }
        // What somebody does to a revision shows at the next run, as in Kubernetes.
        default: return []
        }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let set = StatefulSet(object)
        let spec = set.spec
        let ownership = PodOwnership(of: object, selector: spec.selector, caches) { pod in
            StatefulSetPods.identity(pod.name).map { $0.set == set.name } ?? false
        }
        var result = Reconciliation(ownership.changes)
        guard !object.isBeingDeleted else { return result }
        let owner = RevisionHistory.Owner(
            object: object, selector: spec.selector, template: spec.template, hashLabel: "controller.kubernetes.io/hash",
            collisions: set.status.collisionCount, limit: spec.revisionHistoryLimit)
        let history = RevisionHistory(owner, caches)
        result.changes += history.changes
        let update = history.present
        let current = history.all.first { $0.name == set.status.currentRevision } ?? update
        let plan = StatefulSetPlan(set, current: current, update: update, pods: ownership.mine, caches, now: now)
        result.changes += plan.changes
        if let recheck = plan.recheck { result.look(after: recheck) }
        let inUse = Set(ownership.mine.map(StatefulSetPods.revision) + [current.name, update.name])
        result.changes += history.truncation(owner) { inUse.contains($0.name) }
        let status = status(set, ownership.mine, current.name, history, now, &result)
        if status != set.status {
            var fresh = set
            fresh.status = status
            result.changes.append(.updateSubresource(StatefulSet.resource, fresh.object, "status"))
        }
        return result
    }

    private func status(
        _ set: StatefulSet, _ pods: [Pod], _ current: String, _ history: RevisionHistory, _ now: Timestamp, _ result: inout Reconciliation
    ) -> StatefulSetStatus {
        let (spec, update) = (set.spec, history.present.name)
        var (ready, available) = (Int64(0), Int64(0))
        for pod in pods where pod.isRunningAndReady {
            ready += 1
            guard let rest = pod.timeToAvailable(spec.minReadySeconds, now: now) else { continue }
            if rest == .zero { available += 1 } else { result.look(after: rest) }
        }
        let living = pods.filter { !$0.object.isBeingDeleted }
        func count(_ revision: String) -> Int64 { Int64(living.count { StatefulSetPods.revision($0) == revision }) }
        let updated = count(update)
        let total = Int64(pods.count)
        // A rolling update is over when every pod is of it.
        let isOver = spec.strategyType == "RollingUpdate" && updated == spec.replicas && ready == spec.replicas && total == spec.replicas
        let revision = isOver ? update : current
        func orNone(_ number: Int64) -> Int64? { number == 0 ? nil : number }
        var status = set.status
        status.set("observedGeneration", set.object.generation)
        status.set("replicas", total)
        status.set("readyReplicas", orNone(ready))
        status.set("availableReplicas", available)
        status.set("currentReplicas", orNone(count(revision)))
        status.set("updatedReplicas", orNone(updated))
        status.set("currentRevision", revision)
        status.set("updateRevision", update)
        status.set("collisionCount", history.collisions)
        return status
    }
}
