import Glibc
import LinuxKernel

/// Brings the file to the schema this program knows, in one transaction after a copy; refuses what it does not know.
struct SchemaMigrator {
    let path: String
    let migrations: [[String]]

    /// Refuses a file that this program must not touch; changes nothing.
    func check(_ connection: Connection) throws(StoreError) {
        let (found, objects, mark) = try StoreError.translating(path) { () throws(SQLiteError) in
            (
                try connection.integer("PRAGMA user_version") ?? 0,
                try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0,
                try connection.integer("PRAGMA application_id") ?? 0
            )
        }
        guard objects == 0 || mark == StoreSchema.applicationID else {
            throw .corrupt(path: path, detail: "another program's database")
        }
        guard found <= Int64(migrations.count) else {
            throw .newerSchema(path: path, found: Int(found), supported: migrations.count)
        }
        guard found >= 0 else { throw .corrupt(path: path, detail: "schema version \(found)") }
    }

    /// Migrates the file behind `connection`, which `check` has let pass.
    func migrate(_ connection: Connection) throws(StoreError) {
        let supported = Int64(migrations.count)
        let found = try StoreError.translating(path) { () throws(SQLiteError) in try connection.integer("PRAGMA user_version") ?? 0 }
        if found == supported { return }
        if found > 0 { try copy(connection, version: found) }
        try StoreError.translating(path) { () throws(SQLiteError) in
            try Transaction(connection).run { () throws(SQLiteError) in
                for step in migrations[Int(found)...] {
                    for statement in step { try connection.execute(statement) }
                }
                try connection.execute("PRAGMA application_id = \(StoreSchema.applicationID)")
                try connection.execute("PRAGMA user_version = \(supported)")
            }
        }
    }

    /// Leaves a durable copy of the file as it was beside it, as `store.db.version-<n>`.
    private func copy(_ connection: Connection, version: Int64) throws(StoreError) {
        let target = "\(path).version-\(version)"
        let temporary = "\(target).tmp"
        do throws(SystemError) {
            // Made empty first: SQLite fills an empty file, and this one is for its owner's eyes only.
            try FileSystem.writeAtomically(temporary, [], mode: 0o600)
        } catch {
            throw .io(path: target, detail: error.description)
        }
        try StoreError.translating(path) { () throws(SQLiteError) in
            let statement = try connection.prepare("VACUUM INTO ?1")
            statement.bind(1, temporary)
            try statement.run()
        }
        do throws(SystemError) {
            try FileDescriptor.open(temporary, O_RDONLY).synchronize()
            try FileSystem.rename(temporary, target)
            try FileSystem.synchronizeDirectory(FileSystem.directory(of: target))
        } catch {
            throw .io(path: target, detail: error.description)
        }
    }
}
