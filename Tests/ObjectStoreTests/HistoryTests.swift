import LinuxKernel
import Testing

@testable import ObjectStore

/// The watch history and the archive, and that neither touches the other.
struct HistoryTests {
    /// Lets time pass, with the writes that compaction needs to happen at all.
    private func pass(_ duration: Duration, _ fixture: TemporaryStore) async throws {
        fixture.time.advance(by: duration)
        for _ in 0..<2 { try await fixture.store.write(.put(.lease("clock"), "tick", archive: false)) }
        fixture.time.advance(by: .seconds(31))
        for _ in 0..<2 { try await fixture.store.write(.put(.lease("clock"), "tick", archive: false)) }
    }

    private func rows(_ fixture: TemporaryStore) throws -> Int64 {
        let connection = try Connection(path: fixture.store.path, cacheKilobytes: 100)
        return try connection.integer("SELECT count(*) FROM log WHERE key NOT LIKE '%clock'") ?? -1
    }

    @Test func `changes can be watched for five minutes, then a watch is told to list again`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "1"))
            try await store.write(.put(.pod("a"), "2"))
            let idle = try store.watch(prefix: "", from: first.revision)
            try await pass(.seconds(290 - 31), fixture)
            #expect(try drain(try store.watch(prefix: "/pods/", from: first.revision)).map(\.object.text) == ["2"])
            try await pass(.seconds(60), fixture)
            let error = #expect(throws: StoreError.self) { try store.watch(prefix: "", from: first.revision - 1) }
            guard case .compacted(let oldest) = error else { throw try #require(error) }
            #expect(oldest > first.revision)
            #expect(throws: StoreError.self) { try store.list(prefix: "", at: first.revision) }
            guard case .compacted = idle.poll(max: 10) else { throw StoreError.notFound }
            #expect(try drain(try store.watch(prefix: "", from: oldest)).allSatisfy { $0.revision > oldest })
        }
    }

    @Test func `compaction of watch history keeps current and archived versions only`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "spec 1", by: "alice"))
            try await store.write(.put(.pod("a"), "status 1", by: "node", archive: false))
            try await store.write(.put(.pod("a"), "status 2", by: "node", archive: false))
            try await store.write(.put(.pod("a"), "spec 2", by: "bob"))
            try await store.write(.put(.pod("a"), "status 3", by: "node", archive: false))
            try await store.write(.put(.lease("l"), "1", archive: false))
            try await store.write(.put(.lease("l"), "2", archive: false))
            try await store.write(.put(.lease("gone"), "1", archive: false))
            try await store.write(.put(.lease("gone"), nil, archive: false))
            #expect(try rows(fixture) == 9)
            try await pass(.seconds(400), fixture)
            #expect(try rows(fixture) == 4)
            #expect(try store.get(.pod("a"))?.text == "status 3")
            #expect(try store.get(.lease("l"))?.text == "2")
            let history = try store.history(of: .pod("a"))
            #expect(history.map(\.object?.text) == ["status 3", "spec 2", "spec 1"])
            #expect(history.map(\.writer) == ["node", "bob", "alice"])
            #expect(history[2].time == TemporaryStore.clock.now())
            #expect(try store.get(.pod("a"), at: first.revision + 2)?.text == "spec 1")
            #expect(throws: StoreError.self) { try store.get(.lease("l"), at: first.revision + 5) }
        }
    }

    @Test func `a deleted object stays in the archive with its deletion, then goes`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "1"))
            try await store.write(.put(.pod("a"), nil, by: "alice"))
            try await pass(.seconds(86_400), fixture)
            let history = try store.history(of: .pod("a"))
            #expect(history.map(\.isDeletion) == [true, false])
            #expect(history.map(\.object?.text) == ["1", "1"])
            #expect(try store.get(.pod("a"), at: first.revision)?.text == "1")
            #expect(try store.get(.pod("a"), at: first.revision + 1) == nil)
            try await pass(.seconds(6 * 86_400 - 120), fixture)
            #expect(try store.history(of: .pod("a")).count == 2)
            try await pass(.seconds(200), fixture)
            #expect(try store.history(of: .pod("a")).isEmpty)
            #expect(try rows(fixture) == 0)
        }
    }

    @Test func `a version is kept seven days from when it was superseded, however old it is`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            try await store.write(.put(.pod("a"), "old"))
            try await pass(.seconds(30 * 86_400), fixture)
            try await store.write(.put(.pod("a"), "new"))
            try await pass(.seconds(6 * 86_400), fixture)
            #expect(try store.history(of: .pod("a")).map(\.object?.text) == ["new", "old"])
            try await pass(.seconds(86_400), fixture)
            #expect(try store.history(of: .pod("a")).map(\.object?.text) == ["new"])
            #expect(try store.get(.pod("a"))?.text == "new")
        }
    }

    @Test func `the archive keeps to its size, oldest first, and leaves watch history alone`() async throws {
        var options = ObjectStore.Options()
        options.archiveBytes = 10_000
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let text = String(repeating: "x", count: 1000)
            for number in 0..<50 { try await store.write(.put(.pod("a"), "\(number)\(text)")) }
            #expect(try store.history(of: .pod("a")).count == 50)
            try await pass(.seconds(400), fixture)
            let kept = try store.history(of: .pod("a"))
            #expect(kept.count == 10)
            #expect(kept.first?.object?.text.hasPrefix("49") == true)
            let before = store.currentRevision
            for number in 50..<100 { try await store.write(.put(.pod("a"), "\(number)\(text)")) }
            #expect(try drain(try store.watch(prefix: "", from: before)).count == 50)
        }
    }

    @Test func `what is kept survives a reopening, and so does the end of the history`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let time = ManualTimeSource()
            var store = try ObjectStore.open(directory: directory, time: time)
            for number in 0..<20 { try await store.write(.put(.pod("a"), "\(number)")) }
            try await pass(.seconds(400), TemporaryStore(directory: directory, time: time, store: store))
            store.close()
            store = try ObjectStore.open(directory: directory, time: time)
            defer { store.close() }
            #expect(throws: StoreError.self) { try store.watch(prefix: "", from: 5) }
            #expect(try store.history(of: .pod("a")).count == 20)
            #expect(try store.list(prefix: "/pods/").items.map(\.text) == ["19"])
            #expect(try drain(try store.watch(prefix: "", from: store.currentRevision)).isEmpty)
        }
    }

    @Test func `compaction catches up with writers that never pause`() async throws {
        var options = ObjectStore.Options()
        options.watchHistory = .seconds(1)
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<400 {
                            if writer == 0 { fixture.time.advance(by: .seconds(1)) }
                            _ = try? await store.write(.put(.pod("p\(writer)"), "\(number)", archive: false))
                        }
                    }
                }
            }
            // Without its patience with busy writers running out, nothing would have been deleted yet.
            #expect(store.shared.withLock { $0.compacted } > 0)
            // Each further write lets it go on for a step at least.
            var ticks = 0
            while try rows(fixture) > 8, ticks < 100 {
                try await pass(.seconds(1), fixture)
                ticks += 1
            }
            #expect(try rows(fixture) == 8)
        }
    }
}
