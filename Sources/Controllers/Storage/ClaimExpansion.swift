package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Gives a bound claim of the local provisioner what it asks for now. Source: `pkg/controller/volume/expand`.
package struct ClaimExpansion: Controller {
    package init() {}

    package var name: String { "volume_expand" }
    package var identity: UserInfo { .controller("expand-controller") }
    package var watched: [GroupVersionResource] { [PersistentVolumeClaim.resource, PersistentVolume.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == PersistentVolumeClaim.resource { return isGone ? [] : [ObjectName(resource, object)] }
        guard !isGone, let claim = PersistentVolume(object).claim else { return [] }
        return [ObjectName(PersistentVolumeClaim.resource, namespace: claim.namespace, name: claim.name)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        let claim = PersistentVolumeClaim(object)
        guard claim.phase == "Bound", let wanted = claim.request, let had = claim.capacity, had < wanted,
            let found = caches.get(ObjectName(PersistentVolume.resource, namespace: nil, name: claim.volumeName))
        else { return Reconciliation() }
        var volume = PersistentVolume(found)
        guard LocalVolume.owns(volume), volume.claim?.uid == claim.uid, let capacity = volume.capacity else { return Reconciliation() }
        let amount = JSONValue.string(wanted.canonical)
        if capacity < wanted {
            volume.object["spec", "capacity", "storage"] = amount
            return Reconciliation([.update(PersistentVolume.resource, volume.object)])
        }
        var fresh = claim
        fresh.object["status", "capacity", "storage"] = amount
        return Reconciliation([
            .updateSubresource(PersistentVolumeClaim.resource, fresh.object, "status"),
            .event(
                about: object, .normal, reason: "VolumeResizeSuccessful",
                message: "ExpandVolume succeeded for volume \(claim.namespace ?? "")/\(claim.name)"),
        ])
    }
}
