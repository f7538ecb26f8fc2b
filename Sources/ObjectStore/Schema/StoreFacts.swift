/// What the file knows besides the log.
struct StoreFacts {
    /// Revisions up to this one may have been given out, whether or not the log shows them.
    let reserved: Int64

    /// Events up to this revision may be gone.
    let compacted: Int64

    /// What superseded archived versions weigh, in bytes.
    let archived: Int64

    /// What superseded states weigh, in bytes.
    let states: Int64

    /// From when on history is kept.
    let reach: HistoryReach

    /// The newest revision in the log.
    let newest: Int64

    /// Where revisions go on: none at or below has to be given out again.
    var lastRevision: Int64 { max(reserved, newest) }

    init(_ connection: Connection) throws(SQLiteError) {
        reserved = try connection.integer("SELECT value FROM facts WHERE name = 'reserved'") ?? 0
        compacted = try connection.integer("SELECT value FROM facts WHERE name = 'compacted'") ?? 0
        archived = try connection.integer("SELECT value FROM facts WHERE name = 'archived'") ?? 0
        states = try connection.integer("SELECT value FROM facts WHERE name = 'states'") ?? 0
        reach = HistoryReach(
            archive: try connection.integer("SELECT value FROM facts WHERE name = 'archivedSince'") ?? 0,
            states: try connection.integer("SELECT value FROM facts WHERE name = 'statesSince'") ?? 0)
        newest = try connection.integer("SELECT max(revision) FROM log") ?? 0
    }
}

extension KeyIndex {
    /// The index of the objects in the log, their bytes left there.
    init(_ connection: Connection) throws(SQLiteError) {
        // Answered from the index alone; `deleted` is that of the row with the maximum.
        let newest = try connection.prepare("SELECT key, max(revision), deleted FROM log GROUP BY key")
        var entries: [IndexEntry] = []
        while try newest.step() {
            guard newest.integer(2) == 0 else { continue }
            entries.append(IndexEntry(key: ObjectKey(string: newest.string(0)), loggedAt: newest.integer(1)))
        }
        self.init(sorted: entries)
    }
}
