/// Deletes what neither watches nor the history of objects need any more. Current versions are never touched.
///
/// Clocks that do not know each other. A superseded version leaves the watch history when the write that superseded it has become older
/// than its horizon: out of the log or onto a shelf, that of archived versions or that of states. From there age and size take it.
final class Compactor {
    /// What is kept.
    struct Limits {
        /// Writes before this moment (as the log writes it) have left the watch history.
        let watchHorizon: Int64
        /// What the shelf of archived versions keeps.
        let archive: HistoryShelf.Limit
        /// What the shelf of states keeps.
        let states: HistoryShelf.Limit
    }

    /// A row that has left the watch history.
    private struct Expired {
        let revision: Int64
        let previous: Int64
        let isDeletion: Bool
        let isArchived: Bool
        let time: Int64
        let size: Int64
    }

    private static let batch: Int64 = 128

    private let transaction: Transaction
    private let rowsAfter: Statement
    private let keptSize: Statement
    private let deleteRow: Statement
    private let setFact: Statement
    private var archive: HistoryShelf
    private var states: HistoryShelf

    // Events up to this revision may be gone.
    private var compacted: Int64

    /// Continues where the facts of the file say it stopped.
    init(_ connection: Connection, facts: StoreFacts) throws(SQLiteError) {
        compacted = facts.compacted
        transaction = try Transaction(connection)
        rowsAfter = try connection.prepare(
            """
            SELECT revision, previous, deleted, archive, time, length(bytes) FROM log
            WHERE revision > ?1 ORDER BY revision LIMIT ?2
            """)
        keptSize = try connection.prepare("SELECT length(bytes), archive FROM log WHERE revision = ?1 AND archive > 0")
        deleteRow = try connection.prepare("DELETE FROM log WHERE revision = ?1")
        setFact = try connection.prepare("UPDATE facts SET value = ?2 WHERE name = ?1")
        archive = try HistoryShelf(connection, table: "retired", bytes: facts.archived, since: facts.reach.archive)
        states = try HistoryShelf(connection, table: "outlived", bytes: facts.states, since: facts.reach.states)
    }

    /// Does one small batch; false when nothing was left to do. Calls `willCompact` with the new end of what is compacted, or
    /// `willForget` with from when on history will be kept, before anything is deleted, so that no reader takes a gap for the whole.
    func step(
        _ limits: Limits, willCompact: (Int64) -> Void, willForget: (HistoryReach) -> Void
    ) throws(SQLiteError) -> Bool {
        let expired = try expiredRows(limits)
        if let last = expired.last {
            willCompact(last.revision)
            try leaveWatchHistory(expired, upTo: last.revision)
            return true
        }
        let archived = try archive.excess(limits.archive)
        if let last = archived.last {
            willForget(HistoryReach(archive: last.time, states: states.since))
            archive = try forget(archived, from: archive, bytes: "archived", since: "archivedSince")
            return true
        }
        // A state whose deletion is not known any more would come back in lists of the past.
        let outlived = try states.excess(
            HistoryShelf.Limit(horizon: max(limits.states.horizon, archive.since), bytes: limits.states.bytes))
        guard let last = outlived.last else { return false }
        willForget(HistoryReach(archive: archive.since, states: last.time))
        states = try forget(outlived, from: states, bytes: "states", since: "statesSince")
        return true
    }

    private func expiredRows(_ limits: Limits) throws(SQLiteError) -> [Expired] {
        rowsAfter.bind(1, compacted)
        rowsAfter.bind(2, Self.batch)
        defer { rowsAfter.reset() }
        var rows: [Expired] = []
        while try rowsAfter.step() {
            let row = Expired(
                revision: rowsAfter.integer(0), previous: rowsAfter.integer(1), isDeletion: rowsAfter.integer(2) != 0,
                isArchived: rowsAfter.integer(3) != 0, time: rowsAfter.integer(4), size: rowsAfter.integer(5))
            guard row.time <= limits.watchHorizon else { break }
            rows.append(row)
        }
        return rows
    }

    private func leaveWatchHistory(_ rows: [Expired], upTo revision: Int64) throws(SQLiteError) {
        var (archive, states) = (archive, states)
        try transaction.run { () throws(SQLiteError) in
            for row in rows {
                if row.previous != 0 {
                    switch try kept(row.previous) {
                    case (.archive, let size)?: try archive.add(row.previous, time: row.time, size: size)
                    case (.state, let size)?: try states.add(row.previous, time: row.time, size: size)
                    default: try delete(row.previous)
                    }
                }
                if row.isDeletion && row.isArchived {
                    try archive.add(row.revision, time: row.time, size: row.size)
                } else if row.isDeletion {
                    try delete(row.revision)
                }
            }
            try set("compacted", revision)
            try set("archived", archive.bytes)
            try set("states", states.bytes)
        }
        compacted = revision
        (self.archive, self.states) = (archive, states)
    }

    private func forget(
        _ versions: [HistoryShelf.Version], from shelf: HistoryShelf, bytes: String, since: String
    ) throws(SQLiteError) -> HistoryShelf {
        var shelf = shelf
        try transaction.run { () throws(SQLiteError) in
            for version in versions {
                try delete(version.revision)
                try shelf.remove(version)
            }
            try set(bytes, shelf.bytes)
            try set(since, shelf.since)
        }
        return shelf
    }

    /// How long a version is kept, and what it weighs; nil when it is not.
    private func kept(_ revision: Int64) throws(SQLiteError) -> (ObjectWrite.Retention, Int64)? {
        keptSize.bind(1, revision)
        defer { keptSize.reset() }
        guard try keptSize.step(), let retention = ObjectWrite.Retention(rawValue: keptSize.integer(1)) else { return nil }
        return (retention, keptSize.integer(0))
    }

    private func delete(_ revision: Int64) throws(SQLiteError) {
        deleteRow.bind(1, revision)
        try deleteRow.run()
    }

    private func set(_ fact: String, _ value: Int64) throws(SQLiteError) {
        setFact.bind(1, fact)
        setFact.bind(2, value)
        try setFact.run()
    }
}
