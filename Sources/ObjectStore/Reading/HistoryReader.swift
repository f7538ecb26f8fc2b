/// Finds versions of the past by time and by key, on one connection.
final class HistoryReader {
    private let changesOf: Statement
    private let newestOf: Statement
    private let timeBefore: Statement
    private let timeAfter: Statement
    private let lastRevision: Statement

    init(_ connection: Connection) throws(SQLiteError) {
        // Found by their keys alone and sorted without their bytes.
        changesOf = try connection.prepare(
            """
            SELECT revision, time, writer, deleted, previous, archive, key FROM log INDEXED BY log_key
            WHERE key >= ?1 AND key < ?2 AND revision > ?3 AND revision < ?4 AND deleted >= ?7 AND archive BETWEEN ?5 AND ?6
            ORDER BY revision DESC LIMIT ?8
            """)
        newestOf = try connection.prepare(
            """
            SELECT key, max(revision), deleted FROM log INDEXED BY log_key
            WHERE key > ?1 AND key < ?2 AND revision <= ?3 GROUP BY key
            """)
        timeBefore = try connection.prepare("SELECT time, revision FROM log WHERE revision <= ?1 ORDER BY revision DESC LIMIT 1")
        timeAfter = try connection.prepare("SELECT time, revision FROM log WHERE revision > ?1 ORDER BY revision LIMIT 1")
        lastRevision = try connection.prepare("SELECT max(revision) FROM log")
    }

    /// The bound statement of the writes of keys with `prefix` between two revisions; the caller steps and resets it.
    func changes(prefix: String, after: Int64, before: Int64, _ filter: ChangeFilter, limit: Int) -> Statement {
        changesOf.bind(1, prefix)
        changesOf.bind(2, Self.end(of: prefix))
        changesOf.bind(3, after)
        changesOf.bind(4, before)
        changesOf.bind(5, ObjectWrite.Retention.archive.rawValue)
        changesOf.bind(6, (filter == .archived ? ObjectWrite.Retention.archive : .state).rawValue)
        changesOf.bind(7, filter == .deletions ? 1 : 0)
        changesOf.bind(8, Int64(limit))
        return changesOf
    }

    /// The newest kept revision of each key with `prefix`, those after `after`, that existed at a revision: `limit` of them and how many
    /// there are in all.
    func newest(
        prefix: String, at revision: Int64, after: String?, limit: Int?
    ) throws(SQLiteError) -> (found: [(ObjectKey, Int64)], total: Int) {
        newestOf.bind(1, after ?? prefix)
        newestOf.bind(2, Self.end(of: prefix))
        newestOf.bind(3, revision)
        defer { newestOf.reset() }
        var (found, total): ([(ObjectKey, Int64)], Int) = ([], 0)
        while try newestOf.step() {
            guard newestOf.integer(2) == 0 else { continue }
            total += 1
            if found.count < limit ?? .max { found.append((ObjectKey(string: newestOf.string(0)), newestOf.integer(1))) }
        }
        return (found, total)
    }

    /// The newest revision that was written at or before a moment; 0 when there is none. The clock is taken to have moved forward only.
    func revision(at time: Int64) throws(SQLiteError) -> Int64 {
        // All rows up to `low` are that old, none from `high` on.
        var (low, high): (Int64, Int64) = (0, try last() + 1)
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if let found = try row(timeAfter, middle - 1), found.revision < high, found.time <= time {
                low = found.revision
            } else {
                high = middle
            }
        }
        return try row(timeBefore, low)?.revision ?? 0
    }

    /// When the newest version at or before a revision was written.
    func time(atOrBefore revision: Int64) throws(SQLiteError) -> Int64? { try row(timeBefore, revision)?.time }

    /// When the first version after a revision was written.
    func time(after revision: Int64) throws(SQLiteError) -> Int64? { try row(timeAfter, revision)?.time }

    private func row(_ statement: Statement, _ revision: Int64) throws(SQLiteError) -> (time: Int64, revision: Int64)? {
        statement.bind(1, revision)
        defer { statement.reset() }
        return try statement.step() ? (statement.integer(0), statement.integer(1)) : nil
    }

    private func last() throws(SQLiteError) -> Int64 {
        defer { lastRevision.reset() }
        return try lastRevision.step() ? lastRevision.integer(0) : 0
    }

    /// What sorts after every key with `prefix`.
    private static func end(of prefix: String) -> String { prefix + "\u{10FFFF}" }
}
