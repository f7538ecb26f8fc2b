import Glibc
package import LinuxKernel

/// Objects by key, every write with a revision of its own, in one SQLite file.
///
/// A write is acknowledged after it is on the disk; writes that wait together share one fsync. Reads come from memory as far as the budget
/// goes, see everything acknowledged, and never wait for a writer. Watches are cursors over the log and over a ring of its newest events.
/// At rest there is no timer, no polling and no write. The store knows keys and bytes, no kinds; only the API server may import it.
package final class ObjectStore: Sendable {
    /// The database file.
    package let path: String

    /// What it keeps and for how long.
    package let options: Options

    let shared: SharedState
    let readers: ReadPool
    private let queue: CommitQueue
    private let stopped: WakeSemaphore

    /// Opens the store in `directory`, making both when they are missing and migrating an older file after copying it.
    ///
    /// Throws `newerSchema`, `corrupt`, `readOnly`, `diskFull` or `io`, and then has changed nothing of an existing file. One store per
    /// file at a time: the caller holds the data directory's lock.
    package static func open(
        directory: String, time: any TimeSource, options: Options = Options()
    ) throws(StoreError) -> ObjectStore {
        try ObjectStore(directory: directory, time: time, options: options, migrations: StoreSchema.migrations)
    }

    init(directory: String, time: any TimeSource, options: Options, migrations: [[String]]) throws(StoreError) {
        let path = "\(directory)/store.db"
        let connection = try StoreFile.open(path, directory: directory, migrations: migrations)
        let queue = CommitQueue()
        let stopped = WakeSemaphore()
        let (shared, committer) = try StoreError.translating(path) { () throws(SQLiteError) in
            let facts = try StoreFacts(connection)
            let shared = SharedState(
                CurrentState(
                    index: try KeyIndex(connection), revision: facts.lastRevision, compacted: facts.compacted,
                    reach: facts.reach,
                    ring: EventRing(
                        maximumBytes: options.ringBytes, maximumAge: options.watchHistory, floor: facts.lastRevision),
                    maximumResidentBytes: options.residentBytes))
            let committer = try Committer(
                connection, path: path, facts: facts, time: time, options: options, shared: shared, queue: queue)
            return (shared, committer)
        }
        self.path = path
        self.options = options
        self.shared = shared
        self.queue = queue
        self.stopped = stopped
        readers = ReadPool(path: path)
        let thread = CommitterThread(committer)
        KernelThread.start("store-commit") {
            thread.run()
            stopped.signal()
        }
    }

    deinit { queue.close() }

    /// The newest revision that can be read.
    package var currentRevision: Int64 { shared.withLock { $0.revision } }

    /// Hands in one write. `completion` is called once, on the committer's thread and after the write is durable (or refused): it must
    /// return soon and not wait for the store. A delete answers with the last state at the revision of the deletion.
    package func submit(_ write: ObjectWrite, completion: @escaping @Sendable (Result<StoredObject, StoreError>) -> Void) {
        submit([write]) { result in completion(result.map { $0[0] }) }
    }

    /// Hands in writes that happen all, with consecutive revisions, or not at all; each sees those before it. The result has one object
    /// for each, in order, or the first refusal.
    package func submit(
        _ writes: [ObjectWrite], completion: @escaping @Sendable (Result<[StoredObject], StoreError>) -> Void
    ) {
        if let write = writes.first(where: { ($0.bytes ?? $0.finalBytes ?? []).count > 1 << 28 }) {
            return completion(.failure(.io(path: path, detail: "\(write.key.string) is larger than 256 MB")))
        }
        if !queue.add(Submission(writes, completion: completion)) { completion(.failure(.closed)) }
    }

    /// As `submit`, suspended until the write is durable.
    @discardableResult
    package func write(_ write: ObjectWrite) async throws(StoreError) -> StoredObject {
        try await withCheckedContinuation { continuation in
            submit(write) { continuation.resume(returning: $0) }
        }.get()
    }

    /// As `submit` for a group, suspended until it is durable.
    @discardableResult
    package func write(_ writes: [ObjectWrite]) async throws(StoreError) -> [StoredObject] {
        try await withCheckedContinuation { continuation in
            submit(writes) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Ends the store: writes handed in before are finished, volatile values kept, the write-ahead log is moved into the database.
    /// Blocks for as long as that takes; not to be called from a completion. Afterwards everything throws `closed`.
    package func close() {
        let isFirst = shared.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        readers.close()
        queue.close()
        stopped.wait()
    }
}
