internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// Pods. Source: `pkg/registry/core/pod/strategy.go`, `pkg/apis/core/validation/validation.go`.
struct PodStrategy: ResourceStrategy {
    var tracksGeneration: Bool { true }
    var returnsDeletedObject: Bool { true }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        var spec = object["spec"] ?? .object(JSONObject())
        PodDefaults.complete(&spec, inTemplate: false)
        PodLevelResources.complete(&spec, old: old?["spec"])
        object["spec"] = spec
    }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        object["status"] = ["phase": "Pending", "qosClass": .string(qosClass(object))]
        LabelKeyMerge.apply(to: &object)
        guard !object.array("spec", "schedulingGates").isEmpty else { return }
        // The scheduler leaves such a pod alone, so nobody else would say why it waits.
        object["status", "conditions"] = [
            [
                "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates", "observedGeneration": 1,
            ]
        ]
    }

    private func qosClass(_ object: KubeObject) -> String { QOSClass(Pod(object).spec).rawValue }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors = PodValidation.spec(object["spec"] ?? .null, field: "spec")
        if !object.array("spec", "ephemeralContainers").isEmpty {
            errors.append(.forbidden("spec.ephemeralContainers", "cannot be set on create"))
        }
        if !object.array("spec", "schedulingGates").isEmpty, !(object.string("spec", "nodeName") ?? "").isEmpty {
            errors.append(.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
        }
        return errors
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        PodUpdateValidation.errors(object, old: old)
    }

    func prepareForSubresource(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {
        PodParts.prepare(&object, old: old, context.subresource)
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        PodParts.errors(object, old: old, context.subresource)
    }

    func prepareForStatusUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {
        object.ownerReferences = old.ownerReferences
        if object["status"] == nil { object["status"] = old["status"] }
        if object["status", "qosClass"] == nil { object["status", "qosClass"] = old["status", "qosClass"] }
    }

    /// The seconds until the kill: as asked, else as the pod says; none for a pod that runs nowhere or is over.
    func gracePeriod(_ object: KubeObject, requested: Int64?) -> Int64? {
        if (object.string("spec", "nodeName") ?? "").isEmpty { return 0 }
        let phase = object.string("status", "phase")
        if phase == "Failed" || phase == "Succeeded" { return 0 }
        return max(0, requested ?? object.integer("spec", "terminationGracePeriodSeconds") ?? 30)
    }
}
