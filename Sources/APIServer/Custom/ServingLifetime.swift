internal import Synchronization

/// How long an endpoint that was made at run time is served; watches of it end with it.
final class ServingLifetime: Sendable {
    private struct State {
        var hasEnded = false
        var next: UInt64 = 0
        var waiting: [UInt64: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    init() {}

    /// Calls `action` once when the endpoint is no more served, at once when that is so already. Returns what ``remove(_:)`` takes.
    func onEnd(_ action: @escaping @Sendable () -> Void) -> UInt64 {
        let id = state.withLock { state -> UInt64? in
            guard !state.hasEnded else { return nil }
            state.next += 1
            state.waiting[state.next] = action
            return state.next
        }
        if id == nil { action() }
        return id ?? 0
    }

    /// Forgets an action.
    func remove(_ id: UInt64) { state.withLock { _ = $0.waiting.removeValue(forKey: id) } }

    /// Ends it.
    func end() {
        let actions = state.withLock { state -> [@Sendable () -> Void] in
            state.hasEnded = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for action in actions { action() }
    }
}
