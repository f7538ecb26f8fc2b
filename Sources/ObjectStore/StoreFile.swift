import Glibc
import LinuxKernel

/// The database file of a store.
enum StoreFile {
    /// Opens the file for its one writer, made when missing and migrated when older.
    static func open(_ path: String, directory: String, migrations: [[String]]) throws(StoreError) -> Connection {
        try make(path, directory: directory)
        let migrator = SchemaMigrator(path: path, migrations: migrations)
        let connection = try StoreError.translating(path) { () throws(SQLiteError) in
            try Connection(path: path, cacheKilobytes: 1024)
        }
        try migrator.check(connection)
        if connection.isReadOnly { throw .readOnly(path: path, detail: "opened for reading only") }
        try StoreError.translating(path) { () throws(SQLiteError) in try connection.configureForStore() }
        try migrator.migrate(connection)
        return connection
    }

    // Only its owner may read it, it holds Secrets; SQLite gives its other files the same mode.
    private static func make(_ path: String, directory: String) throws(StoreError) {
        do throws(SystemError) {
            try FileSystem.makeDirectories(directory, mode: 0o700)
            if !FileSystem.exists(path) { _ = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600) }
            // SQLite would say only that it cannot open one of the files it needs beside this one.
            for needed in [directory, path] { try SystemError.check("access", needed) { access(needed, R_OK | W_OK) } }
        } catch {
            switch error.errno {
            case EACCES, EPERM, EROFS: throw .readOnly(path: path, detail: error.description)
            case ENOSPC, EDQUOT: throw .diskFull(path: path)
            default: throw .io(path: path, detail: error.description)
            }
        }
    }
}
