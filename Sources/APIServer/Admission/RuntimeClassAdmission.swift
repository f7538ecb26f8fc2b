internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// Gives a pod the overhead and the scheduling of its RuntimeClass. Source: `plugin/pkg/admission/runtimeclass`.
struct RuntimeClassAdmission: AdmissionStep {
    func mutate(_ object: inout KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        guard request.isMain("", "pods"), request.operation == .create else { return }
        guard let name = object.string("spec", "runtimeClassName"), !name.isEmpty else {
            if !(object["spec", "overhead"]?.objectValue?.isEmpty ?? true) {
                throw request.forbidden("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
            }
            return
        }
        guard let found = try request.core.lookup.get(group: "node.k8s.io", "runtimeclasses", name: name) else {
            throw request.forbidden("pod rejected: RuntimeClass \(name.goQuoted) not found")
        }
        try setOverhead(&object, found, request)
        try setScheduling(&object, found, request)
    }

    private func setOverhead(_ pod: inout KubeObject, _ found: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        let fixed = QuotaLimits.amounts(found["overhead", "podFixed"])
        let given = QuotaLimits.amounts(pod["spec", "overhead"])
        guard given.isEmpty || given == fixed else {
            throw request.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        }
        if !fixed.isEmpty { pod["spec", "overhead"] = QuotaLimits.list(fixed) }
    }

    private func setScheduling(_ pod: inout KubeObject, _ found: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        for member in found["scheduling", "nodeSelector"]?.objectValue ?? JSONObject() {
            let key = member.key
            if let given = pod.string("spec", "nodeSelector", key), given != member.value.stringValue {
                throw request.forbidden(
                    "conflict: runtimeClass.scheduling.nodeSelector[\(key)] = \(member.value.stringValue ?? ""); "
                        + "pod.spec.nodeSelector[\(key)] = \(given)")
            }
            pod["spec", "nodeSelector", key] = member.value
        }
        let extra = found.array("scheduling", "tolerations")
        guard !extra.isEmpty else { return }
        let present = pod.array("spec", "tolerations")
        pod["spec", "tolerations"] = .array(present + extra.filter { !present.contains($0) })
    }
}
