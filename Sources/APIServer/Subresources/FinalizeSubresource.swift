internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// PUT to `namespaces/finalize`: the only way to change `spec.finalizers`; the last one takes the namespace with it.
enum FinalizeSubresource {
    static func run(_ context: RequestContext) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: false)
        let options = try WriteOptions(context.request, kind: "UpdateOptions")
        let (decoded, warnings) = try BodyDecoder.object(
            context.request, as: context.descriptor, validation: options.validation, registry: context.core.registry)
        let sent = try UpdateVerb.named(decoded, context)
        let isPinned = !sent.resourceVersion.isEmpty
        let writeContext = context.writeContext(isDryRun: options.isDryRun, subresource: "finalize")
        let mutation = Mutation(context, isDryRun: options.isDryRun, subresource: "finalize", surfacesConflicts: isPinned) {
            (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, context.name) }
            var object = current
            object.resourceVersion = sent.resourceVersion
            object["spec", "finalizers"] = sent["spec", "finalizers"] ?? .array([])
            let problems = NamespaceStrategy.finalizerProblems(object)
            guard problems.isEmpty else { throw .invalid(kind: context.descriptor.groupKind, name: context.name, problems) }
            return try UpdateVerb.decide(object, old: current, writeContext)
        }
        mutation.run { context.answer($0, renderer, warnings: warnings) }
    }
}
