internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// PATCH of an object or of a part of it.
enum PatchVerb {
    static func run(_ context: RequestContext, subresource: String? = nil) throws(APIStatus) {
        let renderer = try ObjectRenderer(context, isList: false)
        let patch = try PatchBody(context.request, type: context.descriptor.type)
        let options = try WriteOptions(context.request, kind: "PatchOptions", isApply: patch.isApply)
        if case .apply(let config, let duplicates) = patch {
            return try ApplyVerb.run(context, config, duplicates, options, renderer, subresource: subresource)
        }
        let warnings = WarningBox()
        let mutation = Mutation(context, isDryRun: options.isDryRun, subresource: subresource) { (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, context.name) }
            let decoded = try patched(current, by: patch, context, options, warnings)
            let sent = try UpdateVerb.named(decoded, context)
            return try UpdateVerb.decide(
                KubeObject(context.endpoint.conversion?.stored(sent.value) ?? sent.value), old: current,
                context.writeContext(isDryRun: options.isDryRun, subresource: subresource))
        }
        mutation.run { context.answer($0, renderer, warnings: warnings.get()) }
    }

    /// The object that a patch makes of the current one, in the served form.
    private static func patched(
        _ current: KubeObject, by patch: PatchBody, _ context: RequestContext, _ options: WriteOptions, _ warnings: WarningBox
    ) throws(APIStatus) -> KubeObject {
        var before = patch.concernsOwners ? ObjectCoding.expand(current) : current
        if !patch.concernsOwners { before["metadata", "managedFields"] = nil }
        let served = context.endpoint.conversion?.served(before.value) ?? before.value
        let value = try patch.apply(to: served, type: context.descriptor.type)
        var (decoded, found) = try patch.decode(
            value, gvk: context.descriptor.gvk, type: context.descriptor.type, validation: options.validation)
        warnings.set(found)
        if !patch.concernsOwners { decoded["metadata", "managedFields"] = current["metadata", "managedFields"] }
        return decoded
    }
}
