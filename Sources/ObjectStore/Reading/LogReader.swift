/// Reads versions and events from the log on one connection.
final class LogReader {
    private let objectAt: Statement
    private let newestOf: Statement
    private let newestArchivedOf: Statement
    private let eventsAfter: Statement
    private let versionsOf: Statement
    private let history: HistoryReader

    init(_ connection: Connection) throws(SQLiteError) {
        objectAt = try connection.prepare("SELECT splice, bytes FROM log WHERE revision = ?1")
        newestOf = try connection.prepare(
            """
            SELECT revision, deleted, splice, bytes FROM log WHERE key = ?1 AND revision <= ?2
            ORDER BY revision DESC LIMIT 1
            """)
        newestArchivedOf = try connection.prepare(
            """
            SELECT revision, deleted, splice, bytes FROM log WHERE key = ?1 AND revision <= ?2 AND archive = 1
            ORDER BY revision DESC LIMIT 1
            """)
        eventsAfter = try connection.prepare(
            """
            SELECT revision, key, previous, deleted, splice, bytes FROM log WHERE revision > ?1 AND revision <= ?2
            ORDER BY revision
            """)
        versionsOf = try connection.prepare(
            """
            SELECT revision, time, writer, deleted, previous, archive, key FROM log
            WHERE key = ?1 AND revision < ?4 AND (archive > 0 OR revision = ?2) ORDER BY revision DESC LIMIT ?3
            """)
        history = try HistoryReader(connection)
    }

    /// The version of `key` that `revision` wrote; nil when it is not kept any more or has no bytes.
    func object(_ key: ObjectKey, at revision: Int64) throws(SQLiteError) -> StoredObject? {
        guard revision > 0 else { return nil }
        objectAt.bind(1, revision)
        defer { objectAt.reset() }
        guard try objectAt.step() else { return nil }
        return objectAt.object(key, revision: revision, splice: 0, bytes: 1)
    }

    /// A version found by time instead of by name.
    enum Version {
        case object(StoredObject)
        case deleted
        case none
    }

    /// The newest version of `key` at or before `revision`, among all versions kept or the archived ones only.
    func newest(_ key: ObjectKey, at revision: Int64, isArchived: Bool) throws(SQLiteError) -> Version {
        let statement = isArchived ? newestArchivedOf : newestOf
        statement.bind(1, key.string)
        statement.bind(2, revision)
        defer { statement.reset() }
        guard try statement.step() else { return .none }
        guard statement.integer(1) == 0 else { return .deleted }
        return statement.object(key, revision: statement.integer(0), splice: 2, bytes: 3).map { .object($0) } ?? .none
    }

    /// One change as the log has it, without its bytes.
    struct Change {
        let revision: Int64
        let key: ObjectKey
        let previous: Int64
    }

    /// Calls `body` with each change of keys with `prefix` in `range`, oldest first.
    func changes(
        in range: ClosedRange<Int64>, prefix: String, _ body: (Change) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        eventsAfter.bind(1, range.lowerBound - 1)
        eventsAfter.bind(2, range.upperBound)
        defer { eventsAfter.reset() }
        while try eventsAfter.step() {
            let key = ObjectKey(string: eventsAfter.string(1))
            guard key.hasPrefix(prefix) else { continue }
            try body(Change(revision: eventsAfter.integer(0), key: key, previous: eventsAfter.integer(2)))
        }
    }

    /// Some events in revision order, and the revision up to which there are no others.
    struct Page {
        var events: [StoreEvent] = []
        var scannedTo: Int64
    }

    /// The events of keys with `prefix` above `revision` and up to `end`, at most `limit`; looks at a bounded number of rows.
    func events(after revision: Int64, upTo end: Int64, prefix: String, limit: Int) throws(SQLiteError) -> Page {
        eventsAfter.bind(1, revision)
        eventsAfter.bind(2, end)
        defer { eventsAfter.reset() }
        var page = Page(scannedTo: revision)
        for _ in 0..<2048 where page.events.count < limit {
            guard try eventsAfter.step() else {
                page.scannedTo = end
                return page
            }
            page.scannedTo = eventsAfter.integer(0)
            let key = ObjectKey(string: eventsAfter.string(1))
            guard key.hasPrefix(prefix), let event = try event(key) else { continue }
            page.events.append(event)
        }
        return page
    }

    /// The archived versions of `key` and the one at `current`, newest first.
    func versions(of key: ObjectKey, current: Int64, before: Int64, limit: Int, bytes: Int) throws(SQLiteError) -> [ObjectVersion] {
        versionsOf.bind(1, key.string)
        versionsOf.bind(2, current)
        versionsOf.bind(3, Int64(limit))
        versionsOf.bind(4, before)
        return try versions(versionsOf, bytes: bytes)
    }

    /// The kept writes of keys with `prefix` between two revisions, newest first.
    func changes(
        prefix: String, after: Int64, before: Int64, _ filter: ChangeFilter, limit: Int, bytes: Int
    ) throws(SQLiteError) -> [ObjectVersion] {
        try versions(history.changes(prefix: prefix, after: after, before: before, filter, limit: limit), bytes: bytes)
    }

    private func versions(_ statement: Statement, bytes: Int) throws(SQLiteError) -> [ObjectVersion] {
        defer { statement.reset() }
        var versions: [ObjectVersion] = []
        var left = bytes
        while try statement.step() {
            let revision = statement.integer(0)
            let (previous, key) = (statement.integer(4), ObjectKey(string: statement.string(6)))
            var state = try object(key, at: revision)
            if state == nil { state = try object(key, at: previous)?.deleted(at: revision) }
            left -= state?.bytes.count ?? 0
            if left < 0 && !versions.isEmpty { break }
            versions.append(
                ObjectVersion(
                    revision: revision, time: LogTime.timestamp(statement.integer(1)), writer: statement.string(2), key: key,
                    previous: previous, isStateOnly: statement.integer(5) == ObjectWrite.Retention.state.rawValue,
                    isDeletion: statement.integer(3) != 0, object: state))
        }
        return versions
    }

    /// A page of the objects with `prefix` as they were at a revision, as far as they are kept.
    func past(
        prefix: String, at revision: Int64, after: String?, limit: Int?
    ) throws(SQLiteError) -> (items: [StoredObject], remaining: Int) {
        let (found, total) = try history.newest(prefix: prefix, at: revision, after: after, limit: limit)
        var items: [StoredObject] = []
        for (key, revision) in found {
            // What is gone since the look was forgotten: who asked is told so by how far history reaches.
            if let object = try object(key, at: revision) { items.append(object) }
        }
        return (items, total - found.count)
    }

    /// The newest revision that was written at or before a moment.
    func revision(at time: Int64) throws(SQLiteError) -> Int64 { try history.revision(at: time) }
    /// When the newest version at or before a revision was written.
    func time(atOrBefore revision: Int64) throws(SQLiteError) -> Int64? { try history.time(atOrBefore: revision) }
    /// When the first version after a revision was written.
    func time(after revision: Int64) throws(SQLiteError) -> Int64? { try history.time(after: revision) }

    private func event(_ key: ObjectKey) throws(SQLiteError) -> StoreEvent? {
        let revision = eventsAfter.integer(0)
        let previous = try object(key, at: eventsAfter.integer(2))
        let isDeletion = eventsAfter.integer(3) != 0
        let kind: StoreEvent.Kind = isDeletion ? .deleted : eventsAfter.integer(2) == 0 ? .added : .modified
        let written = eventsAfter.object(key, revision: revision, splice: 4, bytes: 5)
        guard let object = written ?? previous?.deleted(at: revision) else { return nil }
        return StoreEvent(kind: kind, object: object, previous: previous)
    }

}

extension Statement {
    /// The object whose splice offset and bytes are in these columns; nil when the bytes are NULL.
    fileprivate func object(_ key: ObjectKey, revision: Int64, splice: CInt, bytes: CInt) -> StoredObject? {
        guard let content = self.bytes(bytes) else { return nil }
        return StoredObject(
            key: key, revision: revision, bytes: content, spliceOffset: isNull(splice) ? nil : Int(integer(splice)))
    }
}

extension StoredObject {
    /// The same state, as the deletion at `revision` shows it.
    func deleted(at revision: Int64) -> StoredObject {
        StoredObject(key: key, revision: revision, bytes: bytes, spliceOffset: spliceOffset)
    }
}
