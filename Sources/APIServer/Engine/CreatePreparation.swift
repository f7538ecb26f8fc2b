internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// Turns what a client sent into a complete new object.
enum CreatePreparation {
    /// Fields of metadata only the server sets.
    private static let owned: Set<String> = [
        "name", "generateName", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp",
        "deletionGracePeriodSeconds", "resourceVersion", "selfLink",
    ]

    /// Checks the body against the URL. Throws BadRequest.
    static func checkIdentity(_ object: KubeObject, namespace: String?, isNamespaced: Bool) throws(APIStatus) {
        if isNamespaced, let own = object.namespace, own != namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        if !object.resourceVersion.isEmpty, object.resourceVersion != "0" {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
    }

    /// The object with the metadata a new one has; `name` is final or ends the generated prefix.
    static func complete(_ object: inout KubeObject, name: String, namespace: String?, _ context: WriteContext) {
        var metadata = JSONObject()
        let sent = object.metadata
        metadata.append(unchecked: "name", value: .string(name))
        if !object.generateName.isEmpty { metadata.append(unchecked: "generateName", value: .string(object.generateName)) }
        if context.endpoint.descriptor.isNamespaced, let namespace {
            metadata.append(unchecked: "namespace", value: .string(namespace))
        } else if let stray = object.namespace {
            metadata.append(unchecked: "namespace", value: .string(stray))
        }
        metadata.append(unchecked: "uid", value: .string(SecureRandom.uuidV4()))
        metadata.append(unchecked: "creationTimestamp", value: .string(context.now.rfc3339))
        if context.endpoint.strategy.tracksGeneration { metadata.append(unchecked: "generation", value: 1) }
        for member in sent where !owned.contains(member.key) && !member.value.isNull {
            metadata.append(unchecked: member.key, value: member.value)
        }
        object.metadata = metadata
    }

    /// The name to store under: as sent, or the prefix with five random characters.
    /// Source: apiserver `pkg/storage/names/generate.go`.
    static func name(for object: KubeObject) -> String {
        guard object.name.isEmpty, !object.generateName.isEmpty else { return object.name }
        var base = object.generateName[...]
        while base.utf8.count > 58 { base = base.dropLast() }
        return "\(base)\(SecureRandom.lowercaseSuffix(5))"
    }

    /// Defaults, the kind's own rules and validation of an object whose metadata is complete. Throws Invalid.
    static func finish(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        let endpoint = context.endpoint
        if endpoint.hasStatus, !endpoint.strategy.keepsStatusOnCreate { object.value["status"] = nil }
        SchemaDecoder.applyDefaults(&object.value, type: endpoint.descriptor.type)
        endpoint.strategy.complete(&object, old: nil, context)
        FieldTracking.create(&object, context)
        let request = AdmissionRequest(.create, name: object.name, namespace: object.namespace, context)
        try context.core.admission.mutate(&object, request)
        OwnerDuplicates.drop(from: &object, isAdmitted: true, context.warnings)
        try endpoint.strategy.prepareForCreate(&object, context)
        let strategy = endpoint.strategy
        var errors = MetadataValidation.create(
            object, isNamespaced: endpoint.descriptor.isNamespaced, name: { strategy.nameProblems($0) })
        errors += Deduplication.joined(
            SchemaDecoder.structuralErrors(object.value, type: endpoint.descriptor.type), strategy.validateCreate(object, context))
        guard errors.isEmpty else { throw .invalid(kind: endpoint.descriptor.groupKind, name: object.name, Deduplication.unique(errors)) }
        try checkPermission(object, context)
        try context.core.admission.validate(object, request)
    }

    /// Throws Forbidden when a PUT or PATCH would create what its user may not create; RBAC gives no reason.
    /// Source: apiserver `pkg/endpoints/handlers/update.go` withAuthorization.
    private static func checkPermission(_ object: KubeObject, _ context: WriteContext) throws(APIStatus) {
        guard context.needsCreatePermission else { return }
        let descriptor = context.endpoint.descriptor
        let attributes = AccessAttributes(
            verb: "create", group: descriptor.group, resource: descriptor.plural, namespace: object.namespace ?? "", name: object.name)
        guard try context.core.authorizer.allows(attributes, user: context.user) else {
            throw .forbidden(descriptor.groupResource, object.name, "")
        }
    }
}

/// Field errors found by two checks are reported once.
enum Deduplication {
    /// What the schema says, and what the kind's own rules say. Where both complain of a field, or the rules of what it belongs to, the
    /// rules have the words that clients know.
    static func joined(_ structural: [FieldError], _ rules: [FieldError]) -> [FieldError] {
        guard !structural.isEmpty else { return rules }
        let told = Set(rules.map(\.field))
        return structural.filter { !isTold($0.field, told) } + rules
    }

    /// Whether a field or one that it belongs to is among the fields.
    private static func isTold(_ field: String, _ told: Set<String>) -> Bool {
        if told.contains(field) { return true }
        return field.utf8.indices.contains { field.utf8[$0] == UInt8(ascii: ".") && told.contains(String(field[..<$0])) }
    }

    /// More than anybody reads, and what an answer can carry.
    private static let limit = 100

    static func unique(_ errors: [FieldError]) -> [FieldError] {
        var seen: Set<FieldError> = []
        var kept: [FieldError] = []
        for error in errors where kept.count < limit && seen.insert(error).inserted { kept.append(error) }
        return kept
    }
}
