internal import APIMachinery
internal import KubeClient
internal import NIOCore
internal import ObjectStore
internal import Synchronization

/// The body of a watch: the objects that were there, then every change, bookmarks in between, until the time is up.
///
/// It holds no event: what the reader does not take stays in the store's ring, and a reader that falls too far behind gets a 410.
final class WatchStream: ByteSource {
    private struct State {
        var encoder: WatchEncoder
        var initial: ArraySlice<StoredObject>
        var endsInitialWithBookmark: Bool
        /// Lines made but not taken yet.
        var ready: [UInt8] = []
        var offset = 0
        /// The store had nothing more when it was asked last; whether that still holds is asked by waiting.
        var isDrained = false
        var isOver = false
        var bookmarkID: UInt64?
        var timeout: Scheduled<Void>?
        var lifetime: (of: ServingLifetime, id: UInt64)?

        var hasBytes: Bool { offset < ready.count }

        mutating func take(_ maximum: Int) -> [UInt8] {
            let end = min(ready.count, offset + maximum)
            let piece = offset == 0 && end == ready.count ? ready : Array(ready[offset..<end])
            offset = end
            if offset == ready.count {
                ready = []
                offset = 0
            }
            return piece
        }
    }

    private let watch: StoreWatch
    private let signals = WatchSignals()
    private let startRevision: Int64
    private let clock: BookmarkClock
    private let allowsBookmarks: Bool
    private let state: Mutex<State>

    /// Events taken from the store at a time.
    private static let batch = 64

    init(
        watch: StoreWatch, initial: [StoredObject], revision: Int64, encoder: WatchEncoder, endsInitialWithBookmark: Bool,
        allowsBookmarks: Bool, clock: BookmarkClock
    ) {
        self.watch = watch
        startRevision = revision
        self.clock = clock
        self.allowsBookmarks = allowsBookmarks
        state = Mutex(State(encoder: encoder, initial: initial[...], endsInitialWithBookmark: endsInitialWithBookmark))
    }

    /// Begins reminders and the timeout. The watch also ends when what is watched is no more served.
    func start(timeout: TimeAmount, on loop: any EventLoop, lifetime: ServingLifetime?) {
        // None of these holds the stream itself, which ends with its reader.
        let signals = signals
        let scheduled = loop.scheduleTask(in: timeout) { signals.remind { $0.isTimeUp = true } }
        let id = allowsBookmarks ? clock.add { signals.remind { $0.isBookmarkDue = true } } : nil
        state.withLock { state in
            state.timeout = scheduled
            state.bookmarkID = id
        }
        guard let lifetime else { return }
        let end = lifetime.onEnd { signals.remind { $0.isTimeUp = true } }
        state.withLock { $0.lifetime = (lifetime, end) }
    }

    func poll(maximum: Int) -> BytePoll {
        state.withLock { state in
            if state.hasBytes { return .bytes(state.take(max(1, maximum))) }
            if state.isOver { return .end }
            if state.isDrained {
                state.isDrained = false
                if !signals.isDue(allowsBookmarks: allowsBookmarks) { return .pending }
            }
            fill(&state, maximum)
            if state.hasBytes { return .bytes(state.take(max(1, maximum))) }
            return state.isOver ? .end : .pending
        }
    }

    /// Makes lines until there are about `maximum` bytes of them or nothing is left. What cannot go on ends with an ERROR event.
    private func fill(_ state: inout State, _ maximum: Int) {
        do throws(APIStatus) {
            try write(&state, maximum)
        } catch {
            state.encoder.appendError(error, into: &state.ready)
            state.isOver = true
        }
    }

    private func write(_ state: inout State, _ maximum: Int) throws(APIStatus) {
        while let item = state.initial.first, state.ready.count < maximum {
            state.encoder.appendInitial(item, into: &state.ready)
            state.initial = state.initial.dropFirst()
        }
        guard state.initial.isEmpty, state.ready.count < maximum else { return }
        if state.endsInitialWithBookmark {
            state.endsInitialWithBookmark = false
            try state.encoder.appendBookmark(startRevision, endsInitial: true, into: &state.ready)
        }
        while state.ready.count < maximum {
            switch watch.poll(max: Self.batch) {
            case .events(let events):
                for event in events where event.revision > startRevision { try state.encoder.append(event, into: &state.ready) }
                guard events.count < Self.batch else { continue }
                state.isDrained = true
                return try finishRound(&state)
            case .none: return try finishRound(&state)
            case .compacted(let oldest): throw .expired("too old resource version: \(watch.position) (\(oldest))")
            case .failed(let error): throw StoreFailure.status(error)
            }
        }
    }

    /// Nothing more to send now: a bookmark that is due, and the end when the time is up.
    private func finishRound(_ state: inout State) throws(APIStatus) {
        let due = signals.take()
        if allowsBookmarks, due.isBookmarkDue || due.isTimeUp {
            // A watch from the future has nothing to say before it comes.
            let position = watch.position
            if position >= startRevision { try state.encoder.appendBookmark(position, endsInitial: false, into: &state.ready) }
        }
        if due.isTimeUp { state.isOver = true }
    }

    func onReady(_ wake: @escaping @Sendable () -> Void) {
        let isReady = state.withLock { state -> Bool in
            state.isDrained = false
            return state.hasBytes || state.isOver || !state.initial.isEmpty || state.endsInitialWithBookmark
        }
        if isReady || !signals.arm(wake, allowsBookmarks: allowsBookmarks) { return wake() }
        watch.onReady { [signals] in signals.fire() }
    }

    func cancel() {
        let (id, timeout, lifetime) = state.withLock { state in
            state.isOver = true
            state.initial = []
            state.ready = []
            state.offset = 0
            return (state.bookmarkID.take(), state.timeout.take(), state.lifetime.take())
        }
        watch.cancel()
        timeout?.cancel()
        if let id { clock.remove(id) }
        if let lifetime { lifetime.of.remove(lifetime.id) }
        signals.fire()
    }

    deinit { cancel() }
}
