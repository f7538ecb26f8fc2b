internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import ObjectStore

/// One change of one object: reads it, decides, writes with the read revision as precondition, and starts over when somebody else
/// was faster and the client did not name a revision.
struct Mutation: Sendable {
    /// What is to happen to the object as it is now.
    enum Decision: Sendable {
        /// Nothing: the answer is what is there.
        case keep
        /// It becomes this.
        case put(KubeObject)
        /// It goes, its last state being this.
        case remove(KubeObject)
    }

    /// What happened.
    struct Outcome: Sendable {
        /// The object after the change; of a removed one its last state.
        var object: KubeObject
        /// Its stored version; nil in a dry run.
        var stored: StoredObject?
        var isCreated = false
        var isRemoved = false
    }

    typealias Decide = @Sendable (_ current: KubeObject?) throws(APIStatus) -> Decision
    typealias Completion = @Sendable (Result<Outcome, APIStatus>) -> Void

    let core: ServerCore
    let endpoint: ResourceEndpoint
    let key: ObjectKey
    let user: UserInfo
    var writeContext: WriteContext
    /// Whether a lost race is the client's to know: it named the revision it changed.
    var surfacesConflicts = false
    let decide: Decide

    /// After so many lost races the client is told to try again.
    private static let attempts = 100

    init(
        _ context: RequestContext, key: ObjectKey? = nil, isDryRun: Bool, subresource: String? = nil, surfacesConflicts: Bool = false,
        decide: @escaping Decide
    ) {
        core = context.core
        endpoint = context.endpoint
        self.key = key ?? context.key
        user = context.user
        writeContext = context.writeContext(isDryRun: isDryRun, subresource: subresource)
        self.surfacesConflicts = surfacesConflicts
        self.decide = decide
    }

    /// Does it; `completion` is called once, before this returns or from the committer's thread.
    func run(_ completion: @escaping Completion) { attempt(0, completion) }

    private func attempt(_ number: Int, _ completion: @escaping Completion) {
        do throws(APIStatus) {
            let stored = try core.current(key, endpoint)
            let current = try stored.map { (stored) throws(APIStatus) in try load(stored) }
            switch try decide(current) {
            case .keep:
                guard let stored, let current else { throw .notFound(endpoint.descriptor.groupResource, key.name) }
                completion(.success(Outcome(object: current, stored: stored)))
            case .put(let object): try put(object, over: current, stored, number, completion)
            case .remove(let object): remove(object, stored, number, completion)
            }
        } catch {
            completion(.failure(error))
        }
    }

    /// A stored object in the form that changes start from.
    private func load(_ stored: StoredObject) throws(APIStatus) -> KubeObject {
        let object = try ObjectCoding.decode(stored)
        return endpoint.conversion.map { KubeObject($0.loaded(object.value)) } ?? object
    }

    /// The bytes of an object in the form it is stored in.
    private func encode(_ object: KubeObject) -> (bytes: [UInt8], splice: Int) {
        ObjectCoding.encode(endpoint.conversion.map { KubeObject($0.saved(object.value)) } ?? object)
    }

    /// Whether nothing would change: the object is the same, and would be stored in the same form.
    private func isSame(_ object: KubeObject, as current: KubeObject, _ stored: StoredObject) throws(APIStatus) -> Bool {
        guard object.value == current.value else { return false }
        guard let conversion = endpoint.conversion else { return true }
        return conversion.isCurrent(try ObjectCoding.decode(stored).value)
    }

    private func put(
        _ object: KubeObject, over current: KubeObject?, _ stored: StoredObject?, _ number: Int, _ completion: @escaping Completion
    ) throws(APIStatus) {
        if let stored, let current, try isSame(object, as: current, stored) {
            return completion(.success(Outcome(object: current, stored: stored)))
        }
        var object = object
        try endpoint.strategy.authorize(object, old: current, user: user, writeContext)
        let isCreated = current == nil
        let quota = try core.admission.quota.reserve(object, old: current, writeContext)
        if writeContext.isDryRun {
            if isCreated { object.resourceVersion = "" }
            return completion(.success(Outcome(object: object, isCreated: isCreated)))
        }
        let gate = isCreated ? endpoint.custom?.creations : nil
        guard gate?.enter() ?? true else {
            quota?.end()
            throw CustomResourceStrategy.terminating(endpoint.descriptor.groupResource)
        }
        do throws(APIStatus) {
            try endpoint.strategy.claim(&object, old: current, writeContext)
        } catch {
            gate?.leave()
            quota?.end()
            throw error
        }
        let claimed = object
        let (bytes, splice) = encode(object)
        let isHeartbeat = current.map { self.isHeartbeat(object, old: $0) } ?? false
        let write = ObjectWrite(
            key: key, bytes: bytes, spliceOffset: splice, precondition: stored.map { .revision($0.revision) } ?? .mustNotExist,
            writer: user.name, durability: isHeartbeat ? .volatile : .durable,
            retention: retention(isHeartbeat: isHeartbeat))
        let companions = endpoint.strategy.companions(object, old: current, writeContext)
        submit(write, companions) { result in
            quota?.end()
            gate?.leave()
            switch result {
            case .success(let version):
                var object = claimed
                object.revision = version.revision
                if let current {
                    endpoint.strategy.didUpdate(object, old: current, writeContext)
                } else {
                    endpoint.strategy.didCreate(object, writeContext)
                }
                completion(.success(Outcome(object: object, stored: version, isCreated: isCreated)))
            case .failure(let error):
                endpoint.strategy.release(claimed, keeping: current, writeContext)
                lost(error, number, completion)
            }
        }
    }

    /// How long the version is part of the object's history.
    private func retention(isHeartbeat: Bool) -> ObjectWrite.Retention {
        guard endpoint.strategy.isArchived, !isHeartbeat else { return .window }
        return writeContext.subresource == "status" ? .state : .archive
    }

    /// Whether only signs of life are new; that their writer's entry has a new time is none of the object's news.
    private func isHeartbeat(_ object: KubeObject, old: KubeObject) -> Bool {
        var object = object
        object["metadata", "managedFields"] = old["metadata", "managedFields"]
        return endpoint.strategy.isHeartbeat(object, old: old)
    }

    /// Commits a write, together with what comes and goes with it.
    private func submit(
        _ write: ObjectWrite, _ companions: [ObjectWrite], _ completion: @escaping @Sendable (Result<StoredObject, StoreError>) -> Void
    ) {
        guard !companions.isEmpty else { return core.store.submit(write, completion: completion) }
        core.store.submit([write] + companions) { result in completion(result.map { $0[0] }) }
    }

    private func remove(_ object: KubeObject, _ stored: StoredObject?, _ number: Int, _ completion: @escaping Completion) {
        guard let stored, !writeContext.isDryRun else {
            return completion(.success(Outcome(object: object, isRemoved: true)))
        }
        let (bytes, splice) = encode(object)
        let write = ObjectWrite(
            key: key, bytes: nil, finalBytes: bytes, spliceOffset: splice, precondition: .revision(stored.revision), writer: user.name,
            retention: endpoint.strategy.isArchived ? .archive : .window)
        submit(write, endpoint.strategy.departing(object, writeContext)) { result in
            switch result {
            case .success(let version):
                endpoint.strategy.release(object, writeContext)
                var object = object
                object.revision = version.revision
                completion(.success(Outcome(object: object, stored: version, isRemoved: true)))
            case .failure(let error): lost(error, number, completion)
            }
        }
    }

    /// What a refused write means.
    private func lost(_ error: StoreError, _ number: Int, _ completion: @escaping Completion) {
        let resource = endpoint.descriptor.groupResource
        switch error {
        case .conflict, .exists, .notFound:
            if surfacesConflicts {
                if case .exists = error { return completion(.failure(.alreadyExists(resource, key.name))) }
                if case .conflict(nil) = error { return completion(.failure(.notFound(resource, key.name))) }
                return completion(.failure(.conflict(resource, key.name)))
            }
            guard number < Self.attempts else { return completion(.failure(.conflict(resource, key.name))) }
            // Not here: this is the committer's thread.
            core.later { attempt(number + 1, completion) }
        default: completion(.failure(StoreFailure.status(error)))
        }
    }
}

extension ResourceStrategy {
    /// Gives back what a failed write had claimed beyond what the stored object holds.
    func release(_ object: KubeObject, keeping current: KubeObject?, _ context: WriteContext) {
        guard current == nil else { return }
        release(object, context)
    }
}
