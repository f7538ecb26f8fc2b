import LinuxKernel

/// The one writer: takes every waiting write, commits what passes its precondition with one fsync, makes it visible, answers, wakes.
///
/// Everything here belongs to the committer's own thread once `run` has started.
final class Committer: @unchecked Sendable {
    // Safe because nobody but the committer's thread uses its parts after `init`.
    private let path: String
    private let time: any TimeSource
    private let options: ObjectStore.Options
    private let shared: SharedState
    private let queue: CommitQueue
    private let connection: Connection
    private let log: LogWriter
    private let reader: LogReader
    private let checkpointer: Checkpointer
    private let maintenance: Maintenance
    private var space: LogSpace
    private var lastRevision: Int64
    private var reserved: Int64

    init(
        _ connection: Connection, path: String, facts: StoreFacts, time: any TimeSource, options: ObjectStore.Options,
        shared: SharedState, queue: CommitQueue
    ) throws(SQLiteError) {
        self.path = path
        self.time = time
        self.options = options
        self.shared = shared
        self.queue = queue
        self.connection = connection
        log = try LogWriter(connection)
        reader = try LogReader(connection)
        checkpointer = Checkpointer(
            try Connection(path: path, cacheKilobytes: 64), path: path, logBytes: options.checkpointBytes, onFault: options.onFault)
        maintenance = Maintenance(
            try Compactor(connection, facts: facts), path: path, time: time, options: options, shared: shared)
        space = LogSpace(path: path, checkpointBytes: options.checkpointBytes)
        lastRevision = facts.lastRevision
        reserved = facts.reserved
    }

    /// Commits until the queue is closed and empty, then leaves the file as an orderly end does.
    func run() {
        while let batch = queue.take() {
            commit(batch)
            checkpointer.batchCommitted(framesInLog: connection.framesInLog)
            space.prepare(framesInLog: connection.framesInLog)
            maintenance.afterBatch { queue.isEmpty }
        }
        keepVolatileValues()
        giveBackReservedRevisions()
        checkpointer.stop()
    }

    private func commit(_ batch: [Submission]) {
        var plan = BatchPlan(after: lastRevision)
        for submission in batch {
            plan.add(submission) { (key) throws(StoreError) in try committedVersion(of: key) }
        }
        var failure: StoreError?
        do throws(SQLiteError) {
            try write(plan)
        } catch {
            failure = StoreError(error, path: path)
        }
        // Revisions of a failed batch are not given out again: its frames may still be in the write-ahead log.
        lastRevision = plan.lastRevision
        if let failure {
            for (submission, outcome) in zip(batch, plan.outcomes) {
                submission.completion(outcome.dependsOnBatch ? .failure(failure) : outcome.result)
            }
            return
        }
        let now = time.monotonic()
        let aftermath = plan.changes.isEmpty ? nil : shared.withLock { $0.apply(plan.changes, time: now) }
        for (submission, outcome) in zip(batch, plan.outcomes) { submission.completion(outcome.result) }
        for wake in aftermath?.wakes ?? [] { wake() }
    }

    private func write(_ plan: BatchPlan) throws(SQLiteError) {
        let reserving = plan.hasVolatileChanges && plan.lastRevision > reserved
        guard reserving || !plan.rows.isEmpty else { return }
        let newReserved = reserving ? plan.lastRevision + options.reservedRevisions : nil
        try log.write(plan.rows, time: LogTime.integer(time.now()), reserved: newReserved)
        reserved = newReserved ?? reserved
    }

    private func committedVersion(of key: ObjectKey) throws(StoreError) -> BatchPlan.Version? {
        guard let entry = shared.withLock({ $0.index[key] }) else { return nil }
        if let object = entry.object { return BatchPlan.Version(object: object, durableRevision: entry.durableRevision) }
        let found = try StoreError.translating(path) { () throws(SQLiteError) in try reader.object(key, at: entry.revision) }
        guard let found else { throw .missing(key, entry.revision, path: path) }
        return BatchPlan.Version(object: found, durableRevision: entry.durableRevision)
    }

    // An orderly end loses nothing: the values that were in memory only are written as if once more.
    private func keepVolatileValues() {
        let writes = shared.withLock { $0.volatileEntries(prefix: "") }.compactMap(\.object).map { object in
            ObjectWrite(
                key: object.key, bytes: object.bytes.array, spliceOffset: object.spliceOffset, precondition: .any,
                writer: "kdash", retention: .window)
        }
        guard !writes.isEmpty else { return }
        let onFault = options.onFault
        let fold = Submission(writes) { result in
            if case .failure(let error) = result { onFault(error) }
        }
        commit([fold])
    }

    private func giveBackReservedRevisions() {
        guard reserved > lastRevision else { return }
        do throws(SQLiteError) {
            try log.write([], time: 0, reserved: lastRevision)
        } catch {
            options.onFault(StoreError(error, path: path))
        }
    }
}
