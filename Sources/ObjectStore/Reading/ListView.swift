/// The objects with a prefix as they were at one revision: the index of now, with what has changed since taken back.
struct ListView {
    /// An item of a page.
    enum Slot {
        case object(StoredObject)
        /// Its bytes are in the log only.
        case logged(ObjectKey, Int64)

        var isInLog: Bool {
            if case .logged = self { true } else { false }
        }

        var key: ObjectKey {
            switch self {
            case .object(let object): object.key
            case .logged(let key, _): key
            }
        }
    }

    /// What the view is of.
    let revision: Int64

    private let prefix: String
    private let index: KeyIndex
    // What was there then of every key that has changed since; nil for an object that was not there.
    private let changed: [ObjectKey: Slot?]

    /// The view of now, or of `revision`.
    static func take(of store: ObjectStore, prefix: String, at revision: Int64?) throws(StoreError) -> ListView {
        let (index, now, fromRing) = try store.shared.withLock { (state) throws(StoreError) in
            if state.isClosed { throw .closed }
            let revision = revision ?? state.revision
            guard revision <= state.revision else { throw .futureRevision(current: state.revision) }
            guard revision >= state.compacted else { throw .compacted(oldest: state.compacted) }
            return (state.index, state.revision, Self.changes(in: state.ring, after: revision, prefix: prefix))
        }
        guard let revision, revision < now else { return ListView(revision: now, prefix: prefix, index: index, changed: [:]) }
        if let fromRing { return ListView(revision: revision, prefix: prefix, index: index, changed: fromRing) }
        let fromLog = try Self.changes(in: store, range: (revision + 1)...now, prefix: prefix)
        let oldest = store.shared.withLock { $0.compacted }
        guard revision >= oldest else { throw .compacted(oldest: oldest) }
        return ListView(revision: revision, prefix: prefix, index: index, changed: fromLog)
    }

    private static func changes(in ring: EventRing, after revision: Int64, prefix: String) -> [ObjectKey: Slot?]? {
        guard revision >= ring.floor else { return nil }
        var changed: [ObjectKey: Slot?] = [:]
        _ = ring.scan(after: revision, limit: .max) { event in
            let key = event.object.key
            if key.hasPrefix(prefix) && changed[key] == nil {
                changed.updateValue(event.previousObject.map { .object($0) }, forKey: key)
            }
            return true
        }
        return changed
    }

    private static func changes(
        in store: ObjectStore, range: ClosedRange<Int64>, prefix: String
    ) throws(StoreError) -> [ObjectKey: Slot?] {
        var changed: [ObjectKey: Slot?] = [:]
        try store.readers.read { (log) throws(SQLiteError) in
            try log.changes(in: range, prefix: prefix) { change in
                if changed[change.key] != nil { return }
                changed.updateValue(change.previous == 0 ? nil : .logged(change.key, change.previous), forKey: change.key)
            }
        }
        // What changed in memory only is as the log last had it.
        for entry in store.shared.withLock({ $0.volatileEntries(prefix: prefix) }) where changed[entry.key] == nil {
            if range.contains(entry.revision) { changed[entry.key] = .logged(entry.key, entry.durableRevision) }
        }
        return changed
    }

    /// The objects after `after`, at most `limit`, and how many follow them.
    func page(after: String?, limit: Int?) -> (slots: [Slot], remaining: Int) {
        let range = index.range(prefix: prefix, after: after)
        let changedHere = changed.filter { key, _ in after.map { key.string.compareBytes(with: $0) > 0 } ?? true }
        // Objects that are gone now but were there then.
        let gone = changedHere.compactMap { key, slot in index[key] == nil ? slot : nil }.sorted { $0.key < $1.key }
        let notYetThere = changedHere.count { key, slot in slot == nil && index[key] != nil }
        let total = index.count(in: range) + gone.count - notYetThere

        let limit = limit.map { max($0, 0) } ?? total
        var slots: [Slot] = []
        slots.reserveCapacity(min(limit, total))
        var position = range.lowerBound
        var goneLeft = gone[...]
        var entry = index.next(&position, end: range.upperBound)
        while slots.count < limit {
            if let first = goneLeft.first, entry.map({ first.key < $0.key }) ?? true {
                slots.append(first)
                goneLeft.removeFirst()
            } else if let present = entry {
                if let slot = slot(of: present) { slots.append(slot) }
                entry = index.next(&position, end: range.upperBound)
            } else {
                break
            }
        }
        return (slots, total - slots.count)
    }

    private func slot(of entry: IndexEntry) -> Slot? {
        if !changed.isEmpty, let slot = changed[entry.key] { return slot }
        return entry.object.map { .object($0) } ?? .logged(entry.key, entry.revision)
    }
}
