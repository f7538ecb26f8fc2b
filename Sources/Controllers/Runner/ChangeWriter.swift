import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Logging
import Synchronization

/// What became of a run's changes: how far the caches must come, and what was deleted.
struct WrittenChanges: Sendable {
    var revisions: [GroupVersionResource: Int64] = [:]
    var deleted: [ObjectName: String] = [:]
    /// The first of ``failures``.
    var failure: APIStatus? { failures.first }
    /// What went wrong, in the order of the changes.
    var failures: [APIStatus] = []
    /// Why a pod could not be made.
    var refusal: APIStatus?
    /// Whether the failure is only that something is not yet as it must be for the rest.
    var isWaiting = false

    mutating func note(_ resource: GroupVersionResource, _ object: KubeObject) {
        guard let revision = object.revision else { return }
        revisions[resource] = max(revisions[resource] ?? 0, revision)
    }

    mutating func merge(_ other: WrittenChanges) {
        for (resource, revision) in other.revisions { revisions[resource] = max(revisions[resource] ?? 0, revision) }
        deleted.merge(other.deleted) { _, new in new }
        refusal = refusal ?? other.refusal
        if failures.isEmpty { isWaiting = other.isWaiting }
        failures += other.failures
    }
}

/// Makes the changes that a controller wants.
final class ChangeWriter: Sendable {
    private let client: KubeClient
    private let storage: VolumeStorage
    private let time: any TimeSource
    private let logger: Logger
    private let builder: Mutex<EventBuilder>
    private let events: AsyncStream<EventBuilder.Write>
    private let report: AsyncStream<EventBuilder.Write>.Continuation

    init(controller: String, client: KubeClient, storage: VolumeStorage = .none, time: any TimeSource, logger: Logger) {
        self.client = client
        self.storage = storage
        self.time = time
        self.logger = logger
        builder = Mutex(EventBuilder(component: controller))
        // Who makes more events than this in one go loses the oldest.
        (events, report) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
    }

    /// Writes events beside the work that they report, until the task is cancelled.
    func writeEvents() async {
        for await event in events { await write(event) }
    }

    /// Makes changes in order, neighbours of a kind in growing batches. After a failure only what was observed is still written, and
    /// whole namespaces of a resource are still emptied; after something was found that should be absent, nothing.
    func write(_ changes: [Change]) async -> WrittenChanges {
        var written = WrittenChanges()
        var index = changes.startIndex
        var batch = 1
        while index < changes.endIndex {
            guard written.failure == nil || changes[index].isIndependent else {
                index += 1
                continue
            }
            let isBatchable = changes[index].isBatchable
            let limit = isBatchable ? min(changes.endIndex, index + batch) : index + 1
            var end = index + 1
            while end < limit, changes[end].isBatchable { end += 1 }
            batch = isBatchable ? min(batch * 2, 128) : 1
            if end == index + 1 {
                written.merge(await make(changes[index]))
                if changes[index].isProof, written.failure != nil { break }
            } else {
                let group = Array(changes[index..<end])
                await withTaskGroup(of: WrittenChanges.self) { tasks in
                    for change in group { tasks.addTask { await self.make(change) } }
                    for await result in tasks { written.merge(result) }
                }
            }
            index = end
        }
        return written
    }

    private func make(_ change: Change) async -> WrittenChanges {
        var written = WrittenChanges()
        do throws(APIStatus) {
            try await make(change, &written)
        } catch {
            written.failures = [error]
        }
        return written
    }

    private func make(_ change: Change, _ written: inout WrittenChanges) async throws(APIStatus) {
        switch change {
        case .create(let resource, let object, let reporter):
            try await create(resource, object, reporter, &written)
        case .update(let resource, let object):
            written.note(resource, try await client.update(resource, object))
        case .updateSubresource(let resource, let object, let subresource):
            written.note(resource, try await client.update(resource, object, subresource: subresource))
        case .patch(let name, let type, let patch):
            do throws(APIStatus) {
                let result = try await client.patch(name.resource, namespace: name.namespace, name: name.name, type: type, patch)
                written.note(name.resource, result)
            } catch  where error.reason == .notFound {}
        case .delete(let name, let uid, let propagation, let reporter):
            try await delete(name, DeleteOptions(uid: uid, propagation: propagation), uid, &written)
            if let reporter {
                record(reporter, .normal, "SuccessfulDelete", EventWording.deleted(name, by: reporter))
            }
        case .kill(let name, let uid):
            try await delete(name, DeleteOptions(gracePeriodSeconds: 0, uid: uid, propagation: .background), uid, &written)
        case .deleteAll(let resource, let namespace):
            try await client.deleteCollection(resource, namespace: namespace, DeleteOptions(propagation: .background))
        case .requireEmpty(let resource, let namespace):
            let rest = try await client.list(resource, namespace: namespace, ListOptions(limit: 1))
            if let first = rest.items.first {
                written.isWaiting = true
                throw APIStatus.internalError("\(resource.resource) \(namespace)/\(first.name) is still there")
            }
        case .requireAbsent(let name, let uid):
            do throws(APIStatus) {
                let found = try await client.get(name.resource, namespace: name.namespace, name: name.name)
                if uid.isEmpty || found.uid == uid {
                    written.isWaiting = true
                    throw APIStatus.internalError("\(name) exists, the cache is behind")
                }
            } catch  where error.reason == .notFound {}
        case .makeVolume(let name): try await keep(storage.make, name)
        case .removeVolume(let name): try await keep(storage.remove, name)
        case .event(let object, let kind, let reason, let message):
            record(object, kind, reason, message)
        }
    }

    private func keep(
        _ operation: @Sendable (String) async throws(VolumeStorage.Failure) -> Void, _ name: String
    ) async throws(APIStatus) {
        do throws(VolumeStorage.Failure) {
            try await operation(name)
        } catch {
            throw error.status
        }
    }

    private func create(
        _ resource: GroupVersionResource, _ object: KubeObject, _ reporter: KubeObject?, _ written: inout WrittenChanges
    ) async throws(APIStatus) {
        do throws(APIStatus) {
            let created = try await client.create(resource, object)
            written.note(resource, created)
            if let reporter { record(reporter, .normal, "SuccessfulCreate", EventWording.created(created, by: reporter)) }
        } catch {
            if resource == Pod.resource { written.refusal = error }
            if let reporter { record(reporter, .warning, "FailedCreate", EventWording.refused(object, by: reporter, why: error.message)) }
            throw error
        }
    }

    private func delete(
        _ name: ObjectName, _ options: DeleteOptions, _ uid: String, _ written: inout WrittenChanges
    ) async throws(APIStatus) {
        do throws(APIStatus) {
            if let rest = try await client.delete(name.resource, namespace: name.namespace, name: name.name, options) {
                written.note(name.resource, rest)
                // A pod that is gone at once is returned all the same.
                let isHeld = !rest.finalizers.isEmpty || (rest.deletionGracePeriodSeconds ?? 0) > 0
                if !isHeld { written.deleted[name] = uid }
            } else {
                written.deleted[name] = uid
            }
        } catch  where error.reason == .notFound {
            written.deleted[name] = uid
        }
    }

    private func record(_ object: KubeObject, _ kind: EventBuilder.Kind, _ reason: String, _ message: String) {
        let now = time.now()
        report.yield(builder.withLock { $0.record(about: object, kind: kind, reason: reason, message: message, now: now) })
    }

    private func write(_ event: EventBuilder.Write) async {
        do throws(APIStatus) {
            switch event {
            case .create(let event):
                _ = try await client.create(Event.resource, event)
            case .patch(let namespace, let name, let patch, let fallback):
                do throws(APIStatus) {
                    _ = try await client.patch(Event.resource, namespace: namespace, name: name, type: .merge, patch)
                } catch  where error.reason == .notFound {
                    _ = try await client.create(Event.resource, fallback)
                }
            }
        } catch {
            // An event that cannot be written must not stop the work it reports.
            logger.debug("event not written", metadata: ["error": "\(error.message)"])
        }
    }
}

extension Change {
    fileprivate var isBatchable: Bool {
        switch self {
        case .create, .delete: true
        default: false
        }
    }

    /// Whether all that follows, statuses too, rests on it.
    fileprivate var isProof: Bool {
        if case .requireAbsent = self { true } else { false }
    }

    /// Whether it is made although another has failed.
    fileprivate var isIndependent: Bool {
        switch self {
        case .updateSubresource(_, _, "status"), .deleteAll: true
        default: false
        }
    }
}
