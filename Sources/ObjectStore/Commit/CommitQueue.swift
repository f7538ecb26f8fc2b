import Synchronization

/// The writes that wait for the committer.
final class CommitQueue: Sendable {
    private struct State {
        var waiting: [Submission] = []
        var isClosed = false
    }

    // A batch is answered as a whole: these keep the wait for it short.
    private static let batchBytes = 8 << 20
    private static let batchCount = 1024

    private let state = Mutex(State())
    private let changed = WakeSemaphore()

    /// Adds a submission; false when the queue is closed.
    func add(_ submission: Submission) -> Bool {
        let (isAdded, wasEmpty) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.waiting.append(submission)
            return (true, state.waiting.count == 1)
        }
        if wasEmpty { changed.signal() }
        return isAdded
    }

    /// Refuses further submissions; those that wait are still taken.
    func close() {
        state.withLock { $0.isClosed = true }
        changed.signal()
    }

    /// Whether nobody waits.
    var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

    /// Takes what waits, oldest first, up to the size of a batch; blocks while there is nothing. Nil once closed and empty.
    func take() -> [Submission]? {
        while true {
            let (batch, isClosed) = state.withLock { (takeBatch(&$0), $0.isClosed) }
            if !batch.isEmpty { return batch }
            if isClosed { return nil }
            changed.wait()
        }
    }

    private func takeBatch(_ state: inout State) -> [Submission] {
        var size = 0
        var count = 0
        for submission in state.waiting.prefix(Self.batchCount) {
            if count > 0 && size + submission.size > Self.batchBytes { break }
            size += submission.size
            count += 1
        }
        if count == state.waiting.count {
            defer { state.waiting = [] }
            return state.waiting
        }
        defer { state.waiting.removeFirst(count) }
        return Array(state.waiting[..<count])
    }
}
