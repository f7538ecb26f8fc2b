/// What is true now: the objects that exist, the newest events and who waits for the next one. Guarded by `SharedState`.
struct CurrentState {
    /// One effect of a committed batch.
    struct Change {
        let event: StoreEvent
        /// The entry the object has afterwards; nil when it is gone.
        let entry: IndexEntry?
    }

    /// What a batch of changes leaves to be done outside the lock.
    struct Aftermath {
        var wakes: [WaiterTable.Wake] = []
        // Kept only so that the memory is freed by whoever drops this.
        fileprivate var evicted: [StoreEvent] = []
        fileprivate var replaced: [Bytes] = []
    }

    /// The objects that exist. Its entries hold their bytes as far as the budget allows.
    private(set) var index: KeyIndex

    /// The newest revision that can be seen.
    private(set) var revision: Int64

    /// Events up to this revision may be gone from the log.
    var compacted: Int64

    /// From when on the history of objects is kept.
    var reach: HistoryReach

    /// The newest events.
    private(set) var ring: EventRing

    /// Who waits.
    var waiters = WaiterTable()

    /// Whether the store has been closed.
    var isClosed = false

    // Objects whose current version is in memory only.
    private var volatileKeys: Set<ObjectKey> = []
    /// What the bytes of current objects weigh that are in memory.
    private(set) var residentBytes = 0
    private let maximumResidentBytes: Int
    private var hand = 0

    init(index: KeyIndex, revision: Int64, compacted: Int64, reach: HistoryReach, ring: EventRing, maximumResidentBytes: Int) {
        self.index = index
        self.revision = revision
        self.compacted = compacted
        self.reach = reach
        self.ring = ring
        self.maximumResidentBytes = maximumResidentBytes
    }

    /// Makes a committed batch visible, at monotonic `time`.
    mutating func apply(_ changes: [Change], time: Duration) -> Aftermath {
        var aftermath = Aftermath()
        for change in changes {
            let object = change.event.object
            let replaced = change.entry.map { index.set($0) } ?? index.remove(object.key)
            if let bytes = replaced?.bytes {
                residentBytes -= bytes.count
                aftermath.replaced.append(bytes)
            }
            residentBytes += change.entry?.bytes?.count ?? 0
            if change.entry?.isVolatile == true { volatileKeys.insert(object.key) } else { volatileKeys.remove(object.key) }
            revision = object.revision
            ring.append(change.event, time: time, evicted: &aftermath.evicted)
            waiters.take(key: object.key, revision: object.revision, into: &aftermath.wakes)
        }
        makeRoom(maximumResidentBytes, &aftermath.replaced)
        return aftermath
    }

    /// Leaves only the newest events, of at most `limit` bytes, and returns the others, which the caller releases outside the lock.
    mutating func shrinkRing(to limit: Int) -> [StoreEvent] {
        var evicted: [StoreEvent] = []
        ring.shrink(to: limit, evicted: &evicted)
        return evicted
    }

    /// Drops bytes that the log has too until what is left is at most `limit` bytes, and returns them: the caller releases them outside the lock.
    mutating func shrinkResident(to limit: Int) -> [Bytes] {
        var dropped: [Bytes] = []
        makeRoom(limit, &dropped)
        return dropped
    }

    /// Keeps bytes that were read from the log, as far as they are still current and there is room.
    mutating func remember(_ objects: [StoredObject]) {
        for object in objects where residentBytes + object.bytes.count <= maximumResidentBytes {
            var isKept = false
            _ = index.update(object.key) { entry in
                guard entry.revision == object.revision, entry.bytes == nil else { return }
                entry = IndexEntry(object, durableRevision: entry.durableRevision)
                isKept = true
            }
            if isKept { residentBytes += object.bytes.count }
        }
    }

    /// The objects with `prefix` whose current version is in memory only.
    func volatileEntries(prefix: String) -> [IndexEntry] {
        volatileKeys.filter { $0.hasPrefix(prefix) }.compactMap { index[$0] }
    }

    // Drops bytes that the log has too, a chunk at a time, until the rest fits.
    private mutating func makeRoom(_ limit: Int, _ dropped: inout [Bytes]) {
        var chunks = index.chunkCount
        while residentBytes > limit && chunks > 0 {
            chunks -= 1
            hand += 1
            index.sweep(chunk: hand) { entry in
                guard !entry.isVolatile, let bytes = entry.bytes else { return }
                residentBytes -= bytes.count
                dropped.append(bytes)
                entry.bytes = nil
            }
        }
    }
}
