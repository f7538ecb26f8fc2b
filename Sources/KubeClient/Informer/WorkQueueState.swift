/// What a ``WorkQueue`` remembers. Its methods return the waiters to wake once the lock is left.
struct WorkQueueState<Key: Hashable & Sendable>: Sendable {
    struct Waiter: Sendable {
        let id: Int
        let resume: SingleResume
    }

    /// What a worker is to do.
    enum Step {
        case key(Key)
        case wait(until: Duration?)
        case over
    }

    /// Keys that wait, from `first` on.
    var ready: [Key] = []
    var first = 0
    /// Keys that are in `ready`, or were added while they are active.
    var waiting: Set<Key> = []
    var active: Set<Key> = []
    var failures: [Key: Int] = [:]
    var delayed = DelayHeap<Key>()
    var waiters: [Waiter] = []
    var nextWaiter = 0
    var isShutDown = false

    mutating func step(now: Duration) -> (Step, [Waiter]) {
        if isShutDown { return (.over, []) }
        var woken: [Waiter] = []
        while let key = delayed.popDue(now) { woken += add(key) }
        guard first < ready.count else { return (.wait(until: delayed.earliest), woken) }
        let key = ready[first]
        first += 1
        if first == ready.count || first > 1024 {
            ready.removeFirst(first)
            first = 0
        }
        waiting.remove(key)
        active.insert(key)
        return (.key(key), woken)
    }

    mutating func add(_ key: Key) -> [Waiter] {
        guard !isShutDown, waiting.insert(key).inserted, !active.contains(key) else { return [] }
        ready.append(key)
        return takeWaiter()
    }

    mutating func takeWaiter() -> [Waiter] {
        waiters.isEmpty ? [] : [waiters.removeFirst()]
    }

    func hasWork(now: Duration) -> Bool {
        isShutDown || first < ready.count || delayed.earliest.map { $0 <= now } ?? false
    }
}
