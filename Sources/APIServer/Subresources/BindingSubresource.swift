internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// POST to `pods/binding`: the scheduler assigns a pod to a node. Source: `pkg/registry/core/pod/storage/storage.go` BindingREST.
enum BindingSubresource {
    static func run(_ context: RequestContext) throws(APIStatus) {
        guard let subresource = context.descriptor.subresource("binding"), let type = subresource.type else { throw .unknownPath }
        let options = try WriteOptions(context.request, kind: "CreateOptions")
        let raw = try BodyDecoder.parse(context.request, registry: context.core.registry)
        var (binding, _) = try BodyDecoder.object(raw, gvk: subresource.kind, type: type, validation: options.validation)
        let admission = try SubresourceAdmission(creating: subresource.kind, context, subresource: "binding", isDryRun: options.isDryRun)
        try admission.mutate(&binding)
        if !binding.name.isEmpty, binding.name != context.name { throw .badRequest("name in URL does not match name in Binding object") }
        try bind(context, binding, options, admission)
    }

    /// POST to `bindings`: the binding's own name is that of the pod.
    static func runCollection(_ context: RequestContext) throws(APIStatus) {
        let options = try WriteOptions(context.request, kind: "CreateOptions")
        var (binding, _) = try BodyDecoder.object(
            context.request, as: context.descriptor, validation: options.validation, registry: context.core.registry)
        guard !binding.name.isEmpty, let pods = context.core.endpoints["", "v1", "pods"] else {
            throw .badRequest("the binding needs metadata.name, the name of the pod")
        }
        let admission = try SubresourceAdmission(
            creating: context.descriptor.gvk, name: binding.name, context, subresource: nil, isDryRun: options.isDryRun)
        try admission.mutate(&binding)
        var path = context.path
        path.resource = "pods"
        path.name = binding.name
        let own = RequestContext(
            core: context.core, request: context.request, path: path, user: context.user, endpoint: pods, now: context.now,
            reply: context.reply, notes: context.notes)
        try bind(own, binding, options, admission)
    }

    private static func bind(
        _ context: RequestContext, _ binding: KubeObject, _ options: WriteOptions, _ admission: SubresourceAdmission
    ) throws(APIStatus) {
        let node = binding.string("target", "name") ?? ""
        var errors: [FieldError] = []
        if let kind = binding.string("target", "kind"), !kind.isEmpty, kind != "Node" {
            errors.append(.notSupported("target.kind", .string(kind), ["Node", "<empty>"]))
        }
        if node.isEmpty { errors.append(.required("target.name")) }
        guard errors.isEmpty else { throw .invalid(kind: GroupKind(group: "", kind: "Binding"), name: context.name, errors) }
        try admission.validate(binding)
        let now = context.now
        let mutation = Mutation(context, isDryRun: options.isDryRun) { (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, context.name) }
            return .put(try bind(current, to: node, binding, resource: context.descriptor.groupResource, at: now.rfc3339))
        }
        mutation.run { result in
            switch result {
            case .success:
                context.reply(ResponseMaking.status(APIStatus(code: 201, reason: nil, message: "", isFailure: false)))
            case .failure(let status): context.reply(ResponseMaking.status(status))
            }
        }
    }

    private static func bind(
        _ pod: KubeObject, to node: String, _ binding: KubeObject, resource: GroupResource, at time: String
    ) throws(APIStatus) -> KubeObject {
        let bindings = GroupResource(group: "", resource: "pods/binding")
        if !binding.uid.isEmpty, binding.uid != pod.uid {
            throw .conflict(bindings, pod.name, "Precondition failed: UID in precondition: \(binding.uid), UID in object meta: \(pod.uid)")
        }
        if pod.isBeingDeleted { throw .conflict(bindings, pod.name, "pod \(pod.name) is being deleted, cannot be assigned to a host") }
        if let host = pod.string("spec", "nodeName"), !host.isEmpty {
            throw .conflict(bindings, pod.name, "pod \(pod.name) is already assigned to node \(host.goQuoted)")
        }
        if !pod.array("spec", "schedulingGates").isEmpty {
            throw .conflict(bindings, pod.name, "pod \(pod.name) has non-empty .spec.schedulingGates")
        }
        var pod = pod
        pod["spec", "nodeName"] = .string(node)
        for (key, value) in binding.annotations { pod["metadata", "annotations", key] = .string(value) }
        var conditions = pod.array("status", "conditions").filter { $0["type"] != "PodScheduled" }
        conditions.append([
            "type": "PodScheduled", "status": "True", "lastProbeTime": .null, "lastTransitionTime": .string(time),
            "observedGeneration": .integer(pod.generation),
        ])
        pod["status", "conditions"] = .array(conditions)
        // It was the scheduler's note to itself. Source: ClearingNominatedNodeNameAfterBinding.
        pod["status", "nominatedNodeName"] = nil
        return pod
    }
}
