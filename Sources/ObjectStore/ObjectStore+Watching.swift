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

    /// Drops what the log has too of the newest events, the wire forms of the rest, and what of many objects can be read from the log: for a
    /// process that has become quiet.
    ///
    /// Each event was made among short-lived memory a hundred times its size, so that some thousand of them hold tens of megabytes of the
    /// allocator's pages. A watch that continues from before reads the log.
    package func shrink() {
        let (evicted, dropped, kept) = shared.withLock { (state) in
            (state.shrinkRing(to: Self.quietRingBytes), state.shrinkResident(to: Self.quietResidentBytes), state.ring.events)
        }
        for event in kept { event.forgetWireForms() }
        withExtendedLifetime((evicted, dropped)) {}
    }

    // What a client that lost its connection for a moment asks for.
    private static let quietRingBytes = 1 << 20
    // More than most clusters have.
    private static let quietResidentBytes = 12 << 20
}
