import APIMachinery
import Synchronization

/// The few pods that are wanted whole: that under the cursor, those whose log or charts are shown. What follows the table of pods keeps them
/// current; the one that nobody has asked for longest goes first.
final class KeptPods: Sendable {
    /// The most pods that are kept.
    static let limit = 16

    private struct State {
        /// Uids, the one asked for last at the end.
        var wanted: [String] = []
        var pods: [String: KubeObject] = [:]
        var changed: Set<String> = []
    }
    private let state = Mutex(State())

    /// A kept pod; nil when it is not kept.
    func get(uid: String) -> KubeObject? {
        state.withLock { state in
            guard let pod = state.pods[uid] else { return nil }
            Self.want(uid, &state)
            return pod
        }
    }

    /// A kept pod; nil when it is not kept.
    func get(namespace: String?, name: String) -> KubeObject? {
        state.withLock { state in
            guard let pod = state.pods.values.first(where: { $0.name == name && $0.namespace == namespace }) else { return nil }
            Self.want(pod.uid, &state)
            return pod
        }
    }

    /// Says that a pod is about to be read: what changes of it meanwhile is not missed.
    func want(uid: String) { state.withLock { Self.want(uid, &$0) } }

    /// Takes a pod as it was read or seen, when it is wanted and not known to be newer.
    func see(_ pod: KubeObject) {
        state.withLock { state in
            guard !state.wanted.isEmpty, state.wanted.contains(pod.uid) else { return }
            if let known = state.pods[pod.uid]?.revision, let new = pod.revision, known >= new { return }
            state.pods[pod.uid] = pod
            state.changed.insert(pod.uid)
        }
    }

    /// A pod is gone.
    func forget(uid: String) {
        state.withLock { state in
            state.wanted.removeAll { $0 == uid }
            state.pods[uid] = nil
        }
    }

    /// Another cluster is followed.
    func removeAll() { state.withLock { $0 = State() } }

    /// The kept pods that changed since the last call.
    func takeChanged() -> [KubeObject] {
        state.withLock { state in
            defer { state.changed = [] }
            return state.changed.compactMap { state.pods[$0] }
        }
    }

    private static func want(_ uid: String, _ state: inout State) {
        guard state.wanted.last != uid else { return }
        state.wanted.removeAll { $0 == uid }
        state.wanted.append(uid)
        guard state.wanted.count > limit else { return }
        state.pods[state.wanted.removeFirst()] = nil
    }
}
