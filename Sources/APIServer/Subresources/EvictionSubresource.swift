internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// POST to `pods/eviction`: deletes a pod unless a disruption budget stands against it.
/// Source: `pkg/registry/core/pod/storage/eviction.go`.
enum EvictionSubresource {
    static func run(_ context: RequestContext) throws(APIStatus) {
        guard let subresource = context.descriptor.subresource("eviction"), let type = subresource.type else { throw .unknownPath }
        let write = try WriteOptions(context.request, kind: "CreateOptions")
        let raw = try BodyDecoder.parse(context.request, registry: context.core.registry)
        var (eviction, _) = try BodyDecoder.object(raw, gvk: subresource.kind, type: type, validation: write.validation)
        let isDryRun = write.isDryRun || (eviction["deleteOptions", "dryRun"]?.arrayValue ?? []).contains("All")
        let admission = try SubresourceAdmission(creating: subresource.kind, context, subresource: "eviction", isDryRun: isDryRun)
        try admission.mutate(&eviction)
        if !eviction.name.isEmpty, eviction.name != context.name { throw .badRequest("name in URL does not match name in Eviction object") }
        try admission.validate(eviction)
        var options = DeleteOptions()
        let given = eviction["deleteOptions"]
        options.gracePeriodSeconds = given?["gracePeriodSeconds"]?.integerValue.map { $0 < 0 ? 1 : $0 }
        options.propagation = given?["propagationPolicy"]?.stringValue.flatMap(DeleteOptions.Propagation.init(rawValue:))
        options.uid = given?["preconditions", "uid"]?.stringValue
        options.resourceVersion = given?["preconditions", "resourceVersion"]?.stringValue
        options.isDryRun = isDryRun

        let wanted = options
        guard let stored = try context.core.current(context.key, context.endpoint) else {
            throw .notFound(context.descriptor.groupResource, context.name)
        }
        let pod = try ObjectCoding.decode(stored)
        guard let budget = try DisruptionBudgets.budget(of: pod, context) else { return evict(context, wanted) }
        DisruptionBudgets.take(budget, for: pod, context, isDryRun: wanted.isDryRun) { result in
            switch result {
            case .success: context.core.later { evict(context, wanted) }
            case .failure(let status): context.reply(ResponseMaking.status(status))
            }
        }
    }

    private static func evict(_ context: RequestContext, _ options: DeleteOptions) {
        var writeContext = context.writeContext(isDryRun: options.isDryRun)
        // The eviction was; the deletion it stands for is not asked about again.
        writeContext.isAdmitted = true
        let admitted = writeContext
        let mutation = Mutation(context, isDryRun: options.isDryRun) { (current) throws(APIStatus) in
            guard var pod = current else { throw .notFound(context.descriptor.groupResource, context.name) }
            try DeleteVerb.checkPreconditions(pod, options, context.descriptor.groupResource)
            if !isOver(pod) { condition(&pod, at: context.now.rfc3339) }
            var rest = options
            rest.uid = nil
            rest.resourceVersion = nil
            return try DeleteVerb.decide(pod, rest, admitted)
        }
        mutation.run { result in
            switch result {
            case .success: context.reply(ResponseMaking.status(APIStatus(code: 201, reason: nil, message: "", isFailure: false)))
            case .failure(let status): context.reply(ResponseMaking.status(status))
            }
        }
    }

    private static func isOver(_ pod: KubeObject) -> Bool { ["Failed", "Succeeded"].contains(pod.string("status", "phase")) }

    /// Says in the pod's status why it goes.
    private static func condition(_ pod: inout KubeObject, at time: String) {
        var conditions = pod.array("status", "conditions")
        guard !conditions.contains(where: { $0["type"] == "DisruptionTarget" && $0["status"] == "True" }) else { return }
        conditions.removeAll { $0["type"] == "DisruptionTarget" }
        var condition: JSONObject = ["type": "DisruptionTarget"]
        if pod.generation > 0 { condition["observedGeneration"] = .integer(pod.generation) }
        condition["status"] = "True"
        condition["lastProbeTime"] = .null
        condition["lastTransitionTime"] = .string(time)
        condition["reason"] = "EvictionByEvictionAPI"
        condition["message"] = "Eviction API: evicting"
        pod["status", "conditions"] = .array(conditions + [.object(condition)])
    }
}
