package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps the number of pods that a ReplicaSet or a ReplicationController wants; the two differ in nothing but how they write their
/// selector.
package struct ReplicaSetController: Controller {
    /// The most pods created or deleted in one run.
    package static let burst = 500

    package let name: String
    private let kind: GroupVersionKind
    private let resource: GroupVersionResource

    /// The controller of ReplicaSets.
    package init() { (name, kind, resource) = ("replicaset-controller", ReplicaSet.kind, ReplicaSet.resource) }

    private init(_ name: String, _ kind: GroupVersionKind, _ resource: GroupVersionResource) {
        (self.name, self.kind, self.resource) = (name, kind, resource)
    }

    /// The controller of ReplicationControllers.
    package static let ofReplicationControllers = ReplicaSetController(
        "replication-controller", ReplicationController.kind, ReplicationController.resource)

    package var watched: [GroupVersionResource] { [resource, Pod.resource] }

    package func keys(
        _ changed: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        let keys = keysOfOwner(resource, kind: kind.kind, changed, object)
        guard keys.isEmpty, changed == Pod.resource, !isGone, object.controllerRef == nil else { return keys }
        // An orphan may be adopted by whoever selects it.
        return caches.all(resource, namespace: object.namespace).compactMap { candidate in
            let selector = try? LabelSelector(value: selector(of: candidate))  // best effort: admission refuses such sets
            guard let selector, !selector.isEmpty, selector.matches(object.labels) else { return nil }
            return ObjectName(resource, candidate)
        }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let replicaSet = ReplicaSet(object)
        let ownership = PodOwnership(of: object, selector: selector(of: object), caches)
        let active = ownership.mine.filter(\.isActive)
        var result = Reconciliation(ownership.changes)
        if !object.isBeingDeleted { result.changes += scale(replicaSet, active) }
        var observed = status(replicaSet, active, now, &result)
        note(caches.refusal, isShort: Int64(active.count) < replicaSet.spec.replicas, now, &observed)
        if observed != replicaSet.status {
            var fresh = replicaSet
            fresh.status = observed
            result.changes.append(.updateSubresource(resource, fresh.object, "status"))
        }
        return result
    }

    /// The selector as a LabelSelector. Without one a ReplicationController selects by the labels of its template.
    private func selector(of object: KubeObject) -> JSONValue {
        guard resource == ReplicationController.resource else { return ReplicaSet(object).spec.selector }
        let labels = object["spec", "selector"]?.objectValue ?? object["spec", "template", "metadata", "labels"]?.objectValue
        return ["matchLabels": .object(labels ?? [:])]
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
            guard let rest = pod.timeToAvailable(spec.minReadySeconds, now: now) else { continue }
            ready += 1
            if rest == .zero { available += 1 } else { result.look(after: rest) }
        }
        var status = replicaSet.status
        status.set("replicas", Int64(active.count))
        status.set("fullyLabeledReplicas", labelled == 0 ? nil : labelled)
        status.set("readyReplicas", ready == 0 ? nil : ready)
        status.set("availableReplicas", available == 0 ? nil : available)
        status.set("observedGeneration", replicaSet.object.generation)
        return status
    }

    /// Says in the status that pods are refused, a full quota for example, until none is missing. The first reason stays: each try
    /// names another pod. Source: `pkg/controller/replicaset/replica_set_utils.go` calculateStatus.
    private func note(_ refusal: APIStatus?, isShort: Bool, _ now: Timestamp, _ status: inout ReplicaSetStatus) {
        let isKnown = status.conditions["ReplicaFailure"] != nil
        if isKnown, !isShort { status.conditions.removeAll { $0.type == "ReplicaFailure" } }
        guard let refusal, isShort, !isKnown else { return }
        status.conditions.append(
            Condition(type: "ReplicaFailure", status: true, reason: "FailedCreate", message: refusal.message, since: now))
    }
}
