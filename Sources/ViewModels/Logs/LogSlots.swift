/// A bounded number of streams: who comes later waits for one to end.
@MainActor final class LogSlots {
    let count: Int
    private var used = 0
    private var waiting: [(id: Int, turn: AsyncStream<Void>.Continuation)] = []
    private var nextID = 0

    init(count: Int) { self.count = count }

    /// Takes a slot if one is free.
    func acquireNow() -> Bool {
        guard used < count else { return false }
        used += 1
        return true
    }

    /// Waits for a slot; false when the task is cancelled before.
    func acquire() async -> Bool {
        if acquireNow() { return true }
        nextID += 1
        let id = nextID
        let (stream, turn) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        waiting.append((id, turn))
        for await _ in stream { return true }
        // The turn may have come in the moment of the cancellation: it goes to the next.
        if waiting.contains(where: { $0.id == id }) { waiting.removeAll { $0.id == id } } else { release() }
        return false
    }

    /// Gives a slot back.
    func release() {
        guard !waiting.isEmpty else {
            used -= 1
            return
        }
        waiting.removeFirst().turn.yield()
    }
}
