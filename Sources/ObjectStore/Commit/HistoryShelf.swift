/// Superseded versions that are kept for a while, in the order in which they became so; the oldest go first, by age and by size.
struct HistoryShelf {
    /// What is kept.
    struct Limit {
        /// Versions superseded at or before this moment, as the log writes it, go.
        let horizon: Int64
        /// What all may weigh together.
        let bytes: Int64
    }

    /// A version that was superseded at `time`.
    struct Version {
        let sequence: Int64
        let revision: Int64
        let time: Int64
        let size: Int64
    }

    private static let batch: Int64 = 128

    private let insert: Statement
    private let oldest: Statement
    private let delete: Statement

    /// What the versions weigh.
    private(set) var bytes: Int64

    /// Every version that was superseded after this moment is kept.
    private(set) var since: Int64

    init(_ connection: Connection, table: String, bytes: Int64, since: Int64) throws(SQLiteError) {
        (self.bytes, self.since) = (bytes, since)
        insert = try connection.prepare("INSERT INTO \(table)(revision, time, size) VALUES (?1, ?2, ?3)")
        oldest = try connection.prepare("SELECT sequence, revision, time, size FROM \(table) ORDER BY sequence LIMIT ?1")
        delete = try connection.prepare("DELETE FROM \(table) WHERE sequence = ?1")
    }

    /// Puts a version on the shelf that was superseded at `time`.
    mutating func add(_ revision: Int64, time: Int64, size: Int64) throws(SQLiteError) {
        insert.bind(1, revision)
        insert.bind(2, time)
        insert.bind(3, size)
        try insert.run()
        bytes += size
    }

    /// Some of what is beyond the limit, oldest first.
    func excess(_ limit: Limit) throws(SQLiteError) -> [Version] {
        oldest.bind(1, Self.batch)
        defer { oldest.reset() }
        var left = bytes
        var versions: [Version] = []
        while try oldest.step() {
            guard oldest.integer(2) <= limit.horizon || left > limit.bytes else { break }
            let version = Version(
                sequence: oldest.integer(0), revision: oldest.integer(1), time: oldest.integer(2), size: oldest.integer(3))
            left -= version.size
            versions.append(version)
        }
        return versions
    }

    /// Takes a version off the shelf.
    mutating func remove(_ version: Version) throws(SQLiteError) {
        delete.bind(1, version.sequence)
        try delete.run()
        bytes -= version.size
        since = max(since, version.time)
    }
}
