import LinuxKernel
import Testing

@testable import ObjectStore

/// Lists and histories of the past, and how far they reach.
struct PastTests {
    /// Lets time pass, with the writes that compaction needs to happen at all.
    private func pass(_ duration: Duration, _ fixture: TemporaryStore) async throws {
        fixture.time.advance(by: duration)
        for _ in 0..<2 { try await fixture.store.write(.put(.lease("clock"), "tick", archive: false)) }
        fixture.time.advance(by: .seconds(31))
        for _ in 0..<2 { try await fixture.store.write(.put(.lease("clock"), "tick", archive: false)) }
    }

    private func past(_ store: ObjectStore, _ revision: Int64) throws -> [String] {
        try store.past(prefix: "/pods/", at: revision).items.map(\.text)
    }

    @Test func `a list of the past is exact long after its changes cannot be watched any more`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            try await store.write(.put(.pod("a"), "a spec"))
            let second = try await store.write(.put(.pod("b"), "b spec"))
            let state = try await store.write(.put(.pod("a"), "a state", retention: .state))
            try await store.write(.put(.pod("a"), "a state 2", retention: .state))
            try await store.write(.put(.pod("b"), nil))
            try await pass(.seconds(7200), fixture)
            #expect(throws: StoreError.self) { try store.list(prefix: "/pods/", at: second.revision) }
            #expect(try past(store, second.revision) == ["a spec", "b spec"])
            #expect(try past(store, second.revision - 1) == ["a spec"])
            #expect(try past(store, state.revision) == ["a state", "b spec"])
            #expect(try past(store, state.revision + 2) == ["a state 2"])
            let page = try store.past(prefix: "/pods/", at: second.revision, limit: 1)
            #expect(page.items.map(\.text) == ["a spec"] && page.remaining == 1)
            #expect(try store.past(prefix: "/pods/", at: second.revision, after: page.next, limit: 5).items.map(\.text) == ["b spec"])
            #expect(throws: StoreError.self) { try store.past(prefix: "", at: store.currentRevision + 1) }
        }
    }

    @Test func `states go after a day, other versions after seven, and how far both reach is known`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let spec = try await store.write(.put(.pod("a"), "spec"))
            let state = try await store.write(.put(.pod("a"), "state", retention: .state))
            try await store.write(.put(.pod("a"), "state 2", retention: .state))
            let start = fixture.time.now()
            try await pass(.seconds(86_000), fixture)
            #expect(store.kept.states < start && store.kept.archive < start)
            try await pass(.seconds(600), fixture)
            #expect(store.kept.states == start)
            #expect(store.kept.archive < start)
            #expect(try past(store, state.revision) == ["spec"])
            #expect(try store.history(of: .pod("a")).map(\.object?.text) == ["state 2", "spec"])
            try await pass(.seconds(7 * 86_400), fixture)
            #expect(store.kept.archive == start)
            #expect(throws: StoreError.self) { try store.past(prefix: "/pods/", at: spec.revision) }
            #expect(try past(store, store.currentRevision) == ["state 2"])
        }
    }

    @Test func `states keep to their size and leave the archive alone`() async throws {
        var options = ObjectStore.Options()
        options.stateBytes = 5000
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let text = String(repeating: "x", count: 1000)
            for number in 0..<10 { try await store.write(.put(.pod("a"), "spec \(number)\(text)")) }
            for number in 0..<50 { try await store.write(.put(.pod("a"), "\(number)\(text)", retention: .state)) }
            try await pass(.seconds(400), fixture)
            let kept = try store.history(of: .pod("a"))
            #expect(kept.filter(\.isStateOnly).count == 5)
            #expect(kept.filter { !$0.isStateOnly }.count == 10)
        }
    }

    @Test func `a state does not outlive the deletion that ended it`() async throws {
        var options = ObjectStore.Options()
        options.archiveBytes = 10
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            try await store.write(.put(.pod("a"), "spec"))
            try await store.write(.put(.pod("a"), "state", retention: .state))
            let deletion = try await store.write(.put(.pod("a"), nil))
            try await store.write(.put(.pod("b"), "a spec of some length"))
            try await store.write(.put(.pod("b"), "another"))
            try await pass(.seconds(400), fixture)
            #expect(try past(store, store.currentRevision) == ["another"])
            #expect(throws: StoreError.self) { try store.past(prefix: "/pods/", at: deletion.revision) }
            #expect(try store.history(of: .pod("a")).isEmpty)
        }
    }

    @Test func `changes of a kind are told newest first, by time, kind of change and number`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            try await store.write(.put(.pod("old"), "1"))
            fixture.time.advance(by: .seconds(60))
            let since = fixture.time.now()
            fixture.time.advance(by: .seconds(1))
            try await store.write(.put(.pod("a"), "1", by: "alice"))
            try await store.write(.put(.pod("a"), "2", by: "node", retention: .state))
            try await store.write(.put(.lease("l"), "1", archive: false))
            try await store.write(.put(.pod("a"), nil, by: "bob"))
            let all = try store.changes(prefix: "/pods/", since: since)
            #expect(all.map(\.writer) == ["bob", "node", "alice"])
            #expect(all.map(\.isDeletion) == [true, false, false])
            #expect(all.map(\.previous) == [all[1].revision, all[2].revision, 0])
            #expect(all[0].object?.text == "2" && all[0].key.name == "a")
            #expect(try store.changes(prefix: "/pods/", since: since, .archived).map(\.writer) == ["bob", "alice"])
            #expect(try store.changes(prefix: "/pods/", since: since, .deletions).map(\.writer) == ["bob"])
            #expect(try store.changes(prefix: "/pods/", since: since, limit: 1).map(\.writer) == ["bob"])
            #expect(try store.changes(prefix: "/pods/", since: since, before: all[0].revision).map(\.writer) == ["node", "alice"])
            #expect(try store.changes(prefix: "/pods/", since: since, bytes: 0).count == 1)
            #expect(try store.changes(prefix: "/pods/", since: Timestamp(seconds: 0)).count == 4)
            #expect(try store.changes(prefix: "/pods/", since: fixture.time.now()).isEmpty)
        }
    }

    @Test func `a moment has the revision that was the newest then, whatever was deleted since`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let start = fixture.time.now()
            var written: [(Int64, Timestamp)] = []
            for number in 0..<40 {
                fixture.time.advance(by: .seconds(10))
                let keeps = number % 7 == 0
                let version = try await store.write(.put(.pod("a"), "\(number)", archive: keeps))
                if keeps { written.append((version.revision, fixture.time.now())) }
            }
            try await pass(.seconds(400), fixture)
            #expect(try store.revision(at: start) == 0)
            for (revision, time) in written {
                #expect(try store.revision(at: time) == revision)
                #expect(try store.revision(at: time.advanced(by: .seconds(3))) == revision)
                #expect(try store.time(of: revision) == time)
            }
        }
    }

    @Test func `a file of the first version keeps its archive`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let path = "\(directory)/store.db"
            let time = ManualTimeSource()
            do {
                let connection = try StoreFile.open(path, directory: directory, migrations: Array(StoreSchema.migrations.prefix(1)))
                let now = LogTime.integer(time.now())
                for revision in 1...3 {
                    try connection.execute(
                        "INSERT INTO log VALUES (\(revision), '/pods/default/a', \(revision - 1), 0, \(now), 'alice', 1, NULL, CAST('\(revision)' AS BLOB))")
                }
                try connection.execute("INSERT INTO retired(revision, time, size) VALUES (1, \(now), 1), (2, \(now), 1)")
                try connection.execute("UPDATE facts SET value = 3 WHERE name = 'compacted'")
            }
            let store = try ObjectStore.open(directory: directory, time: time)
            defer { store.close() }
            #expect(try store.history(of: .pod("a")).map(\.object?.text) == ["3", "2", "1"])
            #expect(store.kept.states == time.now())
            #expect(try store.past(prefix: "/pods/", at: 2).items.map(\.text) == ["2"])
        }
    }
}
