internal import APIMachinery
internal import KubeSchemas

/// A claim asks for more only when its class lets it. Source: `plugin/pkg/admission/storage/persistentvolume/resize`.
struct ClaimResizeAdmission: AdmissionStep {
    func validate(_ object: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain("", "persistentvolumeclaims"), request.operation == .update, let old = request.old else { return }
        let (claim, before) = (PersistentVolumeClaim(object), PersistentVolumeClaim(old))
        guard let wanted = claim.request, let had = before.request, had < wanted else { return }
        guard before.phase == "Bound" else { throw request.forbidden("Only bound persistent volume claims can be expanded") }
        let refusal = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
        guard let name = claim.className, !name.isEmpty, name == before.className,
            let found = try request.core.lookup.get(group: "storage.k8s.io", "storageclasses", name: name), StorageClass(found).allowsExpansion
        else { throw request.forbidden(refusal) }
    }
}
