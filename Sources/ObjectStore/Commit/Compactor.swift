/// Deletes what neither watches nor the archive need any more. Current versions are never touched.
///
/// Two clocks that do not know each other. A superseded version leaves the watch history when the write that superseded it has become
/// older than its horizon: out of the log or, if archived, onto the list of retired versions. From there age and size take it.
final class Compactor {
    /// What is kept.
    struct Limits {
        /// Writes before this moment (as the log writes it) have left the watch history.
        let watchHorizon: Int64
        /// Versions retired by a write before this moment leave the archive.
        let archiveHorizon: Int64
        /// What retired versions may weigh together.
        let archiveBytes: Int64
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

    private struct Retired {
        let sequence: Int64
        let revision: Int64
        let size: Int64
    }

    private static let batch: Int64 = 128

    private let transaction: Transaction
    private let rowsAfter: Statement
    private let archivedSize: Statement
    private let deleteRow: Statement
    private let retire: Statement
    private let oldestRetired: Statement
    private let deleteRetired: Statement
    private let setFact: Statement

    // Events up to this revision may be gone.
    private var compacted: Int64

    // What the retired versions weigh.
    private var archived: Int64

    /// Continues where the facts of the file say it stopped.
    init(_ connection: Connection, facts: StoreFacts) throws(SQLiteError) {
        compacted = facts.compacted
        archived = facts.archived
        transaction = try Transaction(connection)
        rowsAfter = try connection.prepare(
            """
            SELECT revision, previous, deleted, archive, time, length(bytes) FROM log
            WHERE revision > ?1 ORDER BY revision LIMIT ?2
            """)
        archivedSize = try connection.prepare("SELECT length(bytes) FROM log WHERE revision = ?1 AND archive = 1")
        deleteRow = try connection.prepare("DELETE FROM log WHERE revision = ?1")
        retire = try connection.prepare("INSERT INTO retired(revision, time, size) VALUES (?1, ?2, ?3)")
        oldestRetired = try connection.prepare("SELECT sequence, revision, time, size FROM retired ORDER BY sequence LIMIT ?1")
        deleteRetired = try connection.prepare("DELETE FROM retired WHERE sequence = ?1")
        setFact = try connection.prepare("UPDATE facts SET value = ?2 WHERE name = ?1")
    }

    /// Does one small batch; false when nothing was left to do. Calls `willCompact` with the new end of what is compacted before
    /// anything is deleted, so that no reader takes a gap for the whole.
    func step(_ limits: Limits, willCompact: (Int64) -> Void) throws(SQLiteError) -> Bool {
        let expired = try expiredRows(limits)
        if let last = expired.last {
            willCompact(last.revision)
            try leaveWatchHistory(expired, upTo: last.revision)
            return true
        }
        let retired = try expiredVersions(limits)
        if retired.isEmpty { return false }
        try leaveArchive(retired)
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
        var archived = archived
        try transaction.run { () throws(SQLiteError) in
            for row in rows {
                if row.previous != 0 {
                    if let size = try sizeIfArchived(row.previous) {
                        try retire(row.previous, time: row.time, size: size, archived: &archived)
                    } else {
                        try delete(row.previous)
                    }
                }
                if row.isDeletion && row.isArchived {
                    try retire(row.revision, time: row.time, size: row.size, archived: &archived)
                } else if row.isDeletion {
                    try delete(row.revision)
                }
            }
            try set("compacted", revision)
            try set("archived", archived)
        }
        compacted = revision
        self.archived = archived
    }

    private func expiredVersions(_ limits: Limits) throws(SQLiteError) -> [Retired] {
        oldestRetired.bind(1, Self.batch)
        defer { oldestRetired.reset() }
        var left = archived
        var versions: [Retired] = []
        while try oldestRetired.step() {
            guard oldestRetired.integer(2) <= limits.archiveHorizon || left > limits.archiveBytes else { break }
            let version = Retired(
                sequence: oldestRetired.integer(0), revision: oldestRetired.integer(1), size: oldestRetired.integer(3))
            left -= version.size
            versions.append(version)
        }
        return versions
    }

    private func leaveArchive(_ versions: [Retired]) throws(SQLiteError) {
        let left = versions.reduce(archived) { $0 - $1.size }
        try transaction.run { () throws(SQLiteError) in
            for version in versions {
                try delete(version.revision)
                deleteRetired.bind(1, version.sequence)
                try deleteRetired.run()
            }
            try set("archived", left)
        }
        archived = left
    }

    private func sizeIfArchived(_ revision: Int64) throws(SQLiteError) -> Int64? {
        archivedSize.bind(1, revision)
        defer { archivedSize.reset() }
        return try archivedSize.step() ? archivedSize.integer(0) : nil
    }

    private func retire(_ revision: Int64, time: Int64, size: Int64, archived: inout Int64) throws(SQLiteError) {
        retire.bind(1, revision)
        retire.bind(2, time)
        retire.bind(3, size)
        try retire.run()
        archived += size
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
