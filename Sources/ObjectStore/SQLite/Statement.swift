import CSQLite

/// A compiled statement, released with its last reference; it keeps its connection open.
final class Statement {
    private let connection: Connection
    private let handle: OpaquePointer
    private var held: [Bytes] = []

    init(connection: Connection, sql: String) throws(SQLiteError) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else {
            throw SQLiteError(code: code, connection: connection.handle, operation: sql)
        }
        self.connection = connection
        handle = prepared
    }

    deinit { sqlite3_finalize(handle) }

    /// Advances to the next row; false at the end, which also makes the statement ready to run again.
    func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE {
            reset()
            return false
        }
        let error = SQLiteError(code: code, connection: connection.handle, operation: sql)
        reset()
        throw error
    }

    /// Runs the statement for its effect.
    func run() throws(SQLiteError) {
        while try step() {}
    }

    /// Ends the run, and with it the read transaction it may hold open; bindings stay.
    func reset() {
        sqlite3_reset(handle)
        held.removeAll(keepingCapacity: true)
    }

    private var sql: String { String(cString: sqlite3_sql(handle)) }
}

// Parameters count from 1. Binding fails only for a wrong index, which is a mistake in this module.
extension Statement {
    func bind(_ index: CInt, _ value: Int64) {
        check(sqlite3_bind_int64(handle, index, value))
    }

    func bind(_ index: CInt, _ value: Int64?) {
        guard let value else { return check(sqlite3_bind_null(handle, index)) }
        bind(index, value)
    }

    func bind(_ index: CInt, _ value: String) {
        check(value.withBytes { kd_sqlite_bind_text(handle, index, UnsafeRawPointer($0.baseAddress), CInt($0.count)) })
    }

    /// Binds by reference: the buffer is kept until the statement is reset.
    func bind(_ index: CInt, _ value: Bytes?) {
        guard let value else { return check(sqlite3_bind_null(handle, index)) }
        held.append(value)
        check(value.withUnsafeBytes { kd_sqlite_bind_blob(handle, index, $0.baseAddress, CInt($0.count)) })
    }

    private func check(_ code: CInt) {
        precondition(code == SQLITE_OK, "a parameter of a statement of the store exists: \(sql)")
    }
}

// Columns count from 0 and are valid until the next step.
extension Statement {
    func isNull(_ column: CInt) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func integer(_ column: CInt) -> Int64 { sqlite3_column_int64(handle, column) }

    func string(_ column: CInt) -> String {
        String(decoding: buffer(column), as: UTF8.self)
    }

    /// A copy of the bytes; nil for NULL.
    func bytes(_ column: CInt) -> Bytes? {
        isNull(column) ? nil : Bytes(copying: buffer(column))
    }

    private func buffer(_ column: CInt) -> UnsafeRawBufferPointer {
        // The pointer first: asking for it may convert the value and so change its length.
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }
}
