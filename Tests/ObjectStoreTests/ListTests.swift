import Testing

@testable import ObjectStore

struct ListTests {
    private func names(_ listing: Listing) -> [String] { listing.items.map(\.key.name) }

    @Test func `a list has the objects of its prefix in key order`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            for name in ["c", "a", "b"] { try await store.write(.put(.pod(name), name)) }
            try await store.write(.put(.pod("z", "other"), "z"))
            try await store.write(.put(.lease("a"), "l"))
            let listing = try store.list(prefix: ObjectKey.prefix(group: "", resource: "pods", namespace: "default"))
            #expect(names(listing) == ["a", "b", "c"])
            #expect(listing.revision == store.currentRevision)
            #expect(listing.remaining == 0 && listing.next == nil)
            #expect(try store.list(prefix: ObjectKey.prefix(group: "", resource: "pods", namespace: nil)).items.count == 4)
            #expect(try store.list(prefix: "").items.count == 5)
            #expect(try store.list(prefix: "nothing").items.isEmpty)
        }
    }

    @Test(arguments: [16 << 20, 0])
    func `pages of one list are of one revision, whatever is written between them`(ringBytes: Int) async throws {
        var options = ObjectStore.Options()
        options.ringBytes = ringBytes
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            for number in 10..<20 { try await store.write(.put(.pod("p\(number)"), "old")) }
            let first = try store.list(prefix: "/pods/", limit: 4)
            #expect(names(first) == ["p10", "p11", "p12", "p13"])
            #expect(first.remaining == 6)

            try await store.write(.put(.pod("p14"), nil))
            try await store.write(.put(.pod("p15"), "new"))
            try await store.write(.put(.pod("p15b"), "new"))
            try await store.write(.put(.pod("p16"), nil))
            try await store.write(.put(.pod("p16"), "new"))

            let second = try store.list(prefix: "/pods/", after: first.next, limit: 4, at: first.revision)
            #expect(names(second) == ["p14", "p15", "p16", "p17"])
            #expect(second.items.allSatisfy { $0.text == "old" })
            #expect(second.revision == first.revision)
            #expect(second.remaining == 2)
            let third = try store.list(prefix: "/pods/", after: second.next, limit: 4, at: first.revision)
            #expect(names(third) == ["p18", "p19"])
            #expect(third.remaining == 0 && third.next == nil)
            #expect(names(try store.list(prefix: "/pods/")) == ["p10", "p11", "p12", "p13", "p15", "p15b", "p16", "p17", "p18", "p19"])
        }
    }

    @Test func `a revision to come cannot be read`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let next = store.currentRevision + 1
            let error = #expect(throws: StoreError.self) { try store.list(prefix: "", at: next) }
            guard case .futureRevision(let current) = error else { throw try #require(error) }
            #expect(current == store.currentRevision)
            #expect(throws: StoreError.self) { try store.get(.pod("a"), at: next) }
        }
    }

    @Test func `objects beyond the memory budget are read from the disk`() async throws {
        var options = ObjectStore.Options()
        options.residentBytes = 1000
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let text = String(repeating: "x", count: 100)
            for number in 0..<200 { try await store.write(.put(.pod("p\(number)"), "\(number) \(text)")) }
            #expect(try store.list(prefix: "").items.count == 200)
            for number in 0..<200 { #expect(try store.get(.pod("p\(number)"))?.text == "\(number) \(text)") }
            try await store.write(.put(.pod("p7"), "new", if: .any))
            #expect(try store.get(.pod("p7"))?.text == "new")
        }
    }

    @Test func `what a quiet process dropped of many objects is read from the disk`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let text = String(repeating: "x", count: 100_000)
            for number in 0..<200 { try await store.write(.put(.pod("p\(number)"), "\(number) \(text)")) }
            func resident() -> Int { store.shared.withLock { $0.residentBytes } }
            #expect(resident() > 20_000_000)
            store.shrink()
            #expect(resident() <= 12 << 20 && resident() > 6 << 20)
            let listed = try store.list(prefix: "").items
            #expect(listed.map(\.text).sorted() == (0..<200).map { "\($0) \(text)" }.sorted())
            #expect(resident() > 20_000_000, "what was read is kept again")
            for number in 0..<200 { #expect(try store.get(.pod("p\(number)"))?.text == "\(number) \(text)") }
        }
    }

    @Test func `a reopened store has what was acknowledged, at its revisions`() async throws {
        try await TemporaryStore.withDirectory { directory in
            let time = TemporaryStore.clock
            var store = try ObjectStore.open(directory: directory, time: time)
            for number in 0..<300 { try await store.write(.put(.pod("p\(number)"), "\(number)")) }
            try await store.write(.put(.pod("p5"), nil))
            let last = try await store.write(.put(.pod("p6"), "changed"))
            store.close()

            store = try ObjectStore.open(directory: directory, time: time)
            defer { store.close() }
            #expect(store.currentRevision == last.revision)
            #expect(try store.get(.pod("p5")) == nil)
            #expect(try store.get(.pod("p6"))?.revision == last.revision)
            #expect(try store.list(prefix: "").items.count == 299)
            #expect(try store.get(.pod("p5"), at: last.revision - 2)?.text == "5")
            #expect(try await store.write(.put(.pod("p5"), "again", if: .mustNotExist)).revision > last.revision)
        }
    }

    @Test func `an old version is found by revision and the time before an object is empty`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let before = try await store.write(.put(.pod("other"), "x"))
            let first = try await store.write(.put(.pod("a"), "1"))
            let second = try await store.write(.put(.pod("a"), "2"))
            let gone = try await store.write(.put(.pod("a"), nil))
            #expect(try store.get(.pod("a"), at: before.revision) == nil)
            #expect(try store.get(.pod("a"), at: first.revision)?.text == "1")
            #expect(try store.get(.pod("a"), at: second.revision)?.revision == second.revision)
            #expect(try store.get(.pod("a"), at: gone.revision) == nil)
            #expect(try store.get(.pod("other"), at: gone.revision)?.text == "x")
        }
    }
}
