internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// PUT of a whole object or of its status.
enum UpdateVerb {
    static func run(_ context: RequestContext, subresource: String? = nil) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: false)
        let options = try WriteOptions(context.request, kind: "UpdateOptions")
        let (decoded, warnings) = try BodyDecoder.object(
            context.request, as: context.descriptor, validation: options.validation, registry: context.core.registry)
        var sent = try named(decoded, context)
        OwnerDuplicates.drop(from: &sent, isAdmitted: false, context.notes)
        let isPinned = !sent.resourceVersion.isEmpty && sent.resourceVersion != "0"
        if subresource == nil, context.endpoint.strategy.createsOnUpdate, !isPinned, sent.uid.isEmpty,
            try context.core.current(context.key, context.endpoint) == nil
        {
            return try CreateVerb.create(context, sent, options, attempt: 0, needsPermission: true) { context.answer($0, renderer, warnings: warnings) }
        }
        let stored = KubeObject(context.endpoint.conversion?.stored(sent.value) ?? sent.value)
        let mutation = Mutation(context, isDryRun: options.isDryRun, subresource: subresource, surfacesConflicts: isPinned) {
            (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, context.name) }
            return try decide(
                stored, old: current, context.writeContext(isDryRun: options.isDryRun, subresource: subresource))
        }
        mutation.run { context.answer($0, renderer, warnings: warnings) }
    }

    /// The object with the URL's namespace. It must say its name, which is the URL's, and may repeat the namespace but not contradict it.
    /// Source: apiserver `pkg/endpoints/handlers/rest.go` checkName.
    static func named(_ object: KubeObject, _ context: RequestContext) throws(APIStatus) -> KubeObject {
        var object = object
        if object.name.isEmpty {
            throw .badRequest("the name of the object (\(context.name) based on URL) was undeterminable: name must be provided")
        } else if object.name != context.name {
            throw .badRequest("the name of the object (\(object.name)) does not match the name on the URL (\(context.name))")
        }
        if context.descriptor.isNamespaced {
            if let own = object.namespace, own != context.path.namespace {
                throw .badRequest(
                    "the namespace of the object (\(own)) does not match the namespace on the request (\(context.path.namespace ?? ""))")
            }
            object.namespace = context.path.namespace
        }
        return object
    }

    /// The decision for a changed object: it is stored, or removed when the change took away the last thing that kept it.
    static func decide(_ sent: KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) -> Mutation.Decision {
        let object = try UpdatePreparation.prepare(sent, old: old, context)
        let isReleased =
            object.isBeingDeleted && object.finalizers.isEmpty && (object.deletionGracePeriodSeconds ?? 0) == 0
            && !context.endpoint.strategy.isHeld(object)
        return isReleased ? .remove(object) : .put(object)
    }
}
