import LinuxKernel
import TestSupport
import Testing

@testable import ObjectStore

/// Random histories, each repeatable by its seed.
struct ResumptionTests {
    struct Version: Equatable {
        let revision: Int64
        let text: String
    }

    typealias State = [String: Version]

    private func state(_ listing: Listing) -> State {
        Dictionary(uniqueKeysWithValues: listing.items.map { ($0.key.string, Version(revision: $0.revision, text: $0.text)) })
    }

    private func applying(_ events: [StoreEvent], to state: State) -> State {
        events.reduce(into: state) { state, event in
            let version = Version(revision: event.revision, text: event.object.text)
            state[event.object.key.string] = event.kind == .deleted ? nil : version
        }
    }

    private func randomWrite(_ random: inout SeededGenerator, _ number: Int) -> ObjectWrite {
        let key = ObjectKey.pod("p\(Int.random(in: 0..<25, using: &random))", "n\(Int.random(in: 0..<2, using: &random))")
        let text = String(repeating: "\(number) ", count: Int.random(in: 1..<30, using: &random))
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2: return .put(key, nil)
        case 2..<4: return .put(key, text, durability: .volatile, archive: false)
        case 4..<6: return .put(key, text, archive: false)
        default: return .put(key, text)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8], [3_000, 1 << 20])
    func `a list and a watch from any revision come to the same state as a fresh list`(seed: UInt64, ringBytes: Int) async throws {
        var options = ObjectStore.Options()
        options.ringBytes = ringBytes
        options.residentBytes = seed % 2 == 0 ? 1 << 20 : 500
        options.checkpointBytes = 256 << 10
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            var random = SeededGenerator(seed: seed)
            for number in 0..<600 {
                _ = try? await store.write(randomWrite(&random, number))
                if Int.random(in: 0..<20, using: &random) == 0 { fixture.time.advance(by: .seconds(15)) }
            }
            let prefix = seed % 3 == 0 ? "/pods/n1/" : "/pods/"
            let fresh = state(try store.list(prefix: prefix))
            var resumed = 0
            for revision in 0...store.currentRevision {
                do {
                    let then = state(try store.list(prefix: prefix, at: revision))
                    #expect(then.values.allSatisfy { $0.revision <= revision })
                    let events = try drain(try store.watch(prefix: prefix, from: revision), max: 9)
                    #expect(events.allSatisfy { $0.revision > revision })
                    #expect(zip(events, events.dropFirst()).allSatisfy { $0.revision < $1.revision })
                    #expect(applying(events, to: then) == fresh, "from revision \(revision)")
                    resumed += 1
                } catch StoreError.compacted(let oldest) {
                    #expect(revision < oldest)
                }
            }
            #expect(resumed > 50)
        }
    }

    @Test(arguments: [11, 12, 13])
    func `a list at an old revision is the list that was taken then`(seed: UInt64) async throws {
        var options = ObjectStore.Options()
        options.ringBytes = seed == 11 ? 1 << 20 : 2_000
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            var random = SeededGenerator(seed: seed)
            var taken: [Int64: State] = [:]
            for number in 0..<300 {
                var write = randomWrite(&random, number)
                write.durability = .durable
                _ = try? await store.write(write)
                let listing = try store.list(prefix: "/pods/")
                taken[listing.revision] = state(listing)
            }
            for (revision, expected) in taken {
                #expect(state(try store.list(prefix: "/pods/", at: revision)) == expected)
                let first = try store.list(prefix: "/pods/", limit: 7, at: revision)
                let rest = try store.list(prefix: "/pods/", after: first.next, limit: nil, at: revision)
                if first.next != nil {
                    #expect(state(first).merging(state(rest)) { $1 } == expected)
                    #expect(first.remaining == rest.items.count)
                }
            }
        }
    }

    @Test func `a watch that follows while others write misses nothing`() async throws {
        var options = ObjectStore.Options()
        options.ringBytes = 20_000
        options.checkpointBytes = 256 << 10
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let start = store.currentRevision
            let follower = Task {
                let watch = try store.watch(prefix: "", from: start)
                var events: [StoreEvent] = []
                while events.count < 3200 {
                    events += try drain(watch)
                    if events.count >= 3200 { break }
                    await withCheckedContinuation { continuation in watch.onReady { continuation.resume() } }
                }
                return events
            }
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<32 {
                    group.addTask {
                        for number in 0..<100 { _ = try? await store.write(.put(.pod("p\(writer)"), "\(number)")) }
                    }
                }
            }
            let events = try await follower.value
            #expect(events.map(\.revision) == Array(start + 1...start + 3200))
        }
    }
}
