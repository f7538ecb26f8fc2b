internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// Server-side apply: a configuration is merged into the object by who owns what, or makes the object.
enum ApplyVerb {
    static func run(
        _ context: RequestContext, _ config: JSONValue, _ duplicates: [YAMLDuplicate], _ options: WriteOptions,
        _ renderer: ObjectRenderer, subresource: String?
    ) throws(APIStatus) {
        let warnings = try checked(duplicates, options)
        let context = context
        let mutation = Mutation(context, isDryRun: options.isDryRun, subresource: subresource) { (current) throws(APIStatus) in
            guard let current else {
                guard subresource == nil else { throw .notFound(context.descriptor.groupResource, context.name) }
                return .put(try create(context, config, options))
            }
            return try decide(context, config, current, options, subresource: subresource)
        }
        mutation.run { context.answer($0, renderer, warnings: warnings) }
    }

    /// The warnings about keys given twice; in strict mode they are an error.
    private static func checked(_ duplicates: [YAMLDuplicate], _ options: WriteOptions) throws(APIStatus) -> [String] {
        guard !duplicates.isEmpty, options.validation != .ignore else { return [] }
        guard options.validation == .strict else { return duplicates.map(\.description) }
        throw .badRequest("error strict decoding YAML: error converting YAML to JSON: \(YAMLDuplicate.text(duplicates))")
    }

    /// What the configuration makes of an object that is there.
    private static func decide(
        _ context: RequestContext, _ config: JSONValue, _ current: KubeObject, _ options: WriteOptions, subresource: String?
    ) throws(APIStatus) -> Mutation.Decision {
        var writeContext = context.writeContext(isDryRun: options.isDryRun, subresource: subresource)
        let ignored = FieldTracking.ignored(writeContext)
        writeContext.manager = nil
        var live = current
        live["metadata", "managedFields"] = nil
        if let conversion = context.endpoint.conversion { live.value = conversion.served(live.value) }
        let applied = try apply(context, config, to: live.value, current.ownersText, ignored, options, subresource: subresource)
        var sent = live
        if let object = applied.object { sent = try UpdateVerb.named(try decoded(object, context), context) }
        sent.ownersText = applied.managed.text
        return try UpdateVerb.decide(
            KubeObject(context.endpoint.conversion?.stored(sent.value) ?? sent.value), old: current, writeContext)
    }

    /// The new object that the configuration describes.
    private static func create(_ context: RequestContext, _ config: JSONValue, _ options: WriteOptions) throws(APIStatus) -> KubeObject {
        var writeContext = context.writeContext(isDryRun: options.isDryRun)
        let ignored = FieldTracking.ignored(writeContext)
        writeContext.manager = nil
        writeContext.needsCreatePermission = true
        let applied = try apply(context, config, to: .object(JSONObject()), nil, ignored, options, subresource: nil)
        var sent = try UpdateVerb.named(try decoded(applied.object ?? config, context), context)
        guard sent.uid.isEmpty else {
            throw .conflict(
                context.descriptor.groupResource, context.name,
                "uid mismatch: the provided object specified uid \(sent.uid), and no existing object was found")
        }
        sent.ownersText = applied.managed.text
        return try CreateVerb.prepared(context, sent, name: sent.name, writeContext)
    }

    private static func apply(
        _ context: RequestContext, _ config: JSONValue, to live: JSONValue, _ owners: String?, _ ignored: FieldSet,
        _ options: WriteOptions, subresource: String?
    ) throws(APIStatus) -> FieldManager.Applied {
        let given = KubeObject(config).gvk
        guard given == context.descriptor.gvk else {
            throw .badRequest("invalid object type: \(given.group)/\(given.version), Kind=\(given.kind)")
        }
        let managed = owners.map { ManagedFields(text: $0) } ?? ManagedFields()
        guard let managed else { throw .untyped("failed to decode managed fields: the stored list is malformed") }
        let fields = FieldManager(
            type: context.descriptor.type, ignoring: ignored, view: OwnerViews(context.endpoint, context.core)?.ofServed)
        return try fields.apply(
            config, to: live, managed, by: context.manager(.apply, subresource: subresource), isForced: options.isForced, at: context.now)
    }

    /// The merged object in canonical form.
    private static func decoded(_ value: JSONValue, _ context: RequestContext) throws(APIStatus) -> KubeObject {
        try BodyDecoder.object(
            BodyDecoder.Raw(value: value), gvk: context.descriptor.gvk, type: context.descriptor.type, validation: .ignore
        ).0
    }
}
