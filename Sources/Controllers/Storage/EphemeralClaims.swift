package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Makes the claims of pods' ephemeral volumes; they go with their pods. Source: `pkg/controller/volume/ephemeral`.
package struct EphemeralClaims: Controller {
    package init() {}

    package var name: String { "ephemeral_volume" }
    package var identity: UserInfo { .controller("ephemeral-volume-controller") }
    package var watched: [GroupVersionResource] { [Pod.resource, PersistentVolumeClaim.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Pod.resource {
            return isGone || !Pod(object).spec.volumes.contains(where: { $0.ephemeralTemplate != nil }) ? [] : [ObjectName(resource, object)]
        }
        guard isGone, let owner = object.controllerRef, owner.kind == "Pod" else { return [] }
        return [ObjectName(Pod.resource, namespace: object.namespace, name: owner.name)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        let pod = Pod(object)
        guard !pod.isTerminated else { return Reconciliation() }
        var changes: [Change] = []
        for volume in pod.spec.volumes {
            guard let template = volume.ephemeralTemplate, let name = volume.claimName(of: pod) else { continue }
            if let found = caches.get(ObjectName(PersistentVolumeClaim.resource, namespace: pod.namespace, name: name)) {
                guard found.controllerRef?.uid != pod.uid else { continue }
                let text = "PVC \(pod.namespace ?? "")/\(name) was not created for pod \(pod.namespace ?? "")/\(pod.name) (pod is not owner)"
                changes.append(.event(about: object, .warning, reason: "ConflictingPVC", message: text))
            } else {
                changes.append(.create(PersistentVolumeClaim.resource, Self.claim(name, template, of: object), reporter: nil))
            }
        }
        return Reconciliation(changes)
    }

    private static func claim(_ name: String, _ template: JSONValue, of pod: KubeObject) -> KubeObject {
        var claim = KubeObject(PersistentVolumeClaim.kind, name: name, namespace: pod.namespace)
        claim["metadata", "labels"] = template["metadata", "labels"]
        claim["metadata", "annotations"] = template["metadata", "annotations"]
        claim.ownerReferences = [OwnerReference(controller: pod)]
        claim["spec"] = template["spec"]
        return claim
    }
}
