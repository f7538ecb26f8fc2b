internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore

/// DELETE of one object.
enum DeleteVerb {
    static func run(_ context: RequestContext) throws(APIStatus) {
        // A Status has no other form, so that none is wrong for it.
        let renderer = try ObjectRenderer(context, isList: context.endpoint.strategy.returnsDeletedObject ? false : nil)
        let options = try DeleteOptions(context.request, registry: context.core.registry)
        mutation(context, key: nil, options).run { result in
            switch result {
            case .failure(let status): context.reply(ResponseMaking.status(status))
            case .success(let outcome):
                let returnsObject = context.endpoint.strategy.returnsDeletedObject || !outcome.isRemoved
                guard returnsObject else {
                    return context.reply(
                        ResponseMaking.status(.success(context.descriptor.groupResource, name: context.name, uid: outcome.object.uid)))
                }
                // Source: apiserver `pkg/endpoints/handlers/delete.go`.
                context.answer(.success(outcome), renderer, status: options.asksDependentsToGo && !outcome.isRemoved ? 202 : 200)
            }
        }
    }

    /// The deletion of one object by these options.
    static func mutation(_ context: RequestContext, key: ObjectKey?, _ options: DeleteOptions) -> Mutation {
        let name = key?.name ?? context.name
        let writeContext = context.writeContext(isDryRun: options.isDryRun)
        return Mutation(context, key: key, isDryRun: options.isDryRun) { (current) throws(APIStatus) in
            guard let current else { throw .notFound(context.descriptor.groupResource, name) }
            return try decide(current, options, writeContext)
        }
    }

    /// What deleting means for the object as it is. Source: apiserver `pkg/registry/generic/registry/store.go` Delete.
    static func decide(_ current: KubeObject, _ options: DeleteOptions, _ context: WriteContext) throws(APIStatus) -> Mutation.Decision {
        let endpoint = context.endpoint
        try checkPreconditions(current, options, endpoint.descriptor.groupResource)
        if !context.isAdmitted {
            try context.core.admission.validate(
                current, AdmissionRequest(.delete, name: current.name, namespace: current.namespace, old: current, context))
        }
        if let refusal = endpoint.strategy.refusesDeletion(current, context) { throw refusal }
        var object = current
        object.finalizers = finalizers(current, options, endpoint)
        let grace = endpoint.strategy.gracePeriod(current, requested: options.gracePeriodSeconds) ?? 0
        if grace > 0 {
            guard shorten(&object, to: grace, context) || object.finalizers != current.finalizers else { return .keep }
            return .put(object)
        }
        guard !object.finalizers.isEmpty || endpoint.strategy.isHeld(object) else { return .remove(object) }
        if !object.isBeingDeleted || (object.deletionGracePeriodSeconds ?? 0) > 0 {
            let wasBeingDeleted = object.isBeingDeleted
            object.deletionTimestamp = context.now
            object.deletionGracePeriodSeconds = 0
            if endpoint.strategy.tracksGeneration, !wasBeingDeleted { object.generation += 1 }
        }
        try endpoint.strategy.prepareForUpdate(&object, old: current, context)
        return .put(object)
    }

    /// Throws Conflict when the object is not the one that was meant.
    static func checkPreconditions(_ current: KubeObject, _ options: DeleteOptions, _ resource: GroupResource) throws(APIStatus) {
        if let uid = options.uid, uid != current.uid {
            throw .conflict(
                resource, current.name, "Precondition failed: UID in precondition: \(uid), UID in object meta: \(current.uid)")
        }
        if let version = options.resourceVersion, version != current.resourceVersion {
            throw .conflict(
                resource, current.name,
                "Precondition failed: ResourceVersion in precondition: \(version), ResourceVersion in object meta: \(current.resourceVersion)"
            )
        }
    }

    /// Sets or shortens the time left; false when less was left already.
    private static func shorten(_ object: inout KubeObject, to grace: Int64, _ context: WriteContext) -> Bool {
        if let end = object.deletionTimestamp {
            let left = object.deletionGracePeriodSeconds ?? 0
            guard grace < left else { return false }
            object.deletionTimestamp = end.advanced(by: .seconds(grace - left))
        } else {
            object.deletionTimestamp = context.now.advanced(by: .seconds(grace))
            if context.endpoint.strategy.tracksGeneration { object.generation += 1 }
        }
        object.deletionGracePeriodSeconds = grace
        return true
    }

    /// The finalizers that make the garbage collector treat dependents as asked.
    private static func finalizers(_ object: KubeObject, _ options: DeleteOptions, _ endpoint: ResourceEndpoint) -> [String] {
        var finalizers = object.finalizers
        // A finalizer that is there already outweighs the kind's own way.
        let isDecided = finalizers.contains("orphan") || finalizers.contains("foregroundDeletion")
        let policy = options.propagation ?? (endpoint.strategy.orphansDependents && !isDecided ? .orphan : nil)
        guard let policy else { return finalizers }
        finalizers.removeAll { $0 == "orphan" || $0 == "foregroundDeletion" }
        if policy == .orphan { finalizers.append("orphan") }
        if policy == .foreground { finalizers.append("foregroundDeletion") }
        return finalizers
    }
}
