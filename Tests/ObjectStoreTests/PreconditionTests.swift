import Testing

@testable import ObjectStore

struct PreconditionTests {
    @Test func `a create of an object that exists is refused with that object`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "1", if: .mustNotExist))
            let error = await #expect(throws: StoreError.self) {
                try await store.write(.put(.pod("a"), "2", if: .mustNotExist))
            }
            guard case .exists(let object) = error else { throw try #require(error) }
            #expect(object.revision == first.revision)
            #expect(try store.get(.pod("a"))?.text == "1")
        }
    }

    @Test func `an update at another revision is refused with the current object`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "1"))
            let second = try await store.write(.put(.pod("a"), "2", if: .revision(first.revision)))
            #expect(second.revision > first.revision)
            let error = await #expect(throws: StoreError.self) {
                try await store.write(.put(.pod("a"), "3", if: .revision(first.revision)))
            }
            guard case .conflict(let current?) = error else { throw try #require(error) }
            #expect(current.revision == second.revision)
            #expect(current.text == "2")
        }
    }

    @Test(arguments: [ObjectWrite.Precondition.any, .anyOrAbsent])
    func `a delete of what is not there is refused`(precondition: ObjectWrite.Precondition) async throws {
        try await TemporaryStore.with { fixture in
            let error = await #expect(throws: StoreError.self) {
                try await fixture.store.write(.put(.pod("a"), nil, if: precondition))
            }
            guard case .notFound = error else { throw try #require(error) }
        }
    }

    @Test func `an update of what is gone is a conflict with nothing`() async throws {
        try await TemporaryStore.with { fixture in
            let error = await #expect(throws: StoreError.self) {
                try await fixture.store.write(.put(.pod("a"), "1", if: .revision(1)))
            }
            guard case .conflict(nil) = error else { throw try #require(error) }
        }
    }

    @Test func `a refused write takes no revision`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "1"))
            _ = try? await store.write(.put(.pod("a"), "2", if: .mustNotExist))
            #expect(store.currentRevision == first.revision)
            #expect(try await store.write(.put(.pod("b"), "1")).revision == first.revision + 1)
        }
    }

    @Test func `a delete answers with the last state at the revision of the deletion`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "1"))
            let gone = try await store.write(.put(.pod("a"), nil, if: .revision(first.revision)))
            #expect(gone.text == "1")
            #expect(gone.revision == first.revision + 1)
            #expect(try store.get(.pod("a")) == nil)
            #expect(try await store.write(.put(.pod("a"), "2", if: .mustNotExist)).revision == gone.revision + 1)
        }
    }

    @Test func `a group happens whole or not at all, and each write sees those before it`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let objects = try await store.write([
                .put(.pod("a"), "1", if: .mustNotExist), .put(.pod("a"), "2", if: .any), .put(.pod("b"), "1", if: .mustNotExist),
            ])
            #expect(objects.map(\.revision) == Array(objects[0].revision..<objects[0].revision + 3))
            let before = store.currentRevision
            await #expect(throws: StoreError.self) {
                try await store.write([.put(.pod("c"), "1"), .put(.pod("a"), nil), .put(.pod("b"), "2", if: .mustNotExist)])
            }
            #expect(store.currentRevision == before)
            #expect(try store.get(.pod("a"))?.text == "2")
            #expect(try store.get(.pod("c")) == nil)
        }
    }

    @Test func `of many creates of one object exactly one succeeds`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let winners = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<64 {
                    group.addTask { (try? await store.write(.put(.pod("a"), "\(number)", if: .mustNotExist))) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        }
    }

    @Test func `counters incremented by many writers lose nothing`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            try await store.write(.put(.pod("counter"), "0"))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        var done = 0
                        while done < 10 {
                            guard let current = try? store.get(.pod("counter")), let value = Int(current.text) else { return }
                            let next = ObjectWrite.put(.pod("counter"), "\(value + 1)", if: .revision(current.revision))
                            if (try? await store.write(next)) != nil { done += 1 }
                        }
                    }
                }
            }
            #expect(try store.get(.pod("counter"))?.text == "160")
        }
    }

    @Test func `a closed store refuses everything and says so`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            store.close()
            #expect(throws: StoreError.self) { try store.get(.pod("a")) }
            #expect(throws: StoreError.self) { try store.list(prefix: "") }
            let error = await #expect(throws: StoreError.self) { try await store.write(.put(.pod("a"), "1")) }
            guard case .closed = error else { throw try #require(error) }
        }
    }
}
