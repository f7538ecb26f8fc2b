internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// `/scale` of the workload kinds, as autoscaling/v1 Scale. Source: apiserver `pkg/registry/apps/deployment/storage/storage.go` ScaleREST.
enum ScaleSubresource {
    static func run(_ context: RequestContext, verb: String) throws(APIStatus) {
        guard let subresource = context.descriptor.subresource("scale"), let type = subresource.type else { throw .unknownPath }
        switch verb {
        case "get":
            guard let stored = try context.core.current(context.key, context.endpoint) else {
                throw .notFound(context.descriptor.groupResource, context.name)
            }
            let object = try ObjectCoding.decode(stored)
            let loaded = context.endpoint.conversion.map { KubeObject($0.loaded(object.value)) } ?? object
            context.reply(ResponseMaking.json(try ScaleView.shown(loaded, paths(context))))
        case "update": try update(context, type: type, gvk: subresource.kind)
        default: try patch(context, type: type, gvk: subresource.kind)
        }
    }

    private static func update(_ context: RequestContext, type: TypeSchema, gvk: GroupVersionKind) throws(APIStatus) {
        let options = try WriteOptions(context.request, kind: "UpdateOptions")
        let raw = try BodyDecoder.parse(context.request, registry: context.core.registry)
        let (sent, warnings) = try BodyDecoder.object(raw, gvk: gvk, type: type, validation: options.validation)
        for warning in warnings { context.notes.add(warning) }
        mutate(context, options, type: type, surfacesConflicts: !sent.resourceVersion.isEmpty) { (_, _) throws(APIStatus) in (sent, nil) }
    }

    private static func patch(_ context: RequestContext, type: TypeSchema, gvk: GroupVersionKind) throws(APIStatus) {
        let patch = try PatchBody(context.request, type: type)
        let options = try WriteOptions(context.request, kind: "PatchOptions", isApply: patch.isApply)
        mutate(context, options, type: type, surfacesConflicts: false) { (current, owners) throws(APIStatus) in
            guard case .apply(let config, _) = patch else {
                let value = try patch.apply(to: current.value, type: type)
                let (object, warnings) = try patch.decode(value, gvk: gvk, type: type, validation: options.validation)
                for warning in warnings { context.notes.add(warning) }
                return (object, nil)
            }
            try BodyDecoder.check(config, is: gvk)
            let applied = try FieldManager(type: type, ignoring: FieldSet(paths: [[.field("status")]])).apply(
                config, to: current.value, owners, by: manager(context, .apply), isForced: options.isForced, at: context.now)
            let object = try BodyDecoder.object(
                BodyDecoder.Raw(value: applied.object ?? current.value), gvk: gvk, type: type, validation: .ignore
            ).0
            return (object, applied.managed)
        }
    }

    /// What a client makes of the current scale: the scale it wants, and for an apply who then owns the number.
    private typealias Make = @Sendable (_ current: KubeObject, _ owners: ManagedFields) throws(APIStatus) -> (KubeObject, ManagedFields?)

    private static func mutate(
        _ context: RequestContext, _ options: WriteOptions, type: TypeSchema, surfacesConflicts: Bool, make: @escaping Make
    ) {
        let mutation = Mutation(
            context, isDryRun: options.isDryRun, subresource: "scale", surfacesConflicts: surfacesConflicts
        ) { (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, context.name) }
            let paths = paths(context)
            let before = KubeObject(ScaleView.scale(of: current, paths))
            let owners = ScaleOwners(current.ownersText, of: context.descriptor, paths)
            var (sent, applied) = try make(before, owners.scale)
            var writeContext = context.writeContext(isDryRun: options.isDryRun, subresource: "scale")
            let admission = SubresourceAdmission(updating: before, kind: ScaleView.kind, writeContext)
            try admission.mutate(&sent)
            let replicas = try checked(sent, current, context)
            var object = current
            object.resourceVersion = sent.resourceVersion.isEmpty ? current.resourceVersion : sent.resourceVersion
            object.value.setValue(.integer(replicas), at: paths.specReplicas[...])
            writeContext.manager = nil
            writeContext.isAdmitted = true
            if current.ownersText != nil || applied != nil {
                let after = KubeObject(ScaleView.scale(of: object, paths))
                let scale =
                    applied
                    ?? FieldManager(type: type).update(
                        owners.scale, from: before.value, to: after.value, by: manager(context, .update), at: context.now)
                object.ownersText = owners.merging(scale).text
            }
            let prepared = try UpdatePreparation.prepare(object, old: current, writeContext)
            try admission.validate(sent)
            return .put(prepared)
        }
        mutation.run { result in
            let warnings = context.notes.get()
            switch result {
            case .success(let outcome):
                let headers = warnings.map { ("warning", WarningHeader.text($0)) }
                context.reply(ResponseMaking.json(ScaleView.scale(of: outcome.object, paths(context)), headers: headers))
            case .failure(let status): context.reply(ResponseMaking.status(status, warnings: warnings))
            }
        }
    }

    private static func paths(_ context: RequestContext) -> ScalePaths { context.endpoint.custom?.scale ?? .workload }

    private static func manager(_ context: RequestContext, _ operation: ManagedFields.Operation) -> ManagedFields.Manager {
        var manager = context.manager(operation, subresource: "scale")
        manager.apiVersion = ScaleOwners.version
        return manager
    }

    /// The wanted number. Throws BadRequest, Conflict and Invalid.
    private static func checked(_ sent: KubeObject, _ current: KubeObject, _ context: RequestContext) throws(APIStatus) -> Int64 {
        if !sent.name.isEmpty, sent.name != context.name {
            throw .badRequest("the name of the object (\(sent.name)) does not match the name on the URL (\(context.name))")
        }
        if let namespace = sent.namespace, namespace != context.path.namespace {
            throw .badRequest(
                "the namespace of the object (\(namespace)) does not match the namespace on the request (\(context.path.namespace ?? ""))")
        }
        if !sent.uid.isEmpty, sent.uid != current.uid {
            throw .conflict(
                context.descriptor.groupResource, current.name,
                "Precondition failed: UID in precondition: \(sent.uid), UID in object meta: \(current.uid)")
        }
        let replicas = sent.integer("spec", "replicas") ?? 0
        guard replicas >= 0 else {
            throw .invalid(
                kind: GroupKind(group: "autoscaling", kind: "Scale"), name: context.name,
                [.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0")])
        }
        return replicas
    }
}
