/// A cursor over the changes of the keys with one prefix, in revision order, none missed and none twice.
///
/// It owns no thread and no buffer: an idle watch costs an object of some hundred bytes. One consumer at a time.
package final class StoreWatch: Sendable {
    /// What a poll found.
    package enum Poll: Sendable {
        /// The next events, at least one, oldest first.
        case events([StoreEvent])
        /// Nothing yet; `onReady` tells when there is.
        case none
        /// The next event is older than the history kept: list again. `oldest` is the first revision that can be watched from.
        case compacted(oldest: Int64)
        /// The history could not be read; polling again continues where it failed.
        case failed(StoreError)
    }

    /// Takes up to `max` events.
    package func poll(max: Int) -> Poll { fatalError() }

    /// Calls `wake` once, from any thread, as soon as a poll would find something: before this returns when it already would.
    /// A second call replaces the first; a cancelled watch never calls.
    package func onReady(_ wake: @escaping @Sendable () -> Void) { fatalError() }

    /// Ends the watch: polls find nothing and nobody is woken any more.
    package func cancel() { fatalError() }

    /// Every change up to this revision has been delivered or does not concern this watch: what a bookmark may say.
    package var position: Int64 { fatalError() }
}
