import Synchronization

/// Where a watch stands. Read and changed under the lock of `SharedState` only; the atomics make the class safe to share, not the order.
final class WatchCursor: Sendable {
    let prefix: String
    private let positionValue: Atomic<Int64>
    private let waiting = Atomic<Bool>(false)
    private let cancelled = Atomic<Bool>(false)

    init(prefix: String, position: Int64) {
        self.prefix = prefix
        positionValue = Atomic(position)
    }

    /// Every matching event up to here has been delivered.
    var position: Int64 {
        get { positionValue.load(ordering: .relaxed) }
        set { positionValue.store(newValue, ordering: .relaxed) }
    }

    /// Whether the cursor is among the waiters, which means that nothing above its position concerns it so far.
    var isWaiting: Bool {
        get { waiting.load(ordering: .relaxed) }
        set { waiting.store(newValue, ordering: .relaxed) }
    }

    /// Whether the watch has ended.
    var isCancelled: Bool {
        get { cancelled.load(ordering: .relaxed) }
        set { cancelled.store(newValue, ordering: .relaxed) }
    }
}
