internal import Synchronization

/// A clock that stands still until a test moves it; sleepers wake in the order of their deadlines.
package final class ManualTimeSource: TimeSource {
    private struct Sleeper {
        let id: UInt64
        let deadline: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        let id: UInt64
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var elapsed: Duration = .zero
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        var watchers: [Watcher] = []
    }

    private let start: Timestamp
    private let state = Mutex(State())

    /// A clock that shows `at` until it is advanced.
    package init(at start: Timestamp = Timestamp(seconds: 1_767_225_600)) { self.start = start }

    package func now() -> Timestamp { start.advanced(by: monotonic()) }

    package func monotonic() -> Duration { state.withLock { $0.elapsed } }

    /// How many tasks are asleep on this clock.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// The earliest deadline, as time from now; nil when nobody sleeps.
    package var timeToNextSleeper: Duration? {
        state.withLock { state in state.sleepers.map(\.deadline).min().map { $0 - state.elapsed } }
    }

    /// Whether a task sleeps for exactly so long from now.
    package func hasSleeper(for duration: Duration) -> Bool {
        state.withLock { state in state.sleepers.contains { $0.deadline - state.elapsed == duration } }
    }

    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        guard duration > .zero else { return }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isCancelled, reached) = state.withLock { state -> (Bool, [Watcher]) in
                    if state.cancelled.remove(id) != nil { return (true, []) }
                    let sleeper = Sleeper(id: id, deadline: state.elapsed + duration, continuation: continuation)
                    // Equal deadlines keep the order in which they went to sleep.
                    let place = state.sleepers.firstIndex { $0.deadline > sleeper.deadline } ?? state.sleepers.count
                    state.sleepers.insert(sleeper, at: place)
                    let reached = state.watchers.filter { $0.count <= state.sleepers.count }
                    state.watchers.removeAll { $0.count <= state.sleepers.count }
                    return (false, reached)
                }
                for watcher in reached { watcher.continuation.resume() }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves the clock and wakes, in order, everyone whose deadline has come; each sees the clock at its own deadline or later.
    package func advance(by duration: Duration) {
        let target = state.withLock { $0.elapsed } + duration
        while let sleeper = takeNext(until: target) { sleeper.continuation.resume() }
        state.withLock { $0.elapsed = max($0.elapsed, target) }
    }

    /// Returns once at least `count` tasks are asleep, so that a test need not guess when they got there; or when the task is cancelled.
    package func waitForSleepers(_ count: Int = 1) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.sleepers.count >= count || Task.isCancelled { return true }
                    state.watchers.append(Watcher(id: id, count: count, continuation: continuation))
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let watcher = state.withLock { state -> Watcher? in
                guard let index = state.watchers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.watchers.remove(at: index)
            }
            watcher?.continuation.resume()
        }
    }

    private func takeNext(until target: Duration) -> Sleeper? {
        state.withLock { state in
            guard let first = state.sleepers.first, first.deadline <= target else { return nil }
            state.elapsed = max(state.elapsed, first.deadline)
            return state.sleepers.removeFirst()
        }
    }
}
