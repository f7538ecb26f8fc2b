import LinuxKernel
import Testing

@testable import ObjectStore

struct VolatileTests {
    private func rows(_ path: String) throws -> Int64 {
        try Connection(path: path, cacheKilobytes: 100).integer("SELECT count(*) FROM log") ?? -1
    }

    @Test func `a renewal has a revision, an event and readers, but no row`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let created = try await store.write(.put(.lease("n"), "1", durability: .volatile, archive: false))
            #expect(try rows(store.path) == 1)
            let watch = try store.watch(prefix: "", from: created.revision)
            let renewed = try await store.write(
                .put(.lease("n"), "2", if: .revision(created.revision), durability: .volatile, archive: false))
            #expect(renewed.revision > created.revision)
            #expect(try rows(store.path) == 1)
            #expect(try store.get(.lease("n"))?.text == "2")
            #expect(try store.list(prefix: "").items.map(\.text) == ["2"])
            #expect(try drain(watch).map(\.object.text) == ["2"])
            let error = await #expect(throws: StoreError.self) {
                try await store.write(.put(.lease("n"), "3", if: .revision(created.revision)))
            }
            guard case .conflict(let current?) = error else { throw try #require(error) }
            #expect(current.revision == renewed.revision)
        }
    }

    @Test func `the next durable write carries a renewal on`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let created = try await store.write(.put(.lease("n"), "1", archive: false))
            let renewed = try await store.write(.put(.lease("n"), "2", durability: .volatile, archive: false))
            let changed = try await store.write(.put(.lease("n"), "3", if: .revision(renewed.revision), archive: false))
            #expect(try rows(store.path) == 2)
            #expect(try store.get(.lease("n"), at: created.revision)?.text == "1")
            #expect(try store.get(.lease("n"))?.revision == changed.revision)
            fixture.time.advance(by: .seconds(600))
            for _ in 0..<3 {
                try await store.write(.put(.pod("a"), "tick", archive: false))
                fixture.time.advance(by: .seconds(31))
            }
            let superseded = try Connection(path: store.path, cacheKilobytes: 100)
                .integer("SELECT count(*) FROM log WHERE revision = \(created.revision)")
            #expect(superseded == 0)
        }
    }

    @Test func `a delete of a renewed object shows its last state, also later`() async throws {
        var options = ObjectStore.Options()
        options.ringBytes = 0
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let created = try await store.write(.put(.lease("n"), "1", archive: false))
            try await store.write(.put(.lease("n"), "2", durability: .volatile, archive: false))
            #expect(try await store.write(.put(.lease("n"), nil, archive: false)).text == "2")
            let events = try drain(try store.watch(prefix: "", from: created.revision))
            #expect(events.map(\.kind) == [.deleted])
            #expect(events.map(\.object.text) == ["2"])
        }
    }

    @Test func `a group with one durable write is durable as a whole`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            try await store.write(.put(.lease("n"), "1", archive: false))
            try await store.write([
                .put(.lease("n"), "2", durability: .volatile, archive: false), .put(.pod("a"), "1"),
            ])
            #expect(try rows(store.path) == 3)
        }
    }

    @Test func `an orderly end keeps renewals`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let time = ManualTimeSource()
            var store = try ObjectStore.open(directory: directory, time: time)
            try await store.write(.put(.lease("n"), "1", archive: false))
            let renewed = try await store.write(.put(.lease("n"), "2", durability: .volatile, archive: false))
            store.close()
            store = try ObjectStore.open(directory: directory, time: time)
            defer { store.close() }
            #expect(try store.get(.lease("n"))?.text == "2")
            #expect(store.currentRevision == renewed.revision + 1)
        }
    }
}
