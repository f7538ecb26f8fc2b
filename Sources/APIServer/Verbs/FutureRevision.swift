internal import NIOCore
internal import ObjectStore
internal import Synchronization

/// Waits a moment for a revision that is still to come. Source: apiserver `pkg/storage/cacher/watch_cache.go` waitUntilFreshAndBlock.
final class FutureRevision: Sendable {
    private let wanted: Int64
    private let core: ServerCore
    private let watch: StoreWatch
    private let done: Mutex<(@Sendable (Bool) -> Void)?>

    private init(_ wanted: Int64, _ core: ServerCore, _ watch: StoreWatch, _ done: @escaping @Sendable (Bool) -> Void) {
        self.wanted = wanted
        self.core = core
        self.watch = watch
        self.done = Mutex(done)
    }

    /// Calls `done` once: with true as soon as the store has reached the revision, with false when it has not after
    /// `APIServerConfiguration.revisionPatience`.
    static func wait(for wanted: Int64, _ core: ServerCore, done: @escaping @Sendable (Bool) -> Void) {
        // best effort: a store that cannot be watched does not get there.
        guard let watch = try? core.store.watch(prefix: "", from: nil) else { return done(false) }
        let waiting = FutureRevision(wanted, core, watch, done)
        let loop = core.group.any()
        loop.scheduleTask(in: TimeAmount(core.configuration.revisionPatience)) { () -> Void in waiting.finish() }
        waiting.look()
    }

    private func look() {
        guard core.store.currentRevision < wanted else { return finish() }
        // What has happened is of no interest, only that something has.
        drain: while true {
            switch watch.poll(max: 256) {
            case .events: continue
            case .none: break drain
            case .compacted, .failed: return finish()
            }
        }
        // Not on the committer's thread, which calls this.
        watch.onReady { [self] in core.later { self.look() } }
    }

    private func finish() {
        guard let done = done.withLock({ $0.take() }) else { return }
        watch.cancel()
        done(core.store.currentRevision >= wanted)
    }
}
