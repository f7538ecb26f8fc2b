internal import APIMachinery
internal import Logging
internal import NIOCore
internal import ObjectStore

/// Rings when something below one of several prefixes of the store changes. For one task, which waits for ``rings`` and then looks.
struct StoreBell {
    /// One element per change or several; the first without a change, unless all is known up to a revision.
    let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let store: ObjectStore
    private var watches: [String: StoreWatch] = [:]
    /// Up to where the first watches need not look back.
    private var known: Int64?

    /// `known` is the revision up to which whoever waits has seen everything; without one the bell rings at once.
    init(_ store: ObjectStore, known: Int64? = nil) {
        self.store = store
        self.known = known
        (rings, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if known == nil { bell.yield() }
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
        known = nil
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
            guard let watch = try? store.watch(prefix: prefix, from: known) else { return }
            watches[prefix] = watch
            // What happened before the watch began is seen by another look.
            if known == nil { bell.yield() }
        }
        watches[prefix]?.onReady { [bell] in bell.yield() }
    }

    /// Ends every watch.
    mutating func close() {
        for watch in watches.values { watch.cancel() }
        watches = [:]
    }
}

extension StoreBell {
    /// Looks whenever something below `prefixes` changes, until the task is cancelled; a look returns the prefixes that matter from then on.
    /// One that fails is told as `task` that failed, and taken again a second later. With `known` the first look waits for a change since then.
    static func answer(
        _ core: ServerCore, _ task: String, known: Int64? = nil, _ prefixes: Set<String> = [], look: () async throws(APIStatus) -> Set<String>
    ) async {
        var bell = StoreBell(core.store, known: known)
        defer { bell.close() }
        var prefixes = prefixes
        bell.listen(to: prefixes)
        for await _ in bell.rings {
            do throws(APIStatus) {
                prefixes = try await look()
            } catch {
                guard !Task.isCancelled else { return }
                core.logger.warning("\(task) failed", metadata: ["error": "\(error.message)"])
                core.group.any().scheduleTask(in: .seconds(1), bell.ring)
            }
            bell.listen(to: prefixes)
        }
    }
}
