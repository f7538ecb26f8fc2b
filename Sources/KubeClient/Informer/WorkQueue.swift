package import LinuxKernel
import Synchronization

/// Keys waiting to be worked on. A key waits at most once, is worked on by one worker at a time, and one that is added while it is
/// worked on waits until that is done. Source: client-go util/workqueue.
package final class WorkQueue<Key: Hashable & Sendable>: Sendable {
    private let time: any TimeSource
    private let firstDelay: Duration
    private let maximumDelay: Duration
    private let shared = Mutex(WorkQueueState<Key>())

    /// A queue whose rate-limited keys come back after `firstDelay`, doubling with each failure up to `maximumDelay`.
    package init(time: any TimeSource, firstDelay: Duration = .milliseconds(5), maximumDelay: Duration = .seconds(1000)) {
        self.time = time
        self.firstDelay = firstDelay
        self.maximumDelay = maximumDelay
    }

    /// The number of keys that are ready and wait.
    package var count: Int { shared.withLock { $0.ready.count - $0.first } }

    /// Whether nothing is ready, being worked on or delayed.
    package var isIdle: Bool { shared.withLock { $0.waiting.isEmpty && $0.active.isEmpty && $0.delayed.isEmpty } }

    /// Adds a key; does nothing when it waits already.
    package func add(_ key: Key) {
        wake(shared.withLock { $0.add(key) })
    }

    /// Adds a key after a delay; the earliest of several delays counts.
    package func add(_ key: Key, after delay: Duration) {
        guard delay > .zero else { return add(key) }
        let deadline = time.monotonic() + delay
        let woken = shared.withLock { state -> [WorkQueueState<Key>.Waiter] in
            guard !state.isShutDown, state.delayed.add(key, deadline) else { return [] }
            // Someone must sleep until the new, earlier deadline.
            return state.takeWaiter()
        }
        wake(woken)
    }

    /// Adds a key after the pause its failures so far have earned, and counts one more.
    package func addRateLimited(_ key: Key) {
        let failures = shared.withLock { state in
            let failures = state.failures[key, default: 0]
            state.failures[key] = failures + 1
            return failures
        }
        add(key, after: failures < 40 ? min(firstDelay * (1 << failures), maximumDelay) : maximumDelay)
    }

    /// Forgets a key's failures.
    package func forget(_ key: Key) {
        shared.withLock { $0.failures[key] = nil }
    }

    /// How often a key has failed since it was last forgotten.
    package func failures(of key: Key) -> Int {
        shared.withLock { $0.failures[key] ?? 0 }
    }

    /// The next key to work on; call ``done(_:)`` when it is worked off. Nil when the queue is shut down or the task is cancelled.
    package func next() async -> Key? {
        while true {
            let (step, woken) = shared.withLock { $0.step(now: time.monotonic()) }
            wake(woken)
            switch step {
            case .key(let key):
                guard Task.isCancelled else { return key }
                giveBack(key)
                return nil
            case .over: return nil
            case .wait(let deadline):
                guard !Task.isCancelled else {
                    // The wake-up that brought us here belongs to another worker now.
                    wake(shared.withLock { $0.takeWaiter() })
                    return nil
                }
                await pause(until: deadline)
            }
        }
    }

    /// Says that a key is worked off; it becomes ready again when it was added meanwhile.
    package func done(_ key: Key) {
        let woken = shared.withLock { state -> [WorkQueueState<Key>.Waiter] in
            guard state.active.remove(key) != nil, state.waiting.contains(key) else { return [] }
            state.ready.append(key)
            return state.takeWaiter()
        }
        wake(woken)
    }

    /// Ends the queue: waiting workers get nil, later keys are ignored.
    package func shutDown() {
        let woken = shared.withLock { state -> [WorkQueueState<Key>.Waiter] in
            state.isShutDown = true
            defer { state.waiters = [] }
            return state.waiters
        }
        wake(woken)
    }

    /// Works keys off with `workers` tasks until the task is cancelled or the queue shut down. `process` says when the key is due again.
    package func run(workers: Int, _ process: @escaping @Sendable (Key) async -> WorkOutcome) async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<workers {
                group.addTask {
                    while let key = await self.next() {
                        let outcome = await process(key)
                        self.settle(key, outcome)
                    }
                }
            }
        }
    }

    private func settle(_ key: Key, _ outcome: WorkOutcome) {
        switch outcome {
        case .done: forget(key)
        case .again(let delay):
            forget(key)
            add(key, after: delay)
        case .failed: addRateLimited(key)
        }
        done(key)
    }

    private func giveBack(_ key: Key) {
        done(key)
        add(key)
    }

    private func pause(until deadline: Duration?) async {
        guard let deadline else { return await waitForWake() }
        let delay = deadline - time.monotonic()
        await withTaskGroup { group in
            group.addTask { try? await self.time.sleep(for: delay) }  // cancelled when the wake-up comes first
            group.addTask { await self.waitForWake() }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForWake() async {
        let id = shared.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resume = SingleResume(continuation)
                let isNeeded = shared.withLock { state -> Bool in
                    if state.hasWork(now: time.monotonic()) || Task.isCancelled { return false }
                    state.waiters.append(WorkQueueState<Key>.Waiter(id: id, resume: resume))
                    return true
                }
                if !isNeeded { resume.resume() }
            }
        } onCancel: {
            let waiter = shared.withLock { state -> WorkQueueState<Key>.Waiter? in
                guard let place = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: place)
            }
            waiter?.resume.resume()
        }
    }

    private func wake(_ waiters: [WorkQueueState<Key>.Waiter]) {
        for waiter in waiters { waiter.resume.resume() }
    }
}

/// What became of a key that was worked on.
package enum WorkOutcome: Sendable, Hashable {
    /// It is worked off; its failures are forgotten.
    case done
    /// It is worked off for now and due again after a while; its failures are forgotten.
    case again(after: Duration)
    /// It failed; it comes back after a growing pause.
    case failed
}
