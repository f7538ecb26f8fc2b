/// The newest events, in revision order, bounded by bytes and by age.
struct EventRing: Sendable {
    private struct Slot {
        var event: StoreEvent?
        let size: Int
        let time: Duration
    }

    /// What an event costs besides its bytes.
    private static let overhead = 256

    private let maximumBytes: Int
    private let maximumAge: Duration
    private var slots: [Slot] = []
    private var head = 0

    /// What the events weigh, their shared wire form counted in advance.
    private(set) var bytes = 0

    /// Every event above this revision is here, none at or below it.
    private(set) var floor: Int64

    /// An empty ring of a store that is at revision `floor`.
    init(maximumBytes: Int, maximumAge: Duration, floor: Int64) {
        self.maximumBytes = maximumBytes
        self.maximumAge = maximumAge
        self.floor = floor
    }

    /// All of them, oldest first.
    var events: [StoreEvent] { slots[head...].compactMap(\.event) }

    /// How many events are here.
    var count: Int { slots.count - head }

    /// Adds an event with a revision above all others at monotonic `time`, and moves those that have to leave to `evicted`, which the
    /// caller releases outside its lock.
    mutating func append(_ event: StoreEvent, time: Duration, evicted: inout [StoreEvent]) {
        let size = Self.overhead + 2 * event.object.bytes.count + (event.previous?.count ?? 0)
        slots.append(Slot(event: event, size: size, time: time))
        bytes += size
        while head < slots.count, bytes > maximumBytes || time - slots[head].time > maximumAge { evictOldest(&evicted) }
        // Moving the rest down costs less than the events that went have brought in.
        if head > 256 && head > slots.count / 2 {
            slots.removeFirst(head)
            head = 0
        }
    }

    /// Moves the oldest events to `evicted` until the rest weighs at most `limit` bytes, and takes no more room than the rest needs.
    mutating func shrink(to limit: Int, evicted: inout [StoreEvent]) {
        while head < slots.count, bytes > limit { evictOldest(&evicted) }
        slots = Array(slots[head...])
        head = 0
    }

    private mutating func evictOldest(_ evicted: inout [StoreEvent]) {
        guard let oldest = slots[head].event else { preconditionFailure("slots from the head on have events") }
        evicted.append(oldest)
        floor = oldest.revision
        bytes -= slots[head].size
        slots[head].event = nil
        head += 1
    }

    /// Looks at up to `limit` events above `revision`, oldest first, until `body` returns false; returns the last revision looked at.
    func scan(after revision: Int64, limit: Int, _ body: (StoreEvent) -> Bool) -> Int64 {
        let living = slots[head...]
        var index = living.partitioningIndex { ($0.event?.revision ?? 0) > revision }
        let end = index + min(living.endIndex - index, limit)
        var last = revision
        while index < end, let event = living[index].event {
            last = event.revision
            index += 1
            if !body(event) { break }
        }
        return last
    }
}
