internal import APIMachinery
internal import JSONCore

/// Deployments. Source: `pkg/apis/apps/validation/validation.go`.
struct DeploymentStrategy: ResourceStrategy {
    var tracksGeneration: Bool { true }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) { WorkloadValidation.complete(&object) }

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
        let field = "spec.strategy.rollingUpdate"
        let errors =
            RuleChecks.amountOrPercent(rolling?["maxUnavailable"], "\(field).maxUnavailable", atMostAll: true)
            + RuleChecks.amountOrPercent(rolling?["maxSurge"], "\(field).maxSurge")
        if RuleChecks.isZero(rolling?["maxUnavailable"]), RuleChecks.isZero(rolling?["maxSurge"]) {
            return errors + [
                .invalid(
                    "spec.strategy.rollingUpdate.maxUnavailable", rolling?["maxUnavailable"] ?? .null, "may not be 0 when `maxSurge` is 0")
            ]
        }
        return errors
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        context.subresource == "status" ? StatusCounts.deployment.errors(object, old: old) : []
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        validateCreate(object, context) + WorkloadValidation.fixed(["spec", "selector"], object, old)
    }
}
