internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Reminds watches to send a bookmark. One timer for all of them, which exists only while one listens.
final class BookmarkClock: Sendable {
    private struct State {
        var listeners: [UInt64: @Sendable () -> Void] = [:]
        var next: UInt64 = 0
        var isTicking = false
    }

    private let interval: Duration
    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())

    init(interval: Duration, group: MultiThreadedEventLoopGroup) {
        self.interval = interval
        self.group = group
    }

    /// Calls `remind` once per interval until the listener is removed.
    func add(_ remind: @escaping @Sendable () -> Void) -> UInt64 {
        let (id, starts) = state.withLock { state -> (UInt64, Bool) in
            state.next += 1
            state.listeners[state.next] = remind
            let starts = !state.isTicking
            state.isTicking = true
            return (state.next, starts)
        }
        if starts { schedule() }
        return id
    }

    /// Ends the reminders of one listener.
    func remove(_ id: UInt64) { state.withLock { _ = $0.listeners.removeValue(forKey: id) } }

    private func schedule() {
        group.any().scheduleTask(in: TimeAmount(interval)) { [weak self] in self?.tick() }
    }

    private func tick() {
        let listeners = state.withLock { state -> [@Sendable () -> Void] in
            if state.listeners.isEmpty { state.isTicking = false }
            return Array(state.listeners.values)
        }
        guard !listeners.isEmpty else { return }
        for remind in listeners { remind() }
        schedule()
    }
}
