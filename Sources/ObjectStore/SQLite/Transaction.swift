/// The statements around a transaction, compiled once for a connection.
struct Transaction {
    private let connection: Connection
    private let begin: Statement
    private let commit: Statement
    private let rollback: Statement

    init(_ connection: Connection) throws(SQLiteError) {
        self.connection = connection
        begin = try connection.prepare("BEGIN IMMEDIATE")
        commit = try connection.prepare("COMMIT")
        rollback = try connection.prepare("ROLLBACK")
    }

    /// Runs `body` between begin and commit, undone when it throws or when the commit fails.
    func run<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        if connection.isInTransaction { try rollback.run() }
        try begin.run()
        do throws(SQLiteError) {
            let result = try body()
            try commit.run()
            return result
        } catch {
            // SQLite has rolled back by itself after some errors. The first error is the one to report.
            if connection.isInTransaction { try? rollback.run() }  // best effort: the next transaction tries again before it begins
            throw error
        }
    }
}
