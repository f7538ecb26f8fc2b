internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// POST to a collection.
enum CreateVerb {
    /// How often a generated name may collide before the client hears of it.
    private static let nameAttempts = 8

    static func run(_ context: RequestContext) throws(APIStatus) {
        if try RestoreVerb.answers(context) { return }
        let renderer = try ObjectRenderer(context, isList: false)
        let options = try WriteOptions(context.request, kind: "CreateOptions")
        let (decoded, warnings) = try BodyDecoder.object(
            context.request, as: context.descriptor, validation: options.validation, registry: context.core.registry)
        var sent = decoded
        context.notes.objectName = sent.name
        OwnerDuplicates.drop(from: &sent, isAdmitted: false, context.notes)
        try create(context, sent, options, attempt: 0) { result in
            context.answer(result, renderer, warnings: warnings)
        }
    }

    /// The new object as it is stored: completed, admitted and checked; with `uid` where that was given out already.
    static func prepared(
        _ context: RequestContext, _ sent: KubeObject, name: String, uid: String? = nil, _ writeContext: WriteContext
    ) throws(APIStatus) -> KubeObject {
        try CreatePreparation.checkIdentity(sent, namespace: context.path.namespace, isNamespaced: context.descriptor.isNamespaced)
        var object = sent
        CreatePreparation.complete(&object, name: name, namespace: context.path.namespace, writeContext)
        if let uid { object.uid = uid }
        if context.descriptor.isNamespaced, let namespace = context.path.namespace {
            try context.core.namespaces.admit(into: namespace, context.descriptor.groupResource, name: name)
        }
        try CreatePreparation.finish(&object, writeContext)
        if let conversion = context.endpoint.conversion { object.value = conversion.stored(object.value) }
        return object
    }

    /// Creates a decoded object; also the way PUT creates what is missing, which then needs the permission to create.
    static func create(
        _ context: RequestContext, _ sent: KubeObject, _ options: WriteOptions, attempt: Int, needsPermission: Bool = false,
        _ completion: @escaping Mutation.Completion
    ) throws(APIStatus) {
        let name = CreatePreparation.name(for: sent)
        var writeContext = context.writeContext(isDryRun: options.isDryRun)
        writeContext.needsCreatePermission = needsPermission
        let final = try prepared(context, sent, name: name, writeContext)
        let isGenerated = sent.name.isEmpty
        let resource = context.descriptor.groupResource
        let mutation = Mutation(
            context, key: context.endpoint.key(namespace: context.path.namespace, name: name), isDryRun: options.isDryRun, surfacesConflicts: true
        ) { (current) throws(APIStatus) in
            guard current == nil else { throw .alreadyExists(resource, name) }
            return .put(final)
        }
        mutation.run { result in
            guard isGenerated, case .failure(let status) = result, status.reason == .alreadyExists else { return completion(result) }
            guard attempt < nameAttempts else { return completion(.failure(.generateNameConflict(resource, sent.generateName))) }
            context.core.later {
                do throws(APIStatus) {
                    try create(context, sent, options, attempt: attempt + 1, completion)
                } catch {
                    completion(.failure(error))
                }
            }
        }
    }
}

extension RequestContext {
    /// Answers with what a mutation left: 201 for a new object, else `status`.
    func answer(_ result: Result<Mutation.Outcome, APIStatus>, _ renderer: ObjectRenderer, status: Int = 200, warnings: [String] = []) {
        let warnings = warnings + notes.get()
        switch result {
        case .failure(let status): reply(ResponseMaking.status(status, warnings: warnings))
        case .success(let outcome):
            let code = outcome.isCreated ? 201 : status
            guard let stored = outcome.stored else {
                return reply(renderer.response(outcome.object, status: code, warnings: warnings))
            }
            answering { () throws(APIStatus) in reply(try renderer.response(stored, status: code, warnings: warnings)) }
        }
    }
}
