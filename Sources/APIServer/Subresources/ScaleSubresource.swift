internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// `/scale` of the workload kinds, as autoscaling/v1 Scale.
enum ScaleSubresource {
    static func run(_ context: RequestContext, verb: String) throws(APIStatus) {
        guard let subresource = context.descriptor.subresource("scale"), let type = subresource.type else { throw .unknownPath }
        switch verb {
        case "get":
            guard let stored = try context.core.current(context.key, context.endpoint) else {
                throw .notFound(context.descriptor.groupResource, context.name)
            }
            context.reply(ResponseMaking.json(scale(of: try ObjectCoding.decode(stored))))
        case "update": try update(context, type: type, gvk: subresource.kind)
        default: try patch(context, type: type, gvk: subresource.kind)
        }
    }

    private static func update(_ context: RequestContext, type: TypeSchema, gvk: GroupVersionKind) throws(APIStatus) {
        let options = try WriteOptions(context.request, kind: "UpdateOptions")
        let raw = try BodyDecoder.parse(context.request, registry: context.core.registry)
        let (sent, _) = try BodyDecoder.object(raw, gvk: gvk, type: type, validation: options.validation)
        let isPinned = !sent.resourceVersion.isEmpty
        mutate(context, options, surfacesConflicts: isPinned) { (_) throws(APIStatus) in sent }
    }

    private static func patch(_ context: RequestContext, type: TypeSchema, gvk: GroupVersionKind) throws(APIStatus) {
        let options = try WriteOptions(context.request, kind: "PatchOptions")
        let patch = try PatchVerb.parse(context.request)
        mutate(context, options, surfacesConflicts: false) { (current) throws(APIStatus) in
            let patched = try patch.apply(to: scale(of: current), type: type)
            return try BodyDecoder.object(
                BodyDecoder.Raw(value: patched), gvk: gvk, type: type, validation: options.validation
            ).0
        }
    }

    private static func mutate(
        _ context: RequestContext, _ options: WriteOptions, surfacesConflicts: Bool,
        make: @escaping @Sendable (KubeObject) throws(APIStatus) -> KubeObject
    ) {
        let writeContext = context.writeContext(isDryRun: options.isDryRun)
        let mutation = Mutation(context, isDryRun: options.isDryRun, surfacesConflicts: surfacesConflicts) {
            (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, context.name) }
            let sent = try make(current)
            if !sent.name.isEmpty, sent.name != context.name {
                throw .badRequest("the name of the object (\(sent.name)) does not match the name on the URL (\(context.name))")
            }
            let replicas = sent.integer("spec", "replicas") ?? 0
            guard replicas >= 0 else {
                throw .invalid(
                    kind: GroupKind(group: "autoscaling", kind: "Scale"), name: context.name,
                    [.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0")])
            }
            var object = current
            object.resourceVersion = sent.resourceVersion.isEmpty ? current.resourceVersion : sent.resourceVersion
            object["spec", "replicas"] = .integer(replicas)
            return .put(try UpdatePreparation.prepare(object, old: current, writeContext))
        }
        mutation.run { result in
            switch result {
            case .success(let outcome): context.reply(ResponseMaking.json(scale(of: outcome.object)))
            case .failure(let status): context.reply(ResponseMaking.status(status))
            }
        }
    }

    /// The Scale of a workload.
    static func scale(of object: KubeObject) -> JSONValue {
        var metadata = JSONObject()
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let value = object["metadata", field] { metadata[field] = value }
        }
        var status: JSONObject = ["replicas": .integer(object.integer("status", "replicas") ?? 0)]
        if let value = object["spec", "selector"] {
            // best effort: a stored selector has been validated.
            status["selector"] = .string((try? LabelSelector(value: value)).map(text) ?? "")
        }
        var spec = JSONObject()
        if let replicas = object.integer("spec", "replicas"), replicas != 0 { spec["replicas"] = .integer(replicas) }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": .object(metadata), "spec": .object(spec),
            "status": .object(status),
        ]
    }

    /// A selector as clients parse it, equality written as such.
    private static func text(_ selector: LabelSelector) -> String {
        selector.requirements.sorted { $0.key < $1.key }.map { requirement in
            requirement.operator == .in && requirement.values.count == 1
                ? "\(requirement.key)=\(requirement.values[0])" : requirement.description
        }.joined(separator: ",")
    }
}
