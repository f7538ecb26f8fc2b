import LinuxKernel
import Synchronization
import Testing

@testable import ObjectStore

struct WatchTests {
    @Test func `a watch sees every change of its prefix once, in order`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let watch = try store.watch(prefix: "/pods/default/", from: nil)
            let a = try await store.write(.put(.pod("a"), "1"))
            try await store.write(.put(.pod("a", "other"), "1"))
            let b = try await store.write(.put(.pod("a"), "2"))
            let c = try await store.write(.put(.pod("a"), nil))
            let events = try drain(watch)
            #expect(events.map(\.kind) == [.added, .modified, .deleted])
            #expect(events.map(\.revision) == [a.revision, b.revision, c.revision])
            #expect(events.map(\.object.text) == ["1", "2", "2"])
            #expect(events.map { $0.previous?.text } == [nil, "1", "2"])
            #expect(watch.position == store.currentRevision)
            #expect(try drain(watch).isEmpty)
        }
    }

    @Test func `final bytes of a delete are what its watchers see, also from the log`() async throws {
        var options = ObjectStore.Options()
        options.ringBytes = 0
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let first = try await store.write(.put(.pod("a"), "1"))
            let watch = try store.watch(prefix: "", from: first.revision)
            var delete = ObjectWrite.put(.pod("a"), nil)
            delete.finalBytes = Array("last".utf8)
            #expect(try await store.write(delete).text == "last")
            let events = try drain(watch)
            #expect(events.map(\.object.text) == ["last"])
            #expect(events.first?.previous?.text == "1")
        }
    }

    @Test func `a slow watch goes on from the log where the ring has moved past it`() async throws {
        var options = ObjectStore.Options()
        options.ringBytes = 4000
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let start = store.currentRevision
            let watch = try store.watch(prefix: "/pods/", from: start)
            for number in 0..<300 {
                try await store.write(.put(.pod("p\(number % 10)"), number % 30 < 10 && number >= 30 ? nil : "\(number)"))
            }
            let few = try drain(watch, max: 7)
            #expect(few.map(\.revision) == Array(start + 1...start + 300))
            #expect(few[10].kind == .modified && few[10].previous?.text == "0")
            #expect(few[30].kind == .deleted && few[30].object.text == "20")
            #expect(few[40].kind == .added && few[40].previous == nil)
            let again = try drain(try store.watch(prefix: "/pods/", from: start + 200))
            #expect(again.map(\.object.text) == few[200...].map(\.object.text))
        }
    }

    @Test func `whoever waits is woken once, by what concerns it only`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let wakes = Atomic<Int>(0)
            let watch = try store.watch(prefix: "/pods/default/a", from: nil)
            watch.onReady { wakes.add(1, ordering: .relaxed) }
            try await store.write(.put(.pod("b"), "1"))
            try await store.write(.put(.pod("a", "other"), "1"))
            #expect(wakes.load(ordering: .relaxed) == 0)
            #expect(watch.position == store.currentRevision)
            let a = try await store.write(.put(.pod("a"), "1"))
            try await store.write(.put(.pod("a"), "2"))
            // Wakes follow the answers of a batch: a third write is answered after them.
            try await store.write(.put(.pod("b"), "2"))
            #expect(wakes.load(ordering: .relaxed) == 1)
            #expect(watch.position == a.revision - 1)
            #expect(try drain(watch).map(\.object.text) == ["1", "2"])
        }
    }

    @Test func `asking to be woken when there is something calls at once`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let watch = try store.watch(prefix: "", from: nil)
            try await store.write(.put(.pod("a"), "1"))
            let wakes = Atomic<Int>(0)
            watch.onReady { wakes.add(1, ordering: .relaxed) }
            #expect(wakes.load(ordering: .relaxed) == 1)
        }
    }

    @Test func `a cancelled watch is silent`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let wakes = Atomic<Int>(0)
            let watch = try store.watch(prefix: "", from: nil)
            watch.onReady { wakes.add(1, ordering: .relaxed) }
            watch.cancel()
            try await store.write(.put(.pod("a"), "1"))
            try await store.write(.put(.pod("b"), "1"))
            watch.onReady { wakes.add(1, ordering: .relaxed) }
            #expect(wakes.load(ordering: .relaxed) == 0)
            #expect(try drain(watch).isEmpty)
        }
    }

    @Test func `a watch that waited while the ring moved far on costs no look at the log`() async throws {
        var options = ObjectStore.Options()
        options.ringBytes = 2000
        options.watchHistory = .seconds(10)
        try await TemporaryStore.with(options) { fixture in
            let store = fixture.store
            let watch = try store.watch(prefix: "/pods/idle/", from: nil)
            let woken = Atomic<Bool>(false)
            watch.onReady { woken.store(true, ordering: .relaxed) }
            for number in 0..<200 {
                fixture.time.advance(by: .seconds(5))
                try await store.write(.put(.pod("busy"), "\(number)"))
            }
            #expect(watch.position == store.currentRevision)
            try await store.write(.put(.pod("a", "idle"), "1"))
            #expect(try drain(watch).map(\.object.text) == ["1"])
        }
    }

    @Test func `each wire form is made once for all watchers`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let watches = try (0..<10).map { _ in try store.watch(prefix: "", from: nil) }
            try await store.write(.put(.pod("a"), "1"))
            var made = 0
            for watch in watches {
                let event = try #require(try drain(watch).first)
                let bytes = event.encodedOnce { event in
                    made += 1
                    return event.object.rendered
                }
                #expect(bytes == Array("1".utf8))
                #expect(event.encodedOnce(.binary) { _ in [0x32] } == [0x32])
                #expect(event.encodedOnce(.binary) { _ in [0x33] } == [0x32])
            }
            #expect(made == 1)
            let late = try store.watch(prefix: "", from: 0)
            store.shrink()
            let event = try #require(try drain(late).first)
            #expect(event.encodedOnce { _ in [0x34] } == [0x34])
            #expect(event.encodedOnce(.binary) { _ in [0x35] } == [0x35])
        }
    }

    @Test func `events that a quiet process forgot are read from the log`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let live = try store.watch(prefix: "", from: nil)
            let text = String(repeating: "x", count: 60_000)
            for name in 0..<40 { try await store.write(.put(.pod("\(name)"), text)) }
            let half = store.currentRevision
            try await store.write(.put(.pod("0"), "changed"))
            try await store.write(.put(.pod("1"), nil))
            let floor = store.shared.withLock { $0.ring.floor }
            store.shrink()
            let (after, left) = store.shared.withLock { ($0.ring.floor, $0.ring.bytes) }
            #expect(after > floor && after < half && left <= 1 << 20 && left > 1 << 19)
            for watch in [live, try store.watch(prefix: "", from: 0)] {
                let events = try drain(watch)
                #expect(events.map(\.kind) == Array(repeating: .added, count: 40) + [.modified, .deleted])
                #expect(events.map(\.revision) == events.map(\.revision).sorted())
                #expect(events[40].previous?.count == 60_000 && events[41].previous?.count == 60_000)
            }
        }
    }

    @Test func `a watch from a revision to come is refused`() async throws {
        try await TemporaryStore.with { fixture in
            let error = #expect(throws: StoreError.self) {
                try fixture.store.watch(prefix: "", from: fixture.store.currentRevision + 1)
            }
            guard case .futureRevision = error else { throw try #require(error) }
        }
    }

    @Test func `a thousand waiting watches are all woken by one write`() async throws {
        try await TemporaryStore.with { fixture in
            let store = fixture.store
            let wakes = Atomic<Int>(0)
            let watches = try (0..<1000).map { _ in try store.watch(prefix: "/pods/", from: nil) }
            for watch in watches { watch.onReady { wakes.add(1, ordering: .relaxed) } }
            try await store.write(.put(.pod("a"), "1"))
            try await store.write(.put(.lease("a"), "1"))
            #expect(wakes.load(ordering: .relaxed) == 1000)
        }
    }
}
