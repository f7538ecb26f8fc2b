internal import APIMachinery
internal import JSONCore

/// The objects of kinds that CustomResourceDefinitions describe. Source: apiextensions-apiserver
/// `pkg/registry/customresource/strategy.go`.
struct CustomResourceStrategy: ResourceStrategy {
    let scale: ScalePaths?
    let creations: CreationGate

    var tracksGeneration: Bool { true }
    var updatesUnconditionally: Bool { false }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        if creations.isClosed { throw Self.terminating(context.endpoint.descriptor.groupResource) }
    }

    /// Refuses a create below a definition that is being deleted.
    static func terminating(_ resource: GroupResource) -> APIStatus {
        var status = APIStatus.methodNotAllowed(resource, "create")
        status.message = "create not allowed while custom resource definition is terminating"
        return status
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        guard let scale else { return [] }
        return [scale.specReplicas, scale.statusReplicas].compactMap { path in
            guard let value = object.value.value(at: path[...]), let replicas = value.integerValue, replicas < 0 else { return nil }
            return .invalid(path.joined(separator: "."), value, "should be a non-negative integer")
        }
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        validateCreate(object, context)
    }
}
