internal import APIMachinery
internal import KubeClient
internal import Synchronization

/// What a client sends, in order, between an event loop and the task that writes it to a process or a port.
final class InputQueue: Sendable {
    /// One thing to pass on.
    enum Item: Sendable {
        case bytes([UInt8])
        case end
    }

    private struct State {
        var items: [Item] = []
        var count = 0
        var isOver = false
        /// The end was told: nothing follows it.
        var isEnded = false
        var waiting: CheckedContinuation<Item?, Never>?
        var drained: (@Sendable () -> Void)?
    }

    /// Above this many waiting bytes the client is no longer read.
    static let highWaterMark = 256 << 10
    private let state = Mutex(State())

    /// Adds an item. Returns whether more are welcome; otherwise `drained` is called once when they are.
    func add(_ item: Item, drained: @escaping @Sendable () -> Void) -> Bool {
        let (waiting, isWelcome) = state.withLock { state -> (CheckedContinuation<Item?, Never>?, Bool) in
            guard !state.isOver, !state.isEnded else { return (nil, true) }
            if case .end = item { state.isEnded = true }
            if let waiting = state.waiting.take() { return (waiting, true) }
            state.items.append(item)
            // The end adds nothing, and must not take the place of whoever waits for the rest to be taken.
            guard case .bytes(let bytes) = item else { return (nil, true) }
            state.count += bytes.count
            if state.count < Self.highWaterMark { return (nil, true) }
            state.drained = drained
            return (nil, false)
        }
        waiting?.resume(returning: item)
        return isWelcome
    }

    /// The next item, or nil when the queue is over.
    func next() async -> Item? {
        await withCheckedContinuation { continuation in
            let (ready, drained) = state.withLock { state -> (Item??, (@Sendable () -> Void)?) in
                if !state.items.isEmpty {
                    let item = state.items.removeFirst()
                    if case .bytes(let bytes) = item { state.count -= bytes.count }
                    return (.some(item), state.count < Self.highWaterMark / 2 ? state.drained.take() : nil)
                }
                if state.isOver { return (.some(nil), nil) }
                state.waiting = continuation
                return (nil, nil)
            }
            drained?()
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// Drops what waits and ends `next`; what is added from now on is dropped too.
    func finish() {
        let (waiting, drained) = state.withLock { state in
            state.isOver = true
            state.items = []
            state.count = 0
            return (state.waiting.take(), state.drained.take())
        }
        drained?()
        waiting?.resume(returning: nil)
    }

    /// Writes everything to a session until the end, or until the queue or the session is over.
    func feed(_ session: any StreamSession) async {
        while let item = await next() {
            switch item {
            case .bytes(let bytes):
                do throws(APIStatus) {
                    try await session.write(bytes)
                } catch {
                    // The other side has closed its input; what is sent from now on has no reader.
                    return finish()
                }
            case .end:
                await session.closeInput()
                return finish()
            }
        }
    }
}
