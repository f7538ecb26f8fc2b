internal import APIMachinery
internal import KubeClient
internal import ObjectStore
internal import Synchronization

/// Decides who may do what: members of `system:masters` everything, everybody else what roles allow, nothing by default.
///
/// The index follows the store without a thread: each decision first takes over what has changed since the last one.
final class RBACAuthorizer: Sendable {
    private struct State {
        var index = RBACIndex()
        var watch: StoreWatch?
    }

    private let store: ObjectStore
    private let state = Mutex(State())

    init(store: ObjectStore) { self.store = store }

    /// Throws Forbidden unless the user may do it. Throws ServiceUnavailable when roles cannot be read.
    func check(_ request: AccessAttributes, user: UserInfo) throws(APIStatus) {
        guard try allows(request, user: user) else { throw request.forbidden(user) }
    }

    /// Whether the user may do it.
    func allows(_ request: AccessAttributes, user: UserInfo) throws(APIStatus) -> Bool {
        if Self.isMaster(user) { return true }
        return try current { $0.allows(request, user: user) }
    }

    /// Which binding allows it, in Kubernetes' words; nil when none does.
    func reason(_ request: AccessAttributes, user: UserInfo) throws(APIStatus) -> String? {
        try current { $0.reason(request, user: user) }
    }

    /// Every rule a user has in a namespace.
    func rules(for user: UserInfo, namespace: String) throws(APIStatus) -> [PolicyRule] {
        if Self.isMaster(user) {
            return PolicyRule.everything
        }
        return try current { $0.rules(for: user, namespace: namespace) }
    }

    /// The rules of a role; nil when it does not exist.
    func rules(ofRole key: String) throws(APIStatus) -> [PolicyRule]? {
        try current { $0.rules(ofRole: key) }
    }

    /// Whether the user bypasses authorization.
    static func isMaster(_ user: UserInfo) -> Bool { user.groups.contains("system:masters") }

    private func current<Value: Sendable>(_ body: (inout RBACIndex) -> Value) throws(APIStatus) -> Value {
        let result: Result<Value, APIStatus> = state.withLock { state in
            do throws(APIStatus) {
                try catchUp(&state)
                return .success(body(&state.index))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func catchUp(_ state: inout State) throws(APIStatus) {
        guard let watch = state.watch else { return try rebuild(&state) }
        while true {
            switch watch.poll(max: 256) {
            case .events(let events):
                for event in events {
                    state.index.apply(event.object.key, event.kind == .deleted ? nil : try ObjectCoding.decode(event.object))
                }
            case .none: return
            case .compacted, .failed: return try rebuild(&state)
            }
        }
    }

    private func rebuild(_ state: inout State) throws(APIStatus) {
        var index = RBACIndex()
        let watch: StoreWatch
        do throws(StoreError) {
            let listing = try store.list(prefix: RBACIndex.prefix)
            watch = try store.watch(prefix: RBACIndex.prefix, from: listing.revision)
            for item in listing.items {
                // best effort: a role that cannot be read grants nothing.
                if let object = try? ObjectCoding.decode(item) { index.apply(item.key, object) }
            }
        } catch {
            throw StoreFailure.status(error)
        }
        state.watch?.cancel()
        state.watch = watch
        state.index = index
    }
}
