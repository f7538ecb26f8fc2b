extension ObjectStore {
    // A version can leave the log between the look at the index and the read when the clock jumps; the next look finds its successor.
    private static let attempts = 3

    /// The current version of `key`; nil when there is none. From any thread, some microseconds at most.
    package func get(_ key: ObjectKey) throws(StoreError) -> StoredObject? {
        var lastTried: Int64 = 0
        for _ in 0..<Self.attempts {
            let entry = try shared.withLock { (state) throws(StoreError) in
                if state.isClosed { throw .closed }
                return state.index[key]
            }
            guard let entry else { return nil }
            if let object = entry.object { return object }
            lastTried = entry.revision
            let found = try readers.read { (log) throws(SQLiteError) in try log.object(key, at: entry.revision) }
            if let found {
                shared.withLock { $0.remember([found]) }
                return found
            }
        }
        throw .missing(key, lastTried, path: path)
    }

    /// The version of `key` that was current at `revision`; nil when there was none.
    ///
    /// Older than the watch history only archived versions are left, and `compacted` is thrown when there is none as old.
    package func get(_ key: ObjectKey, at revision: Int64) throws(StoreError) -> StoredObject? {
        let (entry, compacted) = try shared.withLock { (state) throws(StoreError) in
            if state.isClosed { throw .closed }
            guard revision <= state.revision else { throw .futureRevision(current: state.revision) }
            return (state.index[key], state.compacted)
        }
        if let entry, entry.revision <= revision, let object = entry.object { return object }
        let isArchived = revision < compacted
        let version = try readers.read { (log) throws(SQLiteError) in
            try log.newest(key, at: revision, isArchived: isArchived && (entry?.durableRevision ?? .max) > revision)
        }
        switch version {
        case .object(let object): return object
        case .deleted: return nil
        case .none where isArchived: throw .compacted(oldest: compacted)
        case .none: return nil
        }
    }

    /// The objects whose keys start with `prefix`, in key order: those after the key `after`, `limit` of them at most.
    ///
    /// Without `revision` the list is of now. With the revision of a list whose first page was read before, it goes on as of then,
    /// holding nothing in between; throws `compacted` when that is older than the watch history.
    package func list(
        prefix: String, after: String? = nil, limit: Int? = nil, at revision: Int64? = nil
    ) throws(StoreError) -> Listing {
        for _ in 0..<Self.attempts {
            let view = try ListView.take(of: self, prefix: prefix, at: revision)
            let page = view.page(after: after, limit: limit)
            if let items = try load(page.slots) {
                return Listing(items: items, revision: view.revision, remaining: page.remaining)
            }
        }
        let compacted = shared.withLock { $0.compacted }
        throw .compacted(oldest: compacted)
    }

    /// The objects of `slots`, those not in memory from the log; nil when one has left it meanwhile.
    private func load(_ slots: [ListView.Slot]) throws(StoreError) -> [StoredObject]? {
        var objects: [StoredObject] = []
        objects.reserveCapacity(slots.count)
        guard slots.contains(where: { $0.isInLog }) else {
            for case .object(let object) in slots { objects.append(object) }
            return objects
        }
        var loaded: [StoredObject] = []
        let isComplete = try readers.read { (log) throws(SQLiteError) in
            for slot in slots {
                switch slot {
                case .object(let object): objects.append(object)
                case .logged(let key, let revision):
                    guard let object = try log.object(key, at: revision) else { return false }
                    loaded.append(object)
                    objects.append(object)
                }
            }
            return true
        }
        shared.withLock { $0.remember(loaded) }
        return isComplete ? objects : nil
    }
}
