/// Keys by the time they are due, the earliest first; each key at most once, at its earliest time.
struct DelayHeap<Key: Hashable & Sendable>: Sendable {
    private var heap: [(deadline: Duration, key: Key)] = []
    private var deadlines: [Key: Duration] = [:]

    var isEmpty: Bool { deadlines.isEmpty }

    /// The earliest deadline.
    var earliest: Duration? {
        heap.first?.deadline
    }

    /// Adds a key. Returns whether this made the earliest deadline earlier.
    mutating func add(_ key: Key, _ deadline: Duration) -> Bool {
        if let present = deadlines[key], present <= deadline { return false }
        let before = earliest
        deadlines[key] = deadline
        heap.append((deadline, key))
        siftUp(heap.count - 1)
        return before.map { deadline < $0 } ?? true
    }

    /// Removes and returns a key that is due.
    mutating func popDue(_ now: Duration) -> Key? {
        while let top = heap.first, top.deadline <= now || deadlines[top.key] != top.deadline {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            siftDown(0)
            // An entry that a later, earlier addition has replaced is only dropped.
            guard deadlines[top.key] == top.deadline else { continue }
            deadlines[top.key] = nil
            return top.key
        }
        return nil
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        while place > 0, heap[place].deadline < heap[(place - 1) / 2].deadline {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        while true {
            var smallest = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].deadline < heap[smallest].deadline {
                smallest = child
            }
            if smallest == place { return }
            heap.swapAt(place, smallest)
            place = smallest
        }
    }
}
