internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore

/// The moment of the past that a read names with `kdashAt`, a revision or a time: further back than `resourceVersionMatch=Exact` reaches,
/// as far as the history of objects is kept.
struct PastMoment: Sendable {
    static let parameter = "kdashAt"

    let revision: Int64
    let time: Timestamp

    /// The moment that a request names; nil when it reads the present. Throws for what is no moment, or lies ahead.
    init?(_ context: RequestContext) throws(APIStatus) {
        guard let text = context.request.queryValue(Self.parameter), !text.isEmpty else { return nil }
        guard context.request.queryValue("resourceVersion") ?? "" == "" else {
            throw .badRequest("\(Self.parameter) and resourceVersion name two moments: give one of them")
        }
        let store = context.core.store
        do throws(StoreError) {
            if let number = Int64(text) {
                guard number > 0 else { throw StoreError.futureRevision(current: store.currentRevision) }
                guard number <= store.currentRevision else { throw StoreError.futureRevision(current: store.currentRevision) }
                (revision, time) = (number, try store.time(of: number) ?? context.now)
            } else if let moment = Timestamp(rfc3339: text), moment <= context.now {
                (revision, time) = (try store.revision(at: moment), moment)
            } else {
                throw StoreError.futureRevision(current: store.currentRevision)
            }
        } catch {
            guard case .futureRevision(let current) = error else { throw StoreFailure.status(error) }
            throw .badRequest(
                "invalid \(Self.parameter) \(text.goQuoted): it must be a revision up to \(current), or a time of the past such as \(context.now.rfc3339)")
        }
    }

    /// A page of a collection as it was. Throws Expired when that is not kept any more.
    func list(_ context: RequestContext, prefix: String, after: String?, limit: Int?) throws(APIStatus) -> Listing {
        do throws(StoreError) {
            guard context.endpoint.strategy.isArchived else {
                return try context.core.store.list(prefix: prefix, after: after, limit: limit, at: revision)
            }
            return try context.core.store.past(prefix: prefix, at: revision, after: after, limit: limit)
        } catch {
            throw expired(error, context)
        }
    }

    /// An object as it was; nil when there was none. Throws Expired when that is not kept any more.
    func object(_ context: RequestContext) throws(APIStatus) -> StoredObject? {
        let store = context.core.store
        do throws(StoreError) {
            guard context.endpoint.strategy.isArchived else { return try store.get(context.key, at: revision) }
            if let version = try store.history(of: context.key, before: revision + 1, limit: 1).first {
                return version.isDeletion ? nil : version.object
            }
            // Nothing is kept of it: then there was nothing, as far as history reaches.
            _ = try store.past(prefix: context.key.string, at: revision, limit: 0)
            return nil
        } catch {
            throw expired(error, context)
        }
    }

    private func expired(_ error: StoreError, _ context: RequestContext) -> APIStatus {
        guard case .compacted = error else { return StoreFailure.status(error) }
        let since = context.endpoint.strategy.isArchived ? " since \(context.core.store.kept.archive.rfc3339)" : " for some minutes"
        return .expired("the past of \(context.descriptor.plural) is kept\(since); \(time.rfc3339) (revision \(revision)) is older")
    }
}
