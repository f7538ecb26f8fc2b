package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Keeps one ReplicaSet per pod template and moves pods from the old ones to the present one.
package struct DeploymentController: Controller {
    package init() {}

    package var name: String { "deployment-controller" }
    package var watched: [GroupVersionResource] { [Deployment.resource, ReplicaSet.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        let keys = keysOfOwner(Deployment.resource, kind: "Deployment", resource, object)
        guard keys.isEmpty, !isGone, object.controllerRef == nil else { return keys }
        return caches.all(Deployment.resource, namespace: object.namespace).compactMap { candidate in
            Self.selects(Deployment(candidate), object) ? ObjectName(Deployment.resource, candidate) : nil
        }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let deployment = Deployment(object)
        var result = Reconciliation()
        let sets = replicaSets(of: deployment, caches, &result)
        let template = TemplateHash.bare(deployment.spec.template)
        let current = sets.first { TemplateHash.bare($0.spec.template) == template }
        let rollout = Rollout(deployment: deployment, current: current, old: sets.filter { $0.uid != current?.uid })
        if !object.isBeingDeleted {
            if deployment.spec.paused || ProportionalScaling.isDue(rollout) {
                for (set, size) in ProportionalScaling(rollout).sizes { resize(set, to: size, rollout, revision: nil, &result) }
            } else {
                roll(rollout, &result)
                cleanUp(rollout, &result)
            }
        }
        // A status based on this state would be refused after the update of the object itself; the next run writes it.
        if !mark(rollout, &result) { report(rollout, now, &result) }
        return result
    }

    private static func selects(_ deployment: Deployment, _ object: KubeObject) -> Bool {
        guard let selector = try? LabelSelector(value: deployment.spec.selector) else { return false }  // best effort: admission refuses it
        return !selector.isEmpty && selector.matches(object.labels)
    }

    /// Its sets, oldest first; orphans that match are adopted on the way.
    private func replicaSets(of deployment: Deployment, _ caches: any Caches, _ result: inout Reconciliation) -> [ReplicaSet] {
        let uid = deployment.uid
        var mine = caches.owned(by: uid, ReplicaSet.resource).filter { $0.controllerRef?.uid == uid }
        if !deployment.object.isBeingDeleted {
            for orphan in caches.orphans(ReplicaSet.resource, namespace: deployment.namespace ?? "")
            where !orphan.isBeingDeleted && Self.selects(deployment, orphan) {
                mine.append(orphan)
                result.changes.append(
                    .patch(
                        ObjectName(ReplicaSet.resource, orphan), .strategicMerge,
                        [
                            "metadata": [
                                "uid": .string(orphan.uid), "ownerReferences": [OwnerReference(controller: deployment.object).value],
                            ]
                        ]))
            }
        }
        return mine.map { ReplicaSet($0) }.sorted { left, right in
            let (first, second) = (left.object.creationTimestamp, right.object.creationTimestamp)
            return first == second ? left.name < right.name : (first ?? Timestamp(seconds: 0)) < (second ?? Timestamp(seconds: 0))
        }
    }

    private func roll(_ rollout: Rollout, _ result: inout Reconciliation) {
        let deployment = rollout.deployment
        let revision = DeploymentRevisions.next(rollout)
        let size = rollout.currentSize
        if let current = rollout.current {
            resize(current, to: size, rollout, revision: revision, &result)
        } else {
            let set = DeploymentRevisions.make(deployment, replicas: size, revision: revision)
            result.changes.append(.create(ReplicaSet.resource, set.object, reporter: nil))
            result.changes.append(scalingEvent(deployment, set.name, from: 0, to: size))
        }
        for (set, size) in rollout.shrunk { resize(set, to: size, rollout, revision: nil, &result) }
    }

    /// Copies the revision to the deployment. True when that is a change.
    private func mark(_ rollout: Rollout, _ result: inout Reconciliation) -> Bool {
        let deployment = rollout.deployment
        guard !deployment.spec.paused, !deployment.object.isBeingDeleted else { return false }
        let revision = String(DeploymentRevisions.next(rollout))
        guard deployment.object.annotations[DeploymentRevisions.annotation] != revision else { return false }
        var fresh = deployment.object
        fresh.annotations[DeploymentRevisions.annotation] = revision
        result.changes.append(.update(Deployment.resource, fresh))
        return true
    }

    private func resize(_ set: ReplicaSet, to size: Int64, _ rollout: Rollout, revision: Int64?, _ result: inout Reconciliation) {
        let wanted = DeploymentRevisions.annotations(rollout.deployment, revision: revision, keeping: set.object.annotations)
        let old = set.spec.replicas
        guard old != size || wanted != set.object.annotations else { return }
        var fresh = set
        fresh.object.annotations = wanted
        fresh.object["spec", "replicas"] = .integer(size)
        if revision != nil { fresh.object["spec", "minReadySeconds"] = rollout.deployment.spec.value["minReadySeconds"] }
        result.changes.append(.update(ReplicaSet.resource, fresh.object))
        if old != size { result.changes.append(scalingEvent(rollout.deployment, set.name, from: old, to: size)) }
    }

    private func scalingEvent(_ deployment: Deployment, _ set: String, from old: Int64, to new: Int64) -> Change {
        .event(
            about: deployment.object, .normal, reason: "ScalingReplicaSet",
            message: "Scaled \(new >= old ? "up" : "down") replica set \(set) from \(old) to \(new)")
    }

    private func cleanUp(_ rollout: Rollout, _ result: inout Reconciliation) {
        guard DeploymentProgress.isComplete(rollout) else { return }
        let idle = rollout.old.filter { $0.spec.replicas == 0 && $0.status.replicas == 0 && !$0.object.isBeingDeleted }
        let surplus = idle.count - Int(clamping: rollout.deployment.spec.revisionHistoryLimit)
        guard surplus > 0 else { return }
        let oldest = idle.sorted { DeploymentRevisions.revision(of: $0.object) < DeploymentRevisions.revision(of: $1.object) }
        for set in oldest.prefix(surplus) {
            result.changes.append(.delete(ObjectName(ReplicaSet.resource, set.object), uid: set.uid, .background, reporter: nil))
        }
    }

    private func report(_ rollout: Rollout, _ now: Timestamp, _ result: inout Reconciliation) {
        let deployment = rollout.deployment
        let status = DeploymentProgress.status(rollout, now, &result)
        guard status != deployment.status else { return }
        var fresh = deployment
        fresh.status = status
        result.changes.append(.updateSubresource(Deployment.resource, fresh.object, "status"))
    }
}
