/// The tables of the store, as the steps that made them: step n takes a file from schema version n - 1 to n.
enum StoreSchema {
    /// Marks a file as a kdash store in its header: "kdsh".
    static let applicationID: Int64 = 0x6b64_7368

    static let migrations: [[String]] = [
        [
            // Every write, its bytes last so that a scan for keys need not read them.
            """
            CREATE TABLE log(
                revision INTEGER PRIMARY KEY,
                key TEXT NOT NULL,
                previous INTEGER NOT NULL,
                deleted INTEGER NOT NULL,
                time INTEGER NOT NULL,
                writer TEXT NOT NULL,
                archive INTEGER NOT NULL,
                splice INTEGER,
                bytes BLOB
            ) STRICT
            """,
            "CREATE INDEX log_key ON log(key, revision, deleted)",
            // Archived versions that are no longer current nor needed by watches, in the order in which they became so.
            """
            CREATE TABLE retired(
                sequence INTEGER PRIMARY KEY,
                revision INTEGER NOT NULL,
                time INTEGER NOT NULL,
                size INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE TABLE facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            "INSERT INTO facts VALUES ('reserved', 0), ('compacted', 0), ('archived', 0)",
        ],
        [
            // As `retired`, for versions that writes of the status made.
            """
            CREATE TABLE outlived(
                sequence INTEGER PRIMARY KEY,
                revision INTEGER NOT NULL,
                time INTEGER NOT NULL,
                size INTEGER NOT NULL
            ) STRICT
            """,
            // From when on every version is kept, and what the superseded ones weigh.
            """
            INSERT INTO facts VALUES
                ('archivedSince', coalesce((SELECT min(time) - 1 FROM retired), 0)),
                ('states', 0),
                ('statesSince', coalesce((SELECT time FROM log ORDER BY revision DESC LIMIT 1), 0))
            """,
        ],
    ]
}
