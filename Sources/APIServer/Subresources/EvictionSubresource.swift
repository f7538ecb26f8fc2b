internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// POST to `pods/eviction`: deletes a pod on behalf of a drain. No kind limits disruptions yet, so none is refused.
enum EvictionSubresource {
    static func run(_ context: RequestContext) throws(APIStatus) {
        guard let subresource = context.descriptor.subresource("eviction"), let type = subresource.type else { throw .unknownPath }
        let write = try WriteOptions(context.request, kind: "CreateOptions")
        let raw = try BodyDecoder.parse(context.request, registry: context.core.registry)
        let (eviction, _) = try BodyDecoder.object(raw, gvk: subresource.kind, type: type, validation: write.validation)
        if !eviction.name.isEmpty, eviction.name != context.name { throw .badRequest("name in URL does not match name in Eviction object") }
        var options = DeleteOptions()
        let given = eviction["deleteOptions"]
        options.gracePeriodSeconds = given?["gracePeriodSeconds"]?.integerValue
        options.uid = given?["preconditions", "uid"]?.stringValue
        options.resourceVersion = given?["preconditions", "resourceVersion"]?.stringValue
        options.isDryRun = write.isDryRun || (given?["dryRun"]?.arrayValue ?? []).contains("All")
        DeleteVerb.mutation(context, key: nil, options).run { result in
            switch result {
            case .success:
                context.reply(ResponseMaking.status(APIStatus(code: 201, reason: nil, message: "", isFailure: false)))
            case .failure(let status): context.reply(ResponseMaking.status(status))
            }
        }
    }
}
