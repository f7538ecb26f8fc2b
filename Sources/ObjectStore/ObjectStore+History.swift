package import LinuxKernel

extension ObjectStore {
    /// How far back what is kept reaches.
    package struct Kept: Sendable, Hashable {
        /// Every version that was current after this moment is there.
        package let states: Timestamp

        /// Every version but those that only a write of the status made.
        package let archive: Timestamp
    }

    /// How far back what is kept reaches; the beginning of time when nothing was forgotten yet.
    package var kept: Kept {
        let reach = shared.withLock { $0.reach }
        return Kept(states: LogTime.timestamp(reach.states), archive: LogTime.timestamp(reach.archive))
    }

    /// The versions of `key` that are kept and older than the revision `before`, newest first: at most `limit`, and no more than `bytes`
    /// of JSON but for the first.
    package func history(
        of key: ObjectKey, before: Int64 = .max, limit: Int = 100, bytes: Int = 8 << 20
    ) throws(StoreError) -> [ObjectVersion] {
        let current = try shared.withLock { (state) throws(StoreError) in
            if state.isClosed { throw .closed }
            return state.index[key]?.durableRevision ?? 0
        }
        return try readers.read { (log) throws(SQLiteError) in
            try log.versions(of: key, current: current, before: before, limit: max(limit, 0), bytes: bytes)
        }
    }

    /// The writes of objects whose keys start with `prefix` after a moment and before the revision `before`, newest first, at most `limit`
    /// and no more than `bytes` of JSON but for the first. Of what was written in memory only nothing is known.
    package func changes(
        prefix: String, since: Timestamp, before: Int64 = .max, _ filter: ChangeFilter = .all, limit: Int = 500, bytes: Int = 8 << 20
    ) throws(StoreError) -> [ObjectVersion] {
        try checkOpen()
        let start = LogTime.integer(since)
        return try readers.read { (log) throws(SQLiteError) in
            try log.changes(
                prefix: prefix, after: try log.revision(at: start), before: before, filter, limit: max(limit, 0), bytes: bytes)
        }
    }

    /// The newest revision at a moment; 0 when nothing was written by then.
    package func revision(at moment: Timestamp) throws(StoreError) -> Int64 {
        try checkOpen()
        return try readers.read { (log) throws(SQLiteError) in try log.revision(at: LogTime.integer(moment)) }
    }

    /// When the newest kept version at or before a revision was written; nil when nothing was.
    package func time(of revision: Int64) throws(StoreError) -> Timestamp? {
        try checkOpen()
        return try readers.read { (log) throws(SQLiteError) in try log.time(atOrBefore: revision) }.map(LogTime.timestamp)
    }

    /// The objects whose keys start with `prefix` as they were at a revision, from what is kept: a page as ``list(prefix:after:limit:at:)``
    /// has it, further back than changes can be watched. Of versions that only status writes made those are there that ``kept`` says.
    ///
    /// Throws `compacted` when archived versions of that moment may be gone, and `futureRevision`.
    package func past(prefix: String, at revision: Int64, after: String? = nil, limit: Int? = nil) throws(StoreError) -> Listing {
        let (now, compacted) = try shared.withLock { (state) throws(StoreError) in
            if state.isClosed { throw .closed }
            return (state.revision, state.compacted)
        }
        guard revision <= now else { throw .futureRevision(current: now) }
        let page = try readers.read { (log) throws(SQLiteError) in
            (try log.past(prefix: prefix, at: revision, after: after, limit: limit), try log.time(after: revision))
        }
        // Looked at after the read: what was forgotten meanwhile is missing in it.
        let reach = shared.withLock { $0.reach }
        if let end = page.1, end <= reach.archive { throw .compacted(oldest: compacted) }
        return Listing(items: page.0.items, revision: revision, remaining: page.0.remaining)
    }

    private func checkOpen() throws(StoreError) {
        if shared.withLock({ $0.isClosed }) { throw .closed }
    }
}

/// Which writes a history of changes tells.
package enum ChangeFilter: Sendable, Hashable {
    /// All that are kept.
    case all
    /// Those that did more than write a status.
    case archived
    /// Deletions only.
    case deletions
}
