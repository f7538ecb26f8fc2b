internal import APIMachinery
internal import KubeClient
internal import NIOCore
internal import ObjectStore
internal import Synchronization

/// Waits a moment for a revision that is still to come. Source: apiserver `pkg/storage/cacher/watch_cache.go` waitUntilFreshAndBlock.
final class FutureRevision: Sendable {
    private let wanted: Int64
    private let core: ServerCore
    private let watch: StoreWatch
    private let state: Mutex<State>

    private struct State {
        /// Nil once it has been called.
        var done: (@Sendable (Bool) -> Void)?
        /// Ends the wait.
        var impatience: Scheduled<Void>?
    }

    private init(_ wanted: Int64, _ core: ServerCore, _ watch: StoreWatch, _ done: @escaping @Sendable (Bool) -> Void) {
        self.wanted = wanted
        self.core = core
        self.watch = watch
        state = Mutex(State(done: done))
    }

    /// Calls `done` once: with true as soon as the store has reached the revision, with false when it has not after
    /// `APIServerConfiguration.revisionPatience`. Throws when the store cannot be watched.
    static func wait(for wanted: Int64, _ core: ServerCore, done: @escaping @Sendable (Bool) -> Void) throws(APIStatus) {
        let watch: StoreWatch
        do throws(StoreError) { watch = try core.store.watch(prefix: "", from: nil) } catch { throw StoreFailure.status(error) }
        let waiting = FutureRevision(wanted, core, watch, done)
        let impatience = core.group.any().scheduleTask(in: TimeAmount(core.configuration.revisionPatience)) { () -> Void in waiting.finish() }
        waiting.state.withLock { $0.impatience = impatience }
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
        let (done, impatience) = state.withLock { ($0.done.take(), $0.impatience.take()) }
        guard let done else { return }
        impatience?.cancel()
        watch.cancel()
        done(core.store.currentRevision >= wanted)
    }
}
