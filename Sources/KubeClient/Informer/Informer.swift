package import APIMachinery
package import LinuxKernel
import Synchronization

/// A cache of one resource that follows the server by list and watch.
///
/// ``run()`` does the work and ends with its task. Reads are answered from memory on any thread. When the server is lost the cache
/// keeps what it has, and `state` says so.
package final class Informer: Sendable {
    private struct Waiter {
        let id: Int
        let revision: Int64
        let resume: SingleResume
    }

    private struct State {
        var objects = CachedObjects()
        var hasSynced = false
        var lastRevision: Int64 = 0
        var state = InformerState.starting
        var handlers: [@Sendable (InformerEvent) -> Void] = []
        var stateHandlers: [@Sendable (InformerState) -> Void] = []
        var waiters: [Waiter] = []
        var nextWaiter = 0
    }

    /// What is followed.
    package let resource: GroupVersionResource
    /// The namespace that is followed; nil for all.
    package let namespace: String?
    let client: KubeClient
    let labels: LabelSelector
    let fields: FieldSelector
    let time: any TimeSource
    private let shared = Mutex(State())

    /// A cache of a resource in a namespace (nil: all), of the objects that match the selectors.
    package init(
        client: KubeClient, resource: GroupVersionResource, namespace: String? = nil, labels: LabelSelector = .everything,
        fields: FieldSelector = .everything, time: any TimeSource = SystemTimeSource()
    ) {
        self.client = client
        self.resource = resource
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
        self.time = time
    }

    /// Whether the first list has arrived.
    package var hasSynced: Bool { shared.withLock { $0.hasSynced } }

    /// The highest revision the cache has reached; 0 before the first list.
    package var lastRevision: Int64 { shared.withLock { $0.lastRevision } }

    /// How the cache stands with its server.
    package var state: InformerState { shared.withLock { $0.state } }

    /// The number of objects.
    package var count: Int { shared.withLock { $0.objects.count } }

    /// One object; nil when the cache has none. `namespace` nil for cluster-scoped objects.
    package func get(namespace: String?, name: String) -> KubeObject? {
        shared.withLock { $0.objects.object(CachedObjects.Key(namespace: namespace ?? "", name: name)) }
    }

    /// All objects, of one namespace when it is given, ordered by namespace and name.
    package func all(namespace: String? = nil) -> [KubeObject] {
        shared.withLock { state in
            state.objects.keys.filter { namespace == nil || $0.namespace == namespace }.compactMap { state.objects.object($0) }
        }
    }

    /// Keeps an index: `values` names what an object is found by. Add indexes before ``run()``, so that the list fills them.
    package func addIndex(_ name: String, values: @escaping @Sendable (KubeObject) -> [String]) {
        shared.withLock { $0.objects.addIndex(name, values) }
    }

    /// The objects an index has under a value, ordered by namespace and name.
    package func byIndex(_ name: String, _ value: String) -> [KubeObject] {
        shared.withLock { state in
            state.objects.keys(index: name, value: value).compactMap { state.objects.object($0) }
        }
    }

    /// Calls `handler` for every change from now on, in order, on the informer's task, and at once for every object already there.
    /// A handler must not block.
    package func addHandler(_ handler: @escaping @Sendable (InformerEvent) -> Void) {
        let present = shared.withLock { state -> [KubeObject] in
            state.handlers.append(handler)
            return state.objects.keys.compactMap { state.objects.object($0) }
        }
        for object in present { handler(.added(object)) }
    }

    /// Calls `handler` whenever ``state`` changes.
    package func addStateHandler(_ handler: @escaping @Sendable (InformerState) -> Void) {
        shared.withLock { $0.stateHandlers.append(handler) }
    }

    /// Returns once the cache has synced and reached `revision`, or when the task is cancelled. Revision 0 waits for the sync alone.
    package func waitUntil(revision: Int64) async {
        let id = shared.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resume = SingleResume(continuation)
                let isReached = shared.withLock { state -> Bool in
                    if state.hasSynced && state.lastRevision >= revision || Task.isCancelled { return true }
                    state.waiters.append(Waiter(id: id, revision: revision, resume: resume))
                    return false
                }
                if isReached { resume.resume() }
            }
        } onCancel: {
            let waiter = shared.withLock { state -> Waiter? in
                guard let place = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: place)
            }
            waiter?.resume.resume()
        }
    }

    /// Returns once the first list has arrived, or when the task is cancelled.
    package func waitUntilSynced() async {
        await waitUntil(revision: 0)
    }

    // MARK: - What the run loop tells

    /// Replaces the cache by a complete list; what it lacks was deleted meanwhile.
    func replace(with items: [KubeObject], revision: Int64) {
        var events: [InformerEvent] = []
        let handlers = shared.withLock { state in
            var listed: Set<CachedObjects.Key> = []
            listed.reserveCapacity(items.count)
            for item in items { listed.insert(CachedObjects.key(item)) }
            for key in state.objects.keys where !listed.contains(key) {
                if let gone = state.objects.object(key) { events.append(.deleted(gone)) }
                state.objects.remove(key)
            }
            for item in items { events += Self.store(item, &state.objects) }
            return state.handlers
        }
        deliver(events, to: handlers)
        reach(revision, synced: true)
        setState(.following)
    }

    /// Applies one event of the watch.
    func apply(_ event: WatchEvent) {
        var events: [InformerEvent] = []
        let handlers = shared.withLock { state in
            switch event {
            case .added(let object), .modified(let object):
                events = Self.store(object, &state.objects)
            case .deleted(let object):
                let key = CachedObjects.key(object)
                if state.objects.uid(key) != nil {
                    state.objects.remove(key)
                    events = [.deleted(object)]
                }
            case .bookmark, .error: break
            }
            return state.handlers
        }
        deliver(events, to: handlers)
        if let revision = event.object?.revision { reach(revision, synced: false) }
        setState(.following)
    }

    /// Drops what is kept only to be read faster, and packs the rest; objects are given as before. Blocking, for some 20 microseconds an object.
    package func shrink() {
        let keys = shared.withLock { state in
            state.objects.forgetTrees()
            return state.objects.unpackedKeys()
        }
        // A few at a time: others read meanwhile.
        for start in stride(from: 0, to: keys.count, by: Self.packedAtOnce) {
            shared.withLock { $0.objects.pack(keys[start..<min(start + Self.packedAtOnce, keys.count)]) }
        }
    }

    private static let packedAtOnce = 128

    func setState(_ new: InformerState) {
        let handlers = shared.withLock { state -> [@Sendable (InformerState) -> Void] in
            guard state.state != new else { return [] }
            state.state = new
            return state.stateHandlers
        }
        for handler in handlers { handler(new) }
    }

    private static func store(_ object: KubeObject, _ objects: inout CachedObjects) -> [InformerEvent] {
        let key = CachedObjects.key(object)
        guard let old = objects.object(key) else {
            objects.set(object)
            return [.added(object)]
        }
        guard old.resourceVersion != object.resourceVersion || old.uid != object.uid else { return [] }
        objects.set(object)
        // A namesake is another object: whoever follows the first one must learn that it is gone.
        return old.uid == object.uid ? [.updated(old: old, new: object)] : [.deleted(old), .added(object)]
    }

    private func deliver(_ events: [InformerEvent], to handlers: [@Sendable (InformerEvent) -> Void]) {
        for event in events {
            for handler in handlers { handler(event) }
        }
    }

    /// Wakes whoever waits for a revision, after the handlers have seen everything up to it.
    private func reach(_ revision: Int64, synced: Bool) {
        let reached = shared.withLock { state -> [Waiter] in
            state.hasSynced = state.hasSynced || synced
            state.lastRevision = max(state.lastRevision, revision)
            let limit = state.lastRevision
            guard state.hasSynced else { return [] }
            let reached = state.waiters.filter { $0.revision <= limit }
            state.waiters.removeAll { $0.revision <= limit }
            return reached
        }
        for waiter in reached { waiter.resume.resume() }
    }
}
