import CSQLite
import Glibc

/// What SQLite answered when it did not do what it was asked.
struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code, `SQLITE_…`.
    let code: CInt
    /// The system's error number behind it, 0 for none.
    let systemError: CInt
    /// SQLite's own words.
    let message: String
    /// What was being done.
    let operation: String

    /// The code without its extension.
    var primaryCode: CInt { code & 0xff }

    var description: String { "\(operation): \(message) (SQLite code \(code), errno \(systemError))" }

    init(code: CInt, connection: OpaquePointer?, operation: String) {
        self.code = code
        self.operation = operation
        systemError = connection.map(sqlite3_system_errno) ?? 0
        message = (connection.map(sqlite3_errmsg) ?? sqlite3_errstr(code)).map { String(cString: $0) } ?? "unknown error"
    }
}

extension StoreError {
    /// The store's words for a failure of SQLite on the file at `path`.
    init(_ error: SQLiteError, path: String) {
        let cannotWrite = [EACCES, EPERM, EROFS].contains(error.systemError)
        switch error.primaryCode {
        case SQLITE_FULL: self = .diskFull(path: path)
        case SQLITE_IOERR where error.systemError == ENOSPC || error.systemError == EDQUOT: self = .diskFull(path: path)
        case SQLITE_CANTOPEN where error.systemError == ENOSPC: self = .diskFull(path: path)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(path: path, detail: error.description)
        case SQLITE_READONLY, SQLITE_PERM: self = .readOnly(path: path, detail: error.description)
        case SQLITE_CANTOPEN where cannotWrite: self = .readOnly(path: path, detail: error.description)
        default: self = .io(path: path, detail: error.description)
        }
    }
}

extension StoreError {
    /// Runs `body` on the file at `path`, with its failures in the store's words.
    static func translating<Result>(_ path: String, _ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// A version that must be in the log is not.
    static func missing(_ key: ObjectKey, _ revision: Int64, path: String) -> StoreError {
        .corrupt(path: path, detail: "revision \(revision) of \(key.string) is missing")
    }
}
