package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps the number of pods that a ReplicaSet wants.
package struct ReplicaSetController: Controller {
    /// The most pods created or deleted in one run.
    package static let burst = 500

    package init() {}

    package var name: String { "replicaset-controller" }
    package var watched: [GroupVersionResource] { [ReplicaSet.resource, Pod.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        let keys = keysOfOwner(ReplicaSet.resource, kind: "ReplicaSet", resource, object)
        guard keys.isEmpty, resource == Pod.resource, !isGone, object.controllerRef == nil else { return keys }
        // An orphan may be adopted by whoever selects it.
        return caches.all(ReplicaSet.resource, namespace: object.namespace).compactMap { candidate in
            let selector = try? LabelSelector(value: ReplicaSet(candidate).spec.selector)  // best effort: admission refuses such sets
            guard let selector, !selector.isEmpty, selector.matches(object.labels) else { return nil }
            return ObjectName(ReplicaSet.resource, candidate)
        }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let replicaSet = ReplicaSet(object)
        let spec = replicaSet.spec
        let ownership = PodOwnership(of: object, selector: spec.selector, caches)
        let active = ownership.mine.filter(\.isActive)
        var result = Reconciliation(ownership.changes)
        if !object.isBeingDeleted { result.changes += scale(replicaSet, active) }
        let observed = status(replicaSet, active, now, &result)
        if observed != replicaSet.status {
            var fresh = replicaSet
            fresh.status = observed
            result.changes.append(.updateSubresource(ReplicaSet.resource, fresh.object, "status"))
        }
        return result
    }

    private func scale(_ replicaSet: ReplicaSet, _ active: [Pod]) -> [Change] {
        let spec = replicaSet.spec
        let missing = spec.replicas - Int64(active.count)
        if missing > 0 {
            let pod = Pod.fromTemplate(spec.template, owner: replicaSet.object)
            return Array(
                repeating: .create(Pod.resource, pod.object, reporter: replicaSet.object), count: Int(min(missing, Int64(Self.burst))))
        }
        let neighbours = Dictionary(grouping: active, by: \.spec.nodeName).mapValues(\.count)
        let ranked = active.map { ($0, DeletionRank($0, neighbours: neighbours[$0.spec.nodeName] ?? 0)) }.sorted { $0.1 < $1.1 }
        return ranked.prefix(Int(min(-missing, Int64(Self.burst)))).map { pod, _ in
            .delete(ObjectName(Pod.resource, pod.object), uid: pod.uid, .background, reporter: replicaSet.object)
        }
    }

    private func status(_ replicaSet: ReplicaSet, _ active: [Pod], _ now: Timestamp, _ result: inout Reconciliation) -> ReplicaSetStatus {
        let spec = replicaSet.spec
        let wanted = spec.template.labels
        var (labelled, ready, available) = (Int64(0), Int64(0), Int64(0))
        for pod in active {
            let labels = pod.labels
            if wanted.allSatisfy({ labels[$0.key] == $0.value }) { labelled += 1 }
            guard pod.isReady else { continue }
            ready += 1
            let age = pod.readySince.map { now - $0 } ?? .zero
            let rest = Duration.seconds(spec.minReadySeconds) - age
            if spec.minReadySeconds == 0 || rest <= .zero {
                available += 1
            } else {
                result.look(after: rest)
            }
        }
        var status = replicaSet.status
        status.set("replicas", Int64(active.count))
        status.set("fullyLabeledReplicas", labelled == 0 ? nil : labelled)
        status.set("readyReplicas", ready == 0 ? nil : ready)
        status.set("availableReplicas", available == 0 ? nil : available)
        status.set("observedGeneration", replicaSet.object.generation)
        return status
    }
}
