import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// The phase of a volume, and what becomes of it once its claim is gone. Pure.
/// Source: `pkg/controller/volume/persistentvolume/pv_controller.go` syncVolume, reclaimVolume.
struct VolumeReclaim {
    let volume: PersistentVolume
    let caches: any Caches

    func changes() -> [Change] {
        guard let reference = volume.claim else { return free() }
        // Kept by a person for a claim that did not come yet.
        guard !reference.uid.isEmpty else { return free() }
        let name = ObjectName(PersistentVolumeClaim.resource, namespace: reference.namespace, name: reference.name)
        guard let object = caches.get(name), object.uid == reference.uid else {
            return release([.requireAbsent(name, uid: reference.uid)])
        }
        let claim = PersistentVolumeClaim(object)
        // The claim's own run goes on with the binding.
        if claim.volumeName.isEmpty { return [] }
        if claim.volumeName == volume.name { return phase("Bound") }
        // The claim found another one.
        return volume.provisioner != nil && volume.reclaimPolicy == "Delete" ? release([]) : unbind()
    }

    /// What is said when it could not be removed.
    func failed(_ why: String) -> [Change] {
        guard volume.phase == "Released" || volume.phase == "Failed" else { return [] }
        return [event("VolumeFailedDelete", why)] + phase("Failed", message: why)
    }

    private func event(_ reason: String, _ message: String) -> Change {
        .event(about: volume.object, .warning, reason: reason, message: message)
    }

    /// Nobody has it: it is there to be taken, unless it is about to go.
    private func free() -> [Change] {
        volume.object.isBeingDeleted ? letGo() : phase("Available")
    }

    private func phase(_ phase: String, message: String? = nil) -> [Change] {
        var fresh = volume
        fresh.object["status", "phase"] = .string(phase)
        fresh.object["status", "message"] = message.map { .string($0) }
        fresh.object["status", "reason"] = nil
        guard fresh.object["status"] != volume.object["status"] else { return [] }
        return [.updateSubresource(PersistentVolume.resource, fresh.object, "status")]
    }

    private func unbind() -> [Change] {
        var fresh = volume
        if volume.isBoundByController {
            fresh.object["spec", "claimRef"] = nil
            fresh.object.annotations[PersistentVolumeClaim.Annotation.boundByController] = nil
        } else {
            fresh.object["spec", "claimRef", "uid"] = nil
            fresh.object["spec", "claimRef", "resourceVersion"] = nil
        }
        return [.update(PersistentVolume.resource, fresh.object)]
    }

    // MARK: Reclaiming

    private func release(_ conditions: [Change]) -> [Change] {
        guard volume.phase == "Released" || volume.phase == "Failed" else { return conditions + phase("Released") }
        switch volume.reclaimPolicy {
        case "Delete": return delete(conditions)
        case "Recycle" where volume.phase != "Failed":
            let why = "No recycler plugin found for the volume!"
            return [event("VolumeFailedRecycle", why)] + phase("Failed", message: why)
        default: return volume.object.isBeingDeleted ? letGo() : []
        }
    }

    private func delete(_ conditions: [Change]) -> [Change] {
        guard let provisioner = volume.provisioner else {
            guard volume.phase != "Failed" else { return [] }
            let why =
                "volumes of type \(volume.sourceKind) that were made by hand are not deleted: the data is left for you to remove; "
                + "set persistentVolumeReclaimPolicy to Retain"
            return [event("VolumeFailedDelete", why)] + phase("Failed", message: why)
        }
        guard provisioner == StorageClass.localProvisioner else { return [] }
        guard LocalVolume.owns(volume) else {
            guard volume.phase != "Failed" else { return [] }
            let why = "the volume is not at \(LocalVolume.base)/\(volume.name), so \(provisioner) did not make it and removes nothing"
            return [event("VolumeFailedDelete", why)] + phase("Failed", message: why)
        }
        return conditions + [.removeVolume(volume.name)] + letGo() + [
            .delete(ObjectName(PersistentVolume.resource, volume.object), uid: volume.uid, .background, reporter: nil)
        ]
    }

    /// Takes our finalizer away: nothing is left to do for it.
    private func letGo() -> [Change] {
        guard volume.object.finalizers.contains(LocalVolume.finalizer) else { return [] }
        var fresh = volume
        fresh.object.finalizers.removeAll { $0 == LocalVolume.finalizer }
        return [.update(PersistentVolume.resource, fresh.object)]
    }
}
