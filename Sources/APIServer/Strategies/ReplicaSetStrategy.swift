internal import APIMachinery
internal import JSONCore

/// ReplicaSets. Source: `pkg/apis/apps/validation/validation.go`.
struct ReplicaSetStrategy: ResourceStrategy {
    var tracksGeneration: Bool { true }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) { WorkloadValidation.complete(&object) }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        WorkloadValidation.selector(object) + WorkloadValidation.template(object, policies: ["Always"])
            + WorkloadValidation.count(object, "spec", "replicas") + WorkloadValidation.count(object, "spec", "minReadySeconds")
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        context.subresource == "status" ? StatusCounts.replicas.errors(object, old: old) : []
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        validateCreate(object, context) + WorkloadValidation.fixed(["spec", "selector"], object, old)
    }
}
