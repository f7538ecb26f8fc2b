import LinuxKernel

/// Decides when the committer compacts: after writes only, now and then, and while nobody waits unless it has been put off for long.
final class Maintenance {
    /// How long there is nothing to do after everything was done.
    private static let pause: Duration = .seconds(30)

    /// How many batches in a row may put the work off.
    private static let patience = 32

    private let compactor: Compactor
    private let path: String
    private let time: any TimeSource
    private let options: ObjectStore.Options
    private let shared: SharedState
    private var nextStart: Duration = .zero
    private var postponed = 0

    init(_ compactor: Compactor, path: String, time: any TimeSource, options: ObjectStore.Options, shared: SharedState) {
        self.compactor = compactor
        self.path = path
        self.time = time
        self.options = options
        self.shared = shared
        nextStart = time.monotonic()
    }

    /// Called after every batch; works in small steps for as long as `isIdle` holds and there is something to do.
    func afterBatch(isIdle: () -> Bool) {
        guard time.monotonic() >= nextStart else { return }
        guard isIdle() || postponed >= Self.patience else {
            postponed += 1
            return
        }
        postponed = 0
        let now = time.now()
        let limits = Compactor.Limits(
            watchHorizon: LogTime.integer(now.advanced(by: .zero - options.watchHistory)),
            archive: HistoryShelf.Limit(
                horizon: LogTime.integer(now.advanced(by: .zero - options.archiveAge)), bytes: options.archiveBytes),
            states: HistoryShelf.Limit(
                horizon: LogTime.integer(now.advanced(by: .zero - options.stateAge)), bytes: options.stateBytes))
        do throws(SQLiteError) {
            repeat {
                let isMore = try compactor.step(limits) { revision in
                    shared.withLock { $0.compacted = revision }
                } willForget: { reach in
                    shared.withLock { $0.reach = reach }
                }
                guard isMore else {
                    nextStart = time.monotonic() + Self.pause
                    return
                }
            } while isIdle()
        } catch {
            options.onFault(StoreError(error, path: path))
            nextStart = time.monotonic() + Self.pause
        }
    }
}
