internal import Synchronization

/// What a watch is told besides the store's changes, and who waits for any of it. From any thread.
///
/// It stands beside the stream, so that clocks which outlive a reader hold this little and not the watch.
final class WatchSignals: Sendable {
    /// What is due.
    struct Due {
        var isBookmarkDue = false
        var isTimeUp = false
    }

    private struct State {
        var due = Due()
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Notes what is due, and wakes who waits.
    func remind(_ change: @Sendable (inout Due) -> Void) {
        let wake = state.withLock { state in
            change(&state.due)
            return state.wake.take()
        }
        wake?()
    }

    /// Wakes who waits, if anybody does.
    func fire() {
        let wake = state.withLock { $0.wake.take() }
        wake?()
    }

    /// What is due; a bookmark is asked for once, and the end stays.
    func take() -> Due {
        state.withLock { state in
            defer { state.due.isBookmarkDue = false }
            return state.due
        }
    }

    /// Whether there is something to do besides looking into the store.
    func isDue(allowsBookmarks: Bool) -> Bool { state.withLock { Self.isDue($0.due, allowsBookmarks) } }

    /// Keeps `wake` for the next signal, in place of an earlier one; false when something is due already.
    func arm(_ wake: @escaping @Sendable () -> Void, allowsBookmarks: Bool) -> Bool {
        state.withLock { state in
            if Self.isDue(state.due, allowsBookmarks) { return false }
            state.wake = wake
            return true
        }
    }

    private static func isDue(_ due: Due, _ allowsBookmarks: Bool) -> Bool { due.isTimeUp || due.isBookmarkDue && allowsBookmarks }
}
