internal import APIMachinery

/// Claims and volumes are not removed while somebody uses them: a finalizer, which their protection controllers take away.
/// Source: `plugin/pkg/admission/storage/storageobjectinuseprotection`.
struct StorageProtectionAdmission: AdmissionStep {
    private static let finalizers = [
        "/persistentvolumeclaims": "kubernetes.io/pvc-protection", "/persistentvolumes": "kubernetes.io/pv-protection",
        "storage.k8s.io/volumeattributesclasses": "kubernetes.io/vac-protection",
    ]

    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.operation == .create, request.subresource == nil,
            let finalizer = Self.finalizers["\(request.descriptor.group)/\(request.descriptor.plural)"]
        else { return }
        if !object.finalizers.contains(finalizer) { object.finalizers.append(finalizer) }
    }
}
