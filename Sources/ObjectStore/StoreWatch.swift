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

    /// Where the next events are.
    private enum Source {
        case ring([StoreEvent], isAtEnd: Bool)
        /// In the log, above the first and up to the second revision, and among these objects that are in memory only.
        case log(after: Int64, upTo: Int64, volatile: [IndexEntry])
        case compacted(oldest: Int64)
        case ended
    }

    // How much of the ring is looked at before other users of the lock get their turn.
    private static let stride = 1024

    private let cursor: WatchCursor
    private let shared: SharedState
    private let readers: ReadPool

    init(cursor: WatchCursor, shared: SharedState, readers: ReadPool) {
        self.cursor = cursor
        self.shared = shared
        self.readers = readers
    }

    deinit { cancel() }

    /// Takes up to `max` events.
    package func poll(max limit: Int) -> Poll {
        let limit = max(limit, 1)
        while true {
            switch nextSource(limit: limit) {
            case .ended: return .none
            case .compacted(let oldest): return .compacted(oldest: oldest)
            case .ring(let events, let isAtEnd):
                if !events.isEmpty { return .events(events) }
                if isAtEnd { return .none }
            case .log(let after, let end, let volatile):
                do throws(StoreError) {
                    let events = try readLog(after: after, upTo: end, volatile: volatile, limit: limit)
                    if !events.isEmpty { return .events(events) }
                } catch {
                    if case .compacted(let oldest) = error { return .compacted(oldest: oldest) }
                    return .failed(error)
                }
            }
        }
    }

    /// Calls `wake` once, from any thread, as soon as a poll would find something: before this returns when it already would.
    /// A second call replaces the first; a cancelled watch never calls. `wake` may run on the committer's thread and must return soon;
    /// it is kept, with all it captures, until it is called or the watch is cancelled.
    package func onReady(_ wake: @escaping @Sendable () -> Void) {
        let isReady = shared.withLock { state in
            if cursor.isCancelled || state.isClosed { return false }
            if !cursor.isWaiting && hasMore(state) { return true }
            state.waiters.add(cursor, wake)
            return false
        }
        if isReady { wake() }
    }

    /// Ends the watch: polls find nothing and nobody is woken any more.
    package func cancel() {
        shared.withLock { state in
            state.waiters.remove(cursor)
            cursor.isCancelled = true
        }
    }

    /// Every change up to this revision has been delivered or does not concern this watch: what a bookmark may say.
    package var position: Int64 {
        shared.withLock { cursor.isWaiting ? $0.revision : cursor.position }
    }

    // Whether a poll would find something or has to look on; moves the cursor over what does not concern it.
    private func hasMore(_ state: CurrentState) -> Bool {
        guard cursor.position >= state.ring.floor else { return true }
        var isFound = false
        let scanned = state.ring.scan(after: cursor.position, limit: .max) { event in
            isFound = event.object.key.hasPrefix(cursor.prefix)
            if !isFound { cursor.position = event.revision }
            return !isFound
        }
        if !isFound { cursor.position = max(scanned, state.revision) }
        return isFound
    }

    private func nextSource(limit: Int) -> Source {
        shared.withLock { state in
            if cursor.isCancelled || state.isClosed { return .ended }
            let position = cursor.position
            // Whoever waits has nothing to fetch, however far the ring has moved on.
            if cursor.isWaiting { return .ring([], isAtEnd: true) }
            guard position >= state.ring.floor else {
                guard position >= state.compacted else { return .compacted(oldest: state.compacted) }
                return .log(after: position, upTo: state.ring.floor, volatile: state.volatileEntries(prefix: cursor.prefix))
            }
            var events: [StoreEvent] = []
            let scanned = state.ring.scan(after: position, limit: Self.stride) { event in
                if event.object.key.hasPrefix(cursor.prefix) { events.append(event) }
                return events.count < limit
            }
            let isAtEnd = scanned == position || scanned >= state.revision
            cursor.position = isAtEnd ? max(scanned, state.revision) : scanned
            return .ring(events, isAtEnd: isAtEnd)
        }
    }

    private func readLog(
        after position: Int64, upTo end: Int64, volatile: [IndexEntry], limit: Int
    ) throws(StoreError) -> [StoreEvent] {
        let page = try readers.read { (log) throws(SQLiteError) in
            var page = try log.events(after: position, upTo: end, prefix: cursor.prefix, limit: limit)
            for entry in volatile where entry.revision > position && entry.revision <= page.scannedTo {
                guard let object = entry.object else { continue }
                let previous = try log.object(entry.key, at: entry.durableRevision)
                page.events.append(StoreEvent(kind: .modified, object: object, previous: previous))
            }
            page.events.sort { $0.revision < $1.revision }
            return page
        }
        return try shared.withLock { (state) throws(StoreError) in
            // Rows above the position may have been deleted while they were read.
            guard position >= state.compacted else { throw .compacted(oldest: state.compacted) }
            if !cursor.isWaiting { cursor.position = page.scannedTo }
            return page.events
        }
    }
}
