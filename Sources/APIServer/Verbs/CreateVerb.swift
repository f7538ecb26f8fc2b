internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// POST to a collection.
enum CreateVerb {
    /// How often a generated name may collide before the client hears of it.
    private static let nameAttempts = 8

    static func run(_ context: RequestContext) throws(APIStatus) {
        let renderer = try ObjectRenderer(context)
        let options = try WriteOptions(context.request, kind: "CreateOptions")
        let (sent, warnings) = try BodyDecoder.object(
            context.request, as: context.descriptor, validation: options.validation, registry: context.core.registry)
        try create(context, sent, options, attempt: 0) { result in
            context.answer(result, renderer, warnings: warnings)
        }
    }

    /// Creates a decoded object; also the way PUT creates what is missing.
    static func create(
        _ context: RequestContext, _ sent: KubeObject, _ options: WriteOptions, attempt: Int, _ completion: @escaping Mutation.Completion
    ) throws(APIStatus) {
        let endpoint = context.endpoint
        try CreatePreparation.checkIdentity(sent, namespace: context.path.namespace, isNamespaced: context.descriptor.isNamespaced)
        let writeContext = context.writeContext(isDryRun: options.isDryRun)
        var object = sent
        let name = CreatePreparation.name(for: sent)
        CreatePreparation.complete(&object, name: name, namespace: context.path.namespace, writeContext)
        if context.descriptor.isNamespaced, let namespace = context.path.namespace {
            try context.core.namespaces.admit(into: namespace, context.descriptor.groupResource, name: name)
        }
        try CreatePreparation.finish(&object, writeContext)
        if let conversion = endpoint.conversion { object.value = conversion.stored(object.value) }
        let isGenerated = sent.name.isEmpty
        let final = object
        let resource = context.descriptor.groupResource
        let mutation = Mutation(
            context, key: endpoint.key(namespace: context.path.namespace, name: name), isDryRun: options.isDryRun, surfacesConflicts: true
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
    /// Answers with what a mutation left: 201 for a new object.
    func answer(_ result: Result<Mutation.Outcome, APIStatus>, _ renderer: ObjectRenderer, warnings: [String] = []) {
        switch result {
        case .failure(let status): reply(ResponseMaking.status(status))
        case .success(let outcome):
            let code = outcome.isCreated ? 201 : 200
            guard let stored = outcome.stored else {
                return reply(renderer.response(outcome.object, status: code, warnings: warnings))
            }
            answering { () throws(APIStatus) in reply(try renderer.response(stored, status: code, warnings: warnings)) }
        }
    }
}
