import APIMachinery
import JSONCore
import KubeSchemas

/// What a claim needs next: a volume that fits, one that is made for it, or only its status. Pure.
/// Source: `pkg/controller/volume/persistentvolume/pv_controller.go` syncClaim.
struct ClaimBinding {
    private typealias Annotation = PersistentVolumeClaim.Annotation

    let claim: PersistentVolumeClaim
    let caches: any Caches

    func changes() -> [Change] {
        if claim.object.annotations[Annotation.bindCompleted] != nil { return bound() }
        guard !claim.object.isBeingDeleted else { return [] }
        return claim.volumeName.isEmpty ? unbound() : named()
    }

    /// What is said when its volume could not be made.
    func failed(_ why: String) -> [Change] {
        guard !claim.isBound, let name = claim.className, !name.isEmpty else { return [] }
        return [event(.warning, "ProvisioningFailed", "failed to provision volume with StorageClass \"\(name)\": \(why)")]
    }

    private var storageClass: StorageClass? {
        guard let name = claim.className, !name.isEmpty else { return nil }
        return caches.get(ObjectName(StorageClass.resource, namespace: nil, name: name)).map { StorageClass($0) }
    }

    private func event(_ kind: EventBuilder.Kind, _ reason: String, _ message: String) -> Change {
        .event(about: claim.object, kind, reason: reason, message: message)
    }

    // MARK: Claims that name no volume

    private func unbound() -> [Change] {
        let storageClass = storageClass
        let waits = storageClass?.waitsForPod == true && claim.selectedNode == nil
        let volumes = caches.all(PersistentVolume.resource, namespace: nil).lazy.map { PersistentVolume($0) }
        if let volume = VolumeMatch.best(for: claim, among: volumes, isDelayed: waits) { return bind(volume) }
        if waits { return [waitForPod()] + pending() }
        guard let name = claim.className, !name.isEmpty else {
            let text = "no persistent volumes available for this claim and no storage class is set"
            return [event(.normal, "FailedBinding", text)] + pending()
        }
        guard let storageClass else {
            return [event(.warning, "ProvisioningFailed", "storageclass.storage.k8s.io \"\(name)\" not found")] + pending()
        }
        if storageClass.provisioner == StorageClass.noProvisioner {
            return [event(.normal, "FailedBinding", "no volume plugin matched name: \(storageClass.provisioner)")] + pending()
        }
        return provision(storageClass)
    }

    private func waitForPod() -> Change {
        let pods = caches.all(Pod.resource, namespace: claim.namespace).filter { object in
            object.string("spec", "nodeName") ?? "" == "" && ClaimProtection.claims(of: object).contains(claim.name)
        }
        guard let first = pods.map(\.name).min() else {
            return event(.normal, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
        }
        return event(.normal, "WaitForPodScheduled", "waiting for pod \(first) to be scheduled")
    }

    private func provision(_ storageClass: StorageClass) -> [Change] {
        let provisioner = storageClass.provisioner
        guard claim.object.annotations[Annotation.storageProvisioner] == provisioner else {
            var marked = claim
            marked.object.annotations[Annotation.storageProvisioner] = provisioner
            marked.object.annotations[Annotation.betaStorageProvisioner] = provisioner
            return [.update(PersistentVolumeClaim.resource, marked.object)]
        }
        guard provisioner == StorageClass.localProvisioner else {
            let text =
                "Waiting for a volume to be created either by the external provisioner '\(provisioner)' or manually by the system administrator. "
                + "If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            return [event(.normal, "ExternalProvisioning", text)] + pending()
        }
        if let obstacle = LocalVolume.obstacle(claim) { return failed(obstacle) + pending() }
        let volume = LocalVolume.make(for: claim, of: storageClass)
        // Its directory is made before the claim comes to know it: a volume that exists is removed with its directory, whatever happens here.
        return [
            .create(PersistentVolume.resource, volume.object, reporter: nil),
            event(.normal, "ProvisioningSucceeded", "Successfully provisioned volume \(volume.name)"),
        ]
    }

    // MARK: Claims that name a volume

    private func named() -> [Change] {
        guard let volume = volume() else { return pending() }
        if volume.isFor(claim) { return bind(volume) }
        if volume.claim != nil {
            return [event(.warning, "FailedBinding", "volume \"\(volume.name)\" already bound to a different claim.")] + pending()
        }
        if let mismatch = VolumeMatch.mismatch(volume, claim) {
            return [event(.warning, "VolumeMismatch", "Cannot bind to requested volume \"\(volume.name)\": \(mismatch)")] + pending()
        }
        return bind(volume)
    }

    private func volume() -> PersistentVolume? {
        caches.get(ObjectName(PersistentVolume.resource, namespace: nil, name: claim.volumeName)).map { PersistentVolume($0) }
    }

    /// The next write of a binding: the volume comes to know the claim, then the claim the volume.
    private func bind(_ volume: PersistentVolume) -> [Change] {
        guard volume.claim?.uid == claim.uid else {
            var kept = volume
            kept.keep(for: claim)
            return [.update(PersistentVolume.resource, kept.object)]
        }
        var fresh = claim
        if claim.volumeName.isEmpty {
            fresh.object["spec", "volumeName"] = .string(volume.name)
            fresh.object.annotations[Annotation.boundByController] = "yes"
        }
        fresh.object.annotations[Annotation.bindCompleted] = "yes"
        let directory: [Change] = LocalVolume.owns(volume) ? [.makeVolume(volume.name)] : []
        return directory + [.update(PersistentVolumeClaim.resource, fresh.object)]
    }

    // MARK: Claims whose binding is complete

    private func bound() -> [Change] {
        guard !claim.volumeName.isEmpty else {
            return lost("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
        }
        guard let volume = volume() else {
            return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
        }
        guard let reference = volume.claim else { return claim.phase == "Lost" ? [] : bind(volume) }
        guard reference.uid == claim.uid else {
            return lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
        }
        var fresh = claim
        if claim.phase != "Bound" { fresh.object["status", "capacity"] = volume.object["spec", "capacity"] }
        fresh.object["status", "phase"] = "Bound"
        fresh.object["status", "accessModes"] = volume.object["spec", "accessModes"]
        return status(fresh)
    }

    private func lost(_ reason: String, _ message: String) -> [Change] {
        let changes = withoutVolume("Lost")
        return changes.isEmpty ? [] : changes + [event(.warning, reason, message)]
    }

    private func pending() -> [Change] { withoutVolume("Pending") }

    private func withoutVolume(_ phase: String) -> [Change] {
        var fresh = claim
        fresh.object["status", "phase"] = .string(phase)
        fresh.object["status", "accessModes"] = nil
        fresh.object["status", "capacity"] = nil
        return status(fresh)
    }

    private func status(_ fresh: PersistentVolumeClaim) -> [Change] {
        fresh.object["status"] == claim.object["status"] ? [] : [.updateSubresource(PersistentVolumeClaim.resource, fresh.object, "status")]
    }
}
