/// Writes batches to the log, one transaction and one fsync each.
final class LogWriter {
    private let transaction: Transaction
    private let insert: Statement
    private let reserve: Statement

    init(_ connection: Connection) throws(SQLiteError) {
        transaction = try Transaction(connection)
        insert = try connection.prepare(
            """
            INSERT INTO log(revision, key, previous, deleted, time, writer, archive, splice, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        reserve = try connection.prepare("UPDATE facts SET value = ?1 WHERE name = 'reserved'")
    }

    /// Commits `rows`, stamped with `time` as the log writes it, and the highest reserved revision when given.
    func write(_ rows: [BatchPlan.Row], time: Int64, reserved: Int64?) throws(SQLiteError) {
        try transaction.run { () throws(SQLiteError) in
            if let reserved {
                reserve.bind(1, reserved)
                try reserve.run()
            }
            for row in rows { try write(row, time: time) }
        }
    }

    private func write(_ row: BatchPlan.Row, time: Int64) throws(SQLiteError) {
        insert.bind(1, row.revision)
        insert.bind(2, row.key.string)
        insert.bind(3, row.previous)
        insert.bind(4, row.isDeletion ? 1 : 0)
        insert.bind(5, time)
        insert.bind(6, row.writer)
        insert.bind(7, row.retention.rawValue)
        insert.bind(8, row.spliceOffset.map(Int64.init))
        insert.bind(9, row.bytes)
        try insert.run()
    }
}
