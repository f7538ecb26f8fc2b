package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Brings claims and volumes together, has volumes made for claims that find none, and reclaims those whose claims are gone. One run writes
/// each object once; what follows from that is the next run's. Source: `pkg/controller/volume/persistentvolume`.
package struct VolumeBinder: Controller {
    package init() {}

    package var name: String { "persistentvolume-controller" }
    package var identity: UserInfo { .controller("persistent-volume-binder") }
    package var watched: [GroupVersionResource] {
        [PersistentVolumeClaim.resource, PersistentVolume.resource, StorageClass.resource, Pod.resource]
    }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        switch resource {
        case PersistentVolumeClaim.resource: claimKeys(PersistentVolumeClaim(object), isGone: isGone, caches)
        case PersistentVolume.resource: volumeKeys(PersistentVolume(object), isGone: isGone, caches)
        case StorageClass.resource: waiting(caches) { $0.className == object.name }
        default: podKeys(Pod(object), caches)
        }
    }

    private func claimKeys(_ claim: PersistentVolumeClaim, isGone: Bool, _ caches: any Caches) -> [ObjectName] {
        var keys = isGone ? [] : [ObjectName(PersistentVolumeClaim.resource, claim.object)]
        if !claim.volumeName.isEmpty {
            keys.append(ObjectName(PersistentVolume.resource, namespace: nil, name: claim.volumeName))
        }
        // A volume may have been kept for the claim that it never came to know.
        for object in caches.all(PersistentVolume.resource, namespace: nil)
        where object.name != claim.volumeName && PersistentVolume(object).isFor(claim) {
            keys.append(ObjectName(PersistentVolume.resource, object))
        }
        return keys
    }

    private func volumeKeys(_ volume: PersistentVolume, isGone: Bool, _ caches: any Caches) -> [ObjectName] {
        let own = isGone ? [] : [ObjectName(PersistentVolume.resource, volume.object)]
        if let claim = volume.claim {
            return own + [ObjectName(PersistentVolumeClaim.resource, namespace: claim.namespace, name: claim.name)]
        }
        return own + waiting(caches) { $0.volumeName == volume.name || ($0.className ?? "") == volume.className }
    }

    private func waiting(_ caches: any Caches, _ isMeant: (PersistentVolumeClaim) -> Bool) -> [ObjectName] {
        caches.all(PersistentVolumeClaim.resource, namespace: nil).compactMap { object in
            let claim = PersistentVolumeClaim(object)
            return claim.phase != "Bound" && isMeant(claim) ? ObjectName(PersistentVolumeClaim.resource, object) : nil
        }
    }

    /// A claim that waits says which pod it waits for.
    private func podKeys(_ pod: Pod, _ caches: any Caches) -> [ObjectName] {
        guard pod.spec.nodeName.isEmpty else { return [] }
        return ClaimProtection.claims(of: pod.object).compactMap { name in
            let key = ObjectName(PersistentVolumeClaim.resource, namespace: pod.namespace, name: name)
            return caches.get(key).map { PersistentVolumeClaim($0).isBound } == false ? key : nil
        }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        if key.resource == PersistentVolume.resource {
            return Reconciliation(VolumeReclaim(volume: PersistentVolume(object), caches: caches).changes())
        }
        return Reconciliation(ClaimBinding(claim: PersistentVolumeClaim(object), caches: caches).changes())
    }

    /// What the machine refused shows at the claim that waits for its volume, and at the volume that cannot be removed.
    package func report(_ failures: [APIStatus], of key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), let failure = failures.first(where: { $0.reason == VolumeStorage.Failure.reason }) else { return Reconciliation() }
        if key.resource == PersistentVolume.resource {
            return Reconciliation(VolumeReclaim(volume: PersistentVolume(object), caches: caches).failed(failure.message))
        }
        return Reconciliation(ClaimBinding(claim: PersistentVolumeClaim(object), caches: caches).failed(failure.message))
    }
}
