internal import APIMachinery
internal import JSONCore

/// Deployments. Source: `pkg/apis/apps/validation/validation.go`.
struct DeploymentStrategy: ResourceStrategy {
    var tracksGeneration: Bool { true }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) { WorkloadValidation.complete(&object) }

    func prepareForUpdate(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        WorkloadValidation.complete(&object)
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors = WorkloadValidation.selector(object)
        errors += WorkloadValidation.template(object, policies: ["Always"])
        for field in ["replicas", "minReadySeconds", "revisionHistoryLimit"] { errors += WorkloadValidation.count(object, "spec", field) }
        if let deadline = object.integer("spec", "progressDeadlineSeconds"),
            deadline <= object.integer("spec", "minReadySeconds") ?? 0
        {
            errors.append(.invalid("spec.progressDeadlineSeconds", .integer(deadline), "must be greater than minReadySeconds"))
        }
        return errors + strategy(object)
    }

    private func strategy(_ object: KubeObject) -> [FieldError] {
        let rolling = object["spec", "strategy", "rollingUpdate"]
        if object.string("spec", "strategy", "type") == "Recreate", let rolling, !rolling.isNull {
            return [.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")]
        }
        func isZero(_ value: JSONValue?) -> Bool { value?.integerValue == 0 || value?.stringValue == "0%" }
        if isZero(rolling?["maxUnavailable"]), isZero(rolling?["maxSurge"]) {
            return [
                .invalid(
                    "spec.strategy.rollingUpdate.maxUnavailable", rolling?["maxUnavailable"] ?? .null, "may not be 0 when `maxSurge` is 0")
            ]
        }
        return []
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        validateCreate(object, context) + WorkloadValidation.fixed(["spec", "selector"], object, old)
    }
}
