extension ObjectStore {
    /// A watch of the changes after `revision` (nil: of those to come) to objects whose keys start with `prefix`.
    ///
    /// With the revision of a list it continues that list. Throws `compacted` when changes after `revision` may have been deleted, and
    /// `futureRevision`.
    package func watch(prefix: String, from revision: Int64?) throws(StoreError) -> StoreWatch {
        let position = try shared.withLock { (state) throws(StoreError) in
            if state.isClosed { throw .closed }
            let position = revision ?? state.revision
            guard position <= state.revision else { throw .futureRevision(current: state.revision) }
            guard position >= state.compacted else { throw .compacted(oldest: state.compacted) }
            return position
        }
        return StoreWatch(cursor: WatchCursor(prefix: prefix, position: position), shared: shared, readers: readers)
    }

    /// Drops the wire forms of events that watches have been sent: for a process that has become quiet.
    package func forgetWireForms() {
        for event in shared.withLock({ $0.ring.events }) { event.forgetWireForms() }
    }
}
