import Glibc
import LinuxKernel
import Synchronization
import TestSupport
import Testing

@testable import ObjectStore

/// What an acknowledgement says: the key, its revision and the number that was written.
private struct Acknowledgement {
    let key: String
    let revision: Int64
    let number: Int
    let isDurable: Bool

    init(key: String, revision: Int64, number: Int, isDurable: Bool) {
        (self.key, self.revision, self.number, self.isDurable) = (key, revision, number, isDurable)
    }

    init?(line: Substring) {
        let parts = line.split(separator: " ")
        guard parts.count == 4, let revision = Int64(parts[1]), let number = Int(parts[2]) else { return nil }
        self.init(key: String(parts[0]), revision: revision, number: number, isDurable: parts[3] == "durable")
    }

    var line: String { "\(key) \(revision) \(number) \(isDurable ? "durable" : "volatile")\n" }
}

/// Writers that never stop, each with objects of its own: new ones, one that counts and one that is renewed.
private struct Writers {
    let store: ObjectStore
    let acknowledge: @Sendable (Acknowledgement) -> Void

    func run(_ count: Int, while isRunning: @escaping @Sendable () -> Bool) async {
        let run = SecureRandom.hex(4)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<count {
                group.addTask {
                    var number = 0
                    while isRunning() {
                        number += 1
                        await write(.pod("count-\(writer)", run), number)
                        await write(.pod("new-\(writer)-\(number)", run), number)
                        await write(.lease("renewed-\(run)-\(writer)"), number, durability: number == 1 ? .durable : .volatile)
                    }
                }
            }
        }
    }

    private func write(_ key: ObjectKey, _ number: Int, durability: ObjectWrite.Durability = .durable) async {
        let text = "\(number) " + String(repeating: "x", count: 50 + number % 3000)
        let write = ObjectWrite.put(key, text, durability: durability, archive: durability == .durable)
        guard let object = try? await store.write(write) else { return }
        acknowledge(
            Acknowledgement(key: key.string, revision: object.revision, number: number, isDurable: durability == .durable))
    }
}

/// What has been acknowledged so far, told at every 1,500th.
private final class Recorder: Sendable {
    let milestones: AsyncStream<[Acknowledgement]>
    private let continuation: AsyncStream<[Acknowledgement]>.Continuation
    private let state = Mutex<(acknowledged: [Acknowledgement], isRunning: Bool)>(([], true))

    init() { (milestones, continuation) = AsyncStream.makeStream() }

    var isRunning: Bool { state.withLock { $0.isRunning } }

    func stop() { state.withLock { $0.isRunning = false } }

    func record(_ acknowledgement: Acknowledgement) {
        state.withLock { state in
            state.acknowledged.append(acknowledgement)
            if state.acknowledged.count % 1_500 == 0 { continuation.yield(state.acknowledged) }
        }
    }
}

/// Checks a store after its end against what had been acknowledged before it.
private func check(_ store: ObjectStore, _ acknowledged: [Acknowledgement]) async throws {
    #expect(Set(acknowledged.map(\.revision)).count == acknowledged.count)
    let durable = acknowledged.filter(\.isDurable)
    for acknowledgement in durable {
        let key = ObjectKey(string: acknowledgement.key)
        let found = try #require(try store.get(key, at: acknowledgement.revision), "\(acknowledgement.line)")
        #expect(found.revision == acknowledgement.revision)
        #expect(found.text.hasPrefix("\(acknowledgement.number) "))
    }
    let middle = durable.map(\.revision).sorted()[durable.count / 2]
    let seen = Set(try drain(try store.watch(prefix: "", from: middle)).map(\.revision))
    #expect(durable.allSatisfy { $0.revision <= middle || seen.contains($0.revision) })
    let next = try await store.write(.put(.pod("after"), "x"))
    #expect(acknowledged.allSatisfy { $0.revision < next.revision })
}

private func smallOptions() -> ObjectStore.Options {
    var options = ObjectStore.Options()
    options.checkpointBytes = 512 << 10
    options.ringBytes = 64 << 10
    options.residentBytes = 64 << 10
    options.reservedRevisions = 50
    return options
}

struct CrashTests {
    @Test func `SIGKILL under 64 writers loses nothing acknowledged and reuses no revision`() async throws {
        try await TemporaryStore.withDirectory(onDisk: true) { directory in
            var acknowledged: [Acknowledgement] = []
            for round in 1...3 {
                acknowledged += try killedRound(directory, after: 4_000 * round)
                let store = try ObjectStore.open(directory: directory, time: SystemTimeSource(), options: smallOptions())
                try await check(store, acknowledged)
                store.close()
            }
            #expect(acknowledged.count > 12_000)
        }
    }

    /// Runs this test program once more, as a process that writes until it is killed.
    private func killedRound(_ directory: String, after count: Int) throws -> [Acknowledgement] {
        var ends: [CInt] = [0, 0]
        try SystemError.check("pipe") { pipe(&ends) }
        let reading = FileDescriptor(ends[0])
        let writing = FileDescriptor(ends[1])
        let program = try FileSystem.readLink("/proc/self/exe")
        var environment = ["KDASH_STORE_KILLED=\(directory)"]
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH"] {
            if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
        }
        let child = try ChildProcess.start(
            program, arguments: [program, "--testing-library", "swift-testing", "--filter", "ObjectStoreTests.KilledProcess"],
            environment: environment, inherited: [writing.raw])
        close(writing.release())

        var text: [UInt8] = []
        var isKilled = false
        while true {
            let bytes = try reading.read(maximum: 1 << 16)
            if bytes.isEmpty { break }
            text += bytes
            if !isKilled && text.count > count * 40 {
                kill(child.pid, SIGKILL)
                isKilled = true
            }
        }
        #expect(try child.wait() == .signal(SIGKILL))
        // The last line may be cut: that write was not told to anybody.
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.compactMap(Acknowledgement.init)
    }

    @Test func `a copy of the files made under 64 writers has everything acknowledged before it`() async throws {
        try await TemporaryStore.withDirectory(onDisk: true) { directory in
            var options = smallOptions()
            // One file may change while the other is copied: the log only.
            options.checkpointBytes = 1 << 30
            let store = try ObjectStore.open(directory: "\(directory)/live", time: SystemTimeSource(), options: options)
            let recorder = Recorder()
            let writers = Writers(store: store) { recorder.record($0) }
            async let writing: Void = writers.run(64) { recorder.isRunning }
            var snapshots: [(directory: String, acknowledged: [Acknowledgement])] = []
            for await acknowledged in recorder.milestones.prefix(4) {
                let copy = "\(directory)/copy\(snapshots.count)"
                try FileSystem.makeDirectories(copy)
                for name in ["store.db", "store.db-wal"] {
                    let bytes = try FileSystem.readFile("\(directory)/live/\(name)", limit: 1 << 30)
                    try FileSystem.writeAtomically("\(copy)/\(name)", bytes)
                }
                snapshots.append((copy, acknowledged))
            }
            recorder.stop()
            await writing
            store.close()
            for snapshot in snapshots {
                let copy = try ObjectStore.open(directory: snapshot.directory, time: SystemTimeSource(), options: options)
                try await check(copy, snapshot.acknowledged)
                copy.close()
            }
        }
    }

    @Test(arguments: [21, 22, 23])
    func `a log cut anywhere, as by a power cut, leaves the writes before the cut and no others`(seed: UInt64) async throws {
        try await TemporaryStore.withDirectory { directory in
            var options = smallOptions()
            options.checkpointBytes = 1 << 30
            let live = "\(directory)/live"
            let store = try ObjectStore.open(directory: live, time: TemporaryStore.clock, options: options)
            for number in 1...60 { try await store.write([.put(.pod("a"), "\(number)"), .put(.pod("p\(number)"), "\(number)")]) }
            let database = try FileSystem.readFile("\(live)/store.db")
            let log = try FileSystem.readFile("\(live)/store.db-wal")
            store.close()
            var random = SeededGenerator(seed: seed)
            for _ in 0..<12 {
                let cut = "\(directory)/cut"
                try FileSystem.makeDirectories(cut)
                var remaining = Array(log[..<Int.random(in: 60_000..<log.count, using: &random)])
                // Half of the time the file system had the length but not yet the content.
                if Bool.random(using: &random) { remaining += [UInt8](repeating: 0, count: 5_000) }
                try FileSystem.writeAtomically("\(cut)/store.db", database)
                try FileSystem.writeAtomically("\(cut)/store.db-wal", remaining)
                let found = try ObjectStore.open(directory: cut, time: TemporaryStore.clock, options: options)
                let text = try #require(try found.get(.pod("a"))).text
                let last = try #require(Int(text))
                #expect(try found.list(prefix: "/pods/").items.count == 1 + last)
                #expect(found.currentRevision == Int64(2 * last))
                found.close()
                try FileSystem.removeTree(cut)
            }
        }
    }
}

@Suite(.enabled(if: getenv("KDASH_STORE_KILLED") != nil, "run by the SIGKILL test, in a process of its own"))
struct KilledProcess {
    @Test func `writes until it is killed`() async throws {
        let directory = String(cString: try #require(getenv("KDASH_STORE_KILLED")))
        let store = try ObjectStore.open(directory: directory, time: SystemTimeSource(), options: smallOptions())
        let writers = Writers(store: store) { acknowledgement in
            let line = Array(acknowledgement.line.utf8)
            // The pipe of the test is descriptor 3; a line is shorter than PIPE_BUF, so it arrives whole.
            _ = write(3, line, line.count)
        }
        await writers.run(64) { true }
    }
}
