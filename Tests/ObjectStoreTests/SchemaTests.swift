import Glibc
import LinuxKernel
import Testing

@testable import ObjectStore

struct SchemaTests {
    private func failure(opening directory: String) throws -> StoreError {
        let error = #expect(throws: StoreError.self) {
            try ObjectStore.open(directory: directory, time: TemporaryStore.clock).close()
        }
        return try #require(error)
    }

    @Test func `an older file is migrated in one step after a copy of it was made`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let old = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            try await old.write(.put(.pod("a"), "1"))
            old.close()

            let migrations = StoreSchema.migrations + [["ALTER TABLE log ADD COLUMN color TEXT"], ["CREATE TABLE extra(x INTEGER)"]]
            let new = try ObjectStore(
                directory: directory, time: TemporaryStore.clock, options: ObjectStore.Options(), migrations: migrations)
            #expect(try new.get(.pod("a"))?.text == "1")
            new.close()

            let copy = try Connection(path: "\(directory)/store.db.version-\(StoreSchema.migrations.count)", cacheKilobytes: 100)
            #expect(try copy.integer("PRAGMA user_version") == Int64(StoreSchema.migrations.count))
            #expect(try copy.integer("SELECT count(*) FROM log") == 1)
            let migrated = try Connection(path: "\(directory)/store.db", cacheKilobytes: 100)
            #expect(try migrated.integer("PRAGMA user_version") == Int64(migrations.count))
            #expect(try #require(try FileSystem.status("\(directory)/store.db.version-\(StoreSchema.migrations.count)")).st_mode & 0o777 == 0o600)
        }
    }

    @Test func `a migration that fails leaves the file as it was`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let old = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            try await old.write(.put(.pod("a"), "1"))
            old.close()
            #expect(throws: StoreError.self) {
                try ObjectStore(
                    directory: directory, time: TemporaryStore.clock, options: ObjectStore.Options(),
                    migrations: StoreSchema.migrations + [["CREATE TABLE extra(x INTEGER)", "CREATE NONSENSE"]])
            }
            let again = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            defer { again.close() }
            #expect(try again.get(.pod("a"))?.text == "1")
        }
    }

    @Test func `a file of a newer version is refused with both versions and the remedy, and not touched`() async throws {
        try await TemporaryStore.withDirectory { directory in
            try ObjectStore.open(directory: directory, time: TemporaryStore.clock).close()
            let path = "\(directory)/store.db"
            try Connection(path: path, cacheKilobytes: 100).execute("PRAGMA user_version = 9")
            let before = try FileSystem.readFile(path)
            let error = try failure(opening: directory)
            guard case .newerSchema(_, 9, StoreSchema.migrations.count) = error else { throw error }
            #expect(error.description.contains("schema version 9"))
            #expect(error.description.contains("up to \(StoreSchema.migrations.count)"))
            #expect(error.description.contains("--data-dir"))
            #expect(try FileSystem.readFile(path) == before)
        }
    }

    @Test func `what is no database is refused and not touched`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let path = "\(directory)/store.db"
            let garbage = [UInt8](repeating: 7, count: 10_000)
            try FileSystem.writeAtomically(path, garbage)
            let error = try failure(opening: directory)
            guard case .corrupt = error else { throw error }
            #expect(error.description.contains("left as it is"))
            #expect(try FileSystem.readFile(path) == garbage)
        }
    }

    @Test func `another program's database is refused`() async throws {
        try await TemporaryStore.withDirectory { directory in
            try Connection(path: "\(directory)/store.db", cacheKilobytes: 100).execute("CREATE TABLE theirs(x)")
            let error = try failure(opening: directory)
            guard case .corrupt(_, let detail) = error else { throw error }
            #expect(detail.contains("another program"))
        }
    }

    @Test func `a damaged page is reported by the reads that meet it and survives them`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let store = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            for number in 0..<200 { try await store.write(.put(.pod("p\(number)"), String(repeating: "x", count: 1000))) }
            store.close()
            let path = "\(directory)/store.db"
            var bytes = try FileSystem.readFile(path)
            for index in 8 * 4096..<bytes.count { bytes[index] = 0xab }
            try FileSystem.writeAtomically(path, bytes)
            do throws(StoreError) {
                let damaged = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
                defer { damaged.close() }
                _ = try damaged.list(prefix: "")
                Issue.record("a damaged file was read as if it were whole")
            } catch {
                guard case .corrupt = error else { throw error }
            }
        }
    }

    @Test func `the files are for their owner only`() async throws {
        try await TemporaryStore.with { fixture in
            try await fixture.store.write(.put(.pod("a"), "1"))
            for name in try FileSystem.names(in: fixture.directory) {
                #expect(try #require(try FileSystem.status("\(fixture.directory)/\(name)")).st_mode & 0o777 == 0o600, "\(name)")
            }
        }
    }

    @Test func `an end leaves one file, with everything in it`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let store = try ObjectStore.open(directory: directory, time: TemporaryStore.clock)
            for number in 0..<50 { try await store.write(.put(.pod("p\(number)"), "x")) }
            _ = try store.list(prefix: "", at: 10)
            store.close()
            #expect(try FileSystem.names(in: directory) == ["store.db"])
        }
    }
}
