import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization

/// Follows a cluster's namespaces, pods and events and gathers what changed, as finished rows, until the screen takes it.
final class ClusterFeed: Sendable {
    /// What changed since the last look; of one object only the newest state.
    struct Batch: Sendable {
        var pods: [String: PodRow] = [:]
        var gonePods: Set<String> = []
        var namespaces: [String: NamespaceRow] = [:]
        var goneNamespaces: Set<String> = []
        /// Objects that changed or that events are about.
        var touched: Set<String> = []
        /// Whether ``ClusterFeed/state`` may have changed.
        var isStateChanged = false
    }

    let pods: Informer
    let namespaces: Informer
    let events: Informer
    /// Tells that there is something to take; one tell stands for any number of changes.
    let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let batch = Mutex(Batch())

    /// The events informer's index by the uid of the object they are about.
    static let byObject = "involvedObject.uid"

    init(client: KubeClient, time: any TimeSource) {
        pods = Informer(client: client, resource: Pod.resource, time: time)
        namespaces = Informer(client: client, resource: Namespace.resource, time: time)
        events = Informer(client: client, resource: Event.resource, time: time)
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        events.addIndex(Self.byObject) { [Event($0).involvedObject.uid] }
        pods.addHandler { [weak self] in self?.note(pod: $0) }
        namespaces.addHandler { [weak self] in self?.note(namespace: $0) }
        events.addHandler { [weak self] event in
            let uid = Event(event.object).involvedObject.uid
            self?.change { $0.touched.insert(uid) }
        }
        for informer in [pods, namespaces] {
            informer.addStateHandler { [weak self] _ in self?.change { $0.isStateChanged = true } }
        }
    }

    /// Follows until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for informer in [namespaces, pods, events] { group.addTask { await informer.run() } }
        }
    }

    /// How the panes stand with the server: failing when either cache does, following when both do.
    var state: InformerState {
        let states = [pods.state, namespaces.state]
        for case .failing(let status) in states { return .failing(status) }
        return states.allSatisfy { $0 == .following } ? .following : .starting
    }

    /// What changed since the last call.
    func take() -> Batch {
        batch.withLock { batch in
            defer { batch = Batch() }
            return batch
        }
    }

    /// The events about an object, oldest first.
    func events(about uid: String) -> [Event] {
        events.byIndex(Self.byObject, uid).map { Event($0) }.sorted {
            ($0.lastSeen ?? Timestamp(seconds: 0), $0.object.name) < ($1.lastSeen ?? Timestamp(seconds: 0), $1.object.name)
        }
    }

    private func note(pod event: InformerEvent) {
        let uid = event.object.uid
        if case .deleted = event {
            return change {
                $0.pods[uid] = nil
                $0.gonePods.insert(uid)
                $0.touched.insert(uid)
            }
        }
        let row = PodRow(Pod(event.object))
        change {
            $0.gonePods.remove(uid)
            $0.pods[uid] = row
            $0.touched.insert(uid)
        }
    }

    private func note(namespace event: InformerEvent) {
        let uid = event.object.uid
        if case .deleted = event {
            return change {
                $0.namespaces[uid] = nil
                $0.goneNamespaces.insert(uid)
            }
        }
        let row = NamespaceRow(Namespace(event.object))
        change {
            $0.goneNamespaces.remove(uid)
            $0.namespaces[uid] = row
        }
    }

    private func change(_ body: (inout Batch) -> Void) {
        batch.withLock { body(&$0) }
        waker.yield()
    }
}
