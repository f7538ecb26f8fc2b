internal import ObjectStore

/// Rings when something below one of several prefixes of the store changes. For one task, which waits for ``rings`` and then looks.
struct StoreBell {
    /// One element per change or several; the first without a change.
    let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let store: ObjectStore
    private var watches: [String: StoreWatch] = [:]

    init(_ store: ObjectStore) {
        self.store = store
        (rings, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        bell.yield()
    }

    /// Rings by itself; from any thread.
    var ring: @Sendable () -> Void {
        { [bell] in bell.yield() }
    }

    /// From now on these prefixes and no others are listened to. Called after each look.
    mutating func listen(to prefixes: Set<String>) {
        for (prefix, watch) in watches where !prefixes.contains(prefix) {
            watch.cancel()
            watches[prefix] = nil
        }
        for prefix in prefixes { listen(prefix) }
    }

    private mutating func listen(_ prefix: String) {
        if let watch = watches[prefix] {
            drain: while true {
                switch watch.poll(max: 256) {
                case .events: bell.yield()
                case .none: break drain
                case .compacted, .failed:
                    watch.cancel()
                    watches[prefix] = nil
                    break drain
                }
            }
        }
        if watches[prefix] == nil {
            // best effort: a store that cannot be watched has failed for everybody, and says so elsewhere.
            guard let watch = try? store.watch(prefix: prefix, from: nil) else { return }
            watches[prefix] = watch
            // What happened before the watch began is seen by another look.
            bell.yield()
        }
        watches[prefix]?.onReady { [bell] in bell.yield() }
    }

    /// Ends every watch.
    mutating func close() {
        for watch in watches.values { watch.cancel() }
        watches = [:]
    }
}
