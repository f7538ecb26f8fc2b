internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// Turns a changed object into the next version of the stored one.
enum UpdatePreparation {
    /// Applies the rules of an update. Throws Conflict, BadRequest and Invalid.
    static func prepare(_ sent: KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) -> KubeObject {
        var object = sent
        let endpoint = context.endpoint
        try checkIdentity(&object, old: old, context)
        restoreOwned(&object, old: old)
        SchemaDecoder.applyDefaults(&object.value, type: endpoint.descriptor.type)
        endpoint.strategy.complete(&object, old: old, context)
        FieldTracking.update(&object, old: old, context)
        let request = AdmissionRequest(.update, name: old.name, namespace: old.namespace, old: old, context)
        if !context.isAdmitted { try context.core.admission.mutate(&object, request) }
        OwnerDuplicates.drop(from: &object, isAdmitted: true, context.warnings)
        switch context.subresource {
        case nil: try prepareMain(&object, old: old, context)
        case "status": prepareStatus(&object, old: old, context)
        default: endpoint.strategy.prepareForSubresource(&object, old: old, context)
        }
        SchemaDecoder.applyDefaults(&object.value, type: endpoint.descriptor.type)
        if endpoint.strategy.tracksGeneration {
            let hasChanged = context.subresource != "status" && differs(object, old, hasStatus: endpoint.hasStatus)
            object.generation = hasChanged ? old.generation + 1 : old.generation
            if object.generation == 0 { object["metadata", "generation"] = nil }
        }
        try validate(object, old: old, context)
        if !context.isAdmitted { try context.core.admission.validate(object, request) }
        FieldTracking.settle(&object, old: old)
        return object
    }

    private static func checkIdentity(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        let resource = context.endpoint.descriptor.groupResource
        if !object.uid.isEmpty, object.uid != old.uid {
            throw .conflict(
                resource, old.name,
                "Precondition failed: UID in precondition: \(object.uid), UID in object meta: \(old.uid)")
        }
        let sent = object.resourceVersion
        if sent.isEmpty || sent == "0" {
            guard context.endpoint.strategy.updatesUnconditionally || context.subresource != nil else {
                throw .invalid(
                    kind: context.endpoint.descriptor.groupKind, name: old.name,
                    [.invalid("metadata.resourceVersion", .integer(0), "must be specified for an update")])
            }
        } else if sent != old.resourceVersion {
            throw .conflict(resource, old.name)
        }
        object.resourceVersion = old.resourceVersion
    }

    /// What clients cannot change is as it was.
    private static func restoreOwned(_ object: inout KubeObject, old: KubeObject) {
        var metadata = object.metadata
        let previous = old.metadata
        for field in ["name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"] {
            metadata[field] = previous[field]
        }
        if metadata["generateName"] == nil, let base = previous["generateName"] { metadata["generateName"] = base }
        metadata["selfLink"] = nil
        for field in ["labels", "annotations"] where metadata[field]?.objectValue?.isEmpty ?? false { metadata[field] = nil }
        for field in ["finalizers", "ownerReferences"] where metadata[field]?.arrayValue?.isEmpty ?? false {
            metadata[field] = nil
        }
        object.metadata = metadata
    }

    private static func prepareMain(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        if context.endpoint.hasStatus { object.value["status"] = old.value["status"] }
        try context.endpoint.strategy.prepareForUpdate(&object, old: old, context)
    }

    /// A status write changes status and metadata and nothing else.
    private static func prepareStatus(_ object: inout KubeObject, old: KubeObject, _ context: WriteContext) {
        var result = old
        result.metadata = object.metadata
        result.value["status"] = object.value["status"]
        object = result
        context.endpoint.strategy.prepareForStatusUpdate(&object, old: old, context)
    }

    /// Whether anything but metadata and a status of its own path changed.
    static func differs(_ object: KubeObject, _ old: KubeObject, hasStatus: Bool) -> Bool {
        desired(object, hasStatus: hasStatus) != desired(old, hasStatus: hasStatus)
    }

    private static func desired(_ object: KubeObject, hasStatus: Bool) -> JSONObject {
        var members = object.value.objectValue ?? JSONObject()
        members.removeAll { $0.key == "metadata" || ($0.key == "status" && hasStatus) }
        return members
    }

    private static func validate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) throws(APIStatus) {
        let endpoint = context.endpoint
        var errors = MetadataValidation.update(object, old: old)
        var structural = SchemaDecoder.structuralErrors(object.value, type: endpoint.descriptor.type, old: old.value)
        let rules: [FieldError]
        if context.subresource == nil {
            structural += SchemaDecoder.immutabilityErrors(object.value, old: old.value, type: endpoint.descriptor.type)
            rules = endpoint.strategy.validateUpdate(object, old: old, context)
        } else {
            rules = endpoint.strategy.validateSubresource(object, old: old, context)
        }
        errors += Deduplication.joined(structural, rules)
        guard errors.isEmpty else {
            throw .invalid(kind: endpoint.descriptor.groupKind, name: old.name, Deduplication.unique(errors))
        }
    }
}
