internal import Synchronization

/// Whether objects of a definition may come into being. Once closed nothing new enters, and who empties the kind can wait until what
/// had entered before is in the store; so no object outlives its definition. One for all versions of a definition, as long as it is
/// the same definition.
final class CreationGate: Sendable {
    private struct State {
        var isClosed = false
        var entered = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    init() {}

    /// Whether nothing new may come.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Begins a create; false when it is too late. After true ``leave()`` must follow, when the write is decided.
    func enter() -> Bool {
        state.withLock { state in
            if !state.isClosed { state.entered += 1 }
            return !state.isClosed
        }
    }

    /// Ends a create.
    func leave() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.entered -= 1
            guard state.isClosed, state.entered == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Lets nothing new come any more.
    func close() { state.withLock { $0.isClosed = true } }

    /// Closes, and returns when every create that had begun is decided. Commits always end, so this does.
    func drain() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isClosed = true
                if state.entered > 0 { state.waiting.append(continuation) }
                return state.entered == 0
            }
            if isEmpty { continuation.resume() }
        }
    }
}
