internal import APIMachinery
internal import KubeClient
internal import ObjectStore

/// Commits what comes back: all of it in one transaction, or nothing.
struct RestoreWrite: Sendable {
    typealias Completion = @Sendable (Result<StoredObject, APIStatus>) -> Void

    private let items: [RestorePlan.Item]
    /// The objects with what they took from shared pools.
    private var claimed: [KubeObject] = []
    private var holds: [QuotaLedger.Hold] = []
    private var gates: [CreationGate] = []

    /// Takes what the objects need; throws the first refusal, and then has given everything back.
    init(_ plan: RestorePlan) throws(APIStatus) {
        items = plan.items
        do throws(APIStatus) {
            for item in items { try claim(item) }
        } catch {
            end()
            release()
            throw error
        }
    }

    private mutating func claim(_ item: RestorePlan.Item) throws(APIStatus) {
        let strategy = item.context.endpoint.strategy
        try strategy.authorize(item.object, old: nil, user: item.context.user, item.writeContext)
        if let hold = try item.context.core.admission.quota.reserve(item.object, old: nil, item.writeContext) { holds.append(hold) }
        if let gate = item.context.endpoint.custom?.creations {
            guard gate.enter() else { throw CustomResourceStrategy.terminating(item.context.descriptor.groupResource) }
            gates.append(gate)
        }
        var object = item.object
        try strategy.claim(&object, old: nil, item.writeContext)
        claimed.append(object)
    }

    /// Writes; `completion` is called once with the first object, from the committer's thread.
    func run(_ completion: @escaping Completion) {
        guard let first = items.first else { return completion(.failure(.internalError("nothing is to be restored"))) }
        let keys = Set(items.map(\.key))
        var writes: [ObjectWrite] = []
        var companions: [ObjectWrite] = []
        for (item, object) in zip(items, claimed) {
            let endpoint = item.context.endpoint
            let (bytes, splice) = ObjectCoding.encode(endpoint.conversion.map { KubeObject($0.saved(object.value)) } ?? object)
            writes.append(
                ObjectWrite(
                    key: item.key, bytes: bytes, spliceOffset: splice, precondition: .mustNotExist, writer: item.context.user.name,
                    retention: endpoint.strategy.isArchived ? .archive : .window))
            // What the server would make beside an object may be among what comes back.
            companions += endpoint.strategy.companions(object, old: nil, item.writeContext).filter { !keys.contains($0.key) }
        }
        first.context.core.store.submit(writes + companions) { result in
            end()
            switch result {
            case .success(let stored):
                for (index, item) in items.enumerated() {
                    var object = claimed[index]
                    object.revision = stored[index].revision
                    item.context.endpoint.strategy.didCreate(object, item.writeContext)
                }
                completion(.success(stored[0]))
            case .failure(let error):
                release()
                completion(.failure(refusal(error)))
            }
        }
    }

    private func refusal(_ error: StoreError) -> APIStatus {
        guard case .exists(let object) = error, let item = items.first(where: { $0.key == object.key }) else { return StoreFailure.status(error) }
        return .alreadyExists(item.context.descriptor.groupResource, object.key.name)
    }

    private func end() {
        for hold in holds { hold.end() }
        for gate in gates { gate.leave() }
    }

    private func release() {
        for (item, object) in zip(items, claimed) { item.context.endpoint.strategy.release(object, item.writeContext) }
    }
}
