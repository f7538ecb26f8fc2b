import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel
import Synchronization

/// Follows a cluster's namespaces, and says how the screen stands with the cluster: by them and by its pods, whose table tells
/// ``note(pods:)``. Gathers what changed, as finished rows, until the screen takes it.
final class ClusterFeed: Sendable {
    /// What changed since the last look; of one object only the newest state.
    struct Batch: Sendable {
        var namespaces: [String: NamespaceRow] = [:]
        var goneNamespaces: Set<String> = []
        /// Whether ``ClusterFeed/state`` may have changed.
        var isStateChanged = false
        /// Whether it is known which namespaces there are, or that this cannot be known; all that are known have been taken.
        var knowsNamespaces = false
    }

    private struct State {
        var batch = Batch()
        var pods = InformerState.starting
    }

    let namespaces: Informer
    /// Tells that there is something to take; one tell stands for any number of changes.
    let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let shared = Mutex(State())

    init(client: KubeClient, time: any TimeSource) {
        namespaces = Informer(client: client, resource: Namespace.resource, time: time)
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        namespaces.addHandler { [weak self] in self?.note(namespace: $0) }
        namespaces.addStateHandler { [weak self] _ in self?.change { $0.batch.isStateChanged = true } }
    }

    /// Follows until the task is cancelled.
    func run() async { await namespaces.run() }

    /// Says how the table of pods stands with the server.
    func note(pods state: InformerState) {
        change { shared in
            guard shared.pods != state else { return }
            shared.pods = state
            shared.batch.isStateChanged = true
        }
    }

    /// How the panes stand with the server: failing when either does, following when both do. What the user may not read is no failure of
    /// the connection.
    var state: InformerState {
        let states = [shared.withLock { $0.pods }, namespaces.state].map { $0.isRefusal ? .following : $0 }
        for case .failing(let status) in states { return .failing(status) }
        return states.allSatisfy { $0 == .following } ? .following : .starting
    }

    /// What changed since the last call.
    func take() -> Batch {
        // Looked at first: what comes after may be missing in the batch.
        let knowsNamespaces = namespaces.hasSynced || namespaces.state.isRefusal
        return shared.withLock { shared in
            defer { shared.batch = Batch() }
            shared.batch.knowsNamespaces = knowsNamespaces
            return shared.batch
        }
    }

    private func note(namespace event: InformerEvent) {
        let uid = event.object.uid
        if case .deleted = event {
            return change {
                $0.batch.namespaces[uid] = nil
                $0.batch.goneNamespaces.insert(uid)
            }
        }
        let row = NamespaceRow(Namespace(event.object))
        change {
            $0.batch.goneNamespaces.remove(uid)
            $0.batch.namespaces[uid] = row
        }
    }

    private func change(_ body: (inout State) -> Void) {
        shared.withLock { body(&$0) }
        waker.yield()
    }
}

extension InformerState {
    /// Whether the user may not read what is followed.
    var isRefusal: Bool {
        if case .failing(let status) = self { return status.code == 403 }
        return false
    }
}
