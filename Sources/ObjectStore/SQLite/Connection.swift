import CSQLite

/// One connection to the database file, closed when it and its statements are released.
final class Connection: @unchecked Sendable {
    // Safe because its owner uses it from one thread at a time and hands it over only through a lock.
    let handle: OpaquePointer

    // Written by SQLite after each commit on this connection.
    private let logFrames: UnsafeMutablePointer<CInt>

    /// Opens, and creates when missing, the database at `path`; `cacheKilobytes` bounds the pages this connection keeps in memory.
    init(path: String, cacheKilobytes: Int) throws(SQLiteError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteError(code: code, connection: opened, operation: "open")
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        logFrames = .allocate(capacity: 1)
        logFrames.initialize(to: 0)
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, 5000)
        try execute("PRAGMA cache_size = -\(cacheKilobytes)")
        try execute("PRAGMA temp_store = MEMORY")
    }

    deinit {
        sqlite3_close_v2(handle)
        logFrames.deallocate()
    }

    /// Makes commits survive a power cut (one fsync of the write-ahead log each) and leaves checkpoints to the store.
    func configureForStore() throws(SQLiteError) {
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = FULL")
        try execute("PRAGMA wal_autocheckpoint = 0")
        sqlite3_wal_hook(
            handle,
            { context, _, _, frames in
                context?.assumingMemoryBound(to: CInt.self).pointee = frames
                return SQLITE_OK
            }, logFrames)
    }

    /// Pages in the write-ahead log after the last commit of this connection.
    var framesInLog: Int { Int(logFrames.pointee) }

    /// Copies what no reader needs from the write-ahead log into the database, without waiting for anybody; true when that was all.
    func checkpoint() throws(SQLiteError) -> Bool {
        var frames: CInt = 0
        var copied: CInt = 0
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied)
        // Busy: a reader or another checkpoint is in the way, which is no failure.
        guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else {
            throw SQLiteError(code: code, connection: handle, operation: "checkpoint")
        }
        return code == SQLITE_OK && frames == copied
    }

    /// Whether the file can only be read.
    var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") != 0 }

    /// Whether a transaction is open.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Compiles one statement; keep it to run it again.
    func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        try Statement(connection: self, sql: sql)
    }

    /// Runs one statement for its effect.
    func execute(_ sql: String) throws(SQLiteError) {
        let statement = try prepare(sql)
        while try statement.step() {}
    }

    /// Runs one statement for the integer in its first row; nil for no row or NULL.
    func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        guard try statement.step(), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }
}
