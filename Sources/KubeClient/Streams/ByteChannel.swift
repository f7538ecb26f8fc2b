package import APIMachinery
import Synchronization

/// A ``ByteSource`` that is fed by calls, with a mark above which the feeder should wait.
package final class ByteChannel: ByteSource {
    private struct State {
        var chunks: [[UInt8]] = []
        var first = 0
        var offset = 0
        var count = 0
        var ending: BytePoll?
        var isCancelled = false
        var wake: (@Sendable () -> Void)?
        var drained: (@Sendable () -> Void)?
        var cancelled: (@Sendable () -> Void)?

        /// Takes from the first chunk only: copying chunks together would cost more than a second poll.
        mutating func take(maximum: Int) -> [UInt8] {
            let chunk = chunks[first]
            let end = min(chunk.count, offset + maximum)
            let bytes = offset == 0 && end == chunk.count ? chunk : Array(chunk[offset..<end])
            count -= bytes.count
            offset = end
            if end == chunk.count {
                chunks[first] = []
                first += 1
                offset = 0
            }
            if first == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                first = 0
            } else if first >= 64 {
                chunks.removeFirst(first)
                first = 0
            }
            return bytes
        }
    }

    private let highWaterMark: Int
    private let state = Mutex(State())

    /// A channel that asks its feeder to wait above `highWaterMark` bytes; default 256 KiB.
    package init(highWaterMark: Int = 256 << 10) {
        self.highWaterMark = highWaterMark
    }

    /// A channel that holds all its bytes already.
    package convenience init(_ bytes: [UInt8]) {
        self.init()
        send(bytes)
        finish()
    }

    /// How many bytes wait for the reader.
    package var waitingBytes: Int { state.withLock { $0.count } }

    /// Adds bytes. Returns whether more are welcome at once; after false wait for ``whenDrained(_:)``. Ignored after the end.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return true }
        let (wake, isWelcome) = state.withLock { state -> ((@Sendable () -> Void)?, Bool) in
            guard state.ending == nil else { return (nil, false) }
            state.chunks.append(bytes)
            state.count += bytes.count
            return (state.wake.take(), state.count < highWaterMark)
        }
        wake?()
        return isWelcome
    }

    /// Ends the channel after the bytes it holds.
    package func finish() { end(with: .end) }

    /// Breaks the channel off after the bytes it holds.
    package func fail(_ status: APIStatus) { end(with: .failed(status)) }

    /// Calls `action` once when the reader has taken what waits: at once when less than the mark waits, or when it is cancelled.
    package func whenDrained(_ action: @escaping @Sendable () -> Void) {
        let isDrained = state.withLock { state -> Bool in
            if state.count < highWaterMark || state.ending != nil { return true }
            state.drained = action
            return false
        }
        if isDrained { action() }
    }

    /// Calls `action` once when the reader gives up; at once when it already has.
    package func whenCancelled(_ action: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state -> Bool in
            if state.isCancelled { return true }
            if state.ending == nil { state.cancelled = action }
            return false
        }
        if isOver { action() }
    }

    /// Takes bytes of the oldest piece that waits; see ``ByteSource/poll(maximum:)``.
    package func poll(maximum: Int) -> BytePoll {
        let (answer, drained) = state.withLock { state -> (BytePoll, (@Sendable () -> Void)?) in
            guard state.count > 0 else { return (state.ending ?? .pending, nil) }
            let bytes = state.take(maximum: max(1, maximum))
            return (.bytes(bytes), state.count < highWaterMark ? state.drained.take() : nil)
        }
        drained?()
        return answer
    }

    /// Calls `wake` once there is something to take; see ``ByteSource/onReady(_:)``.
    package func onReady(_ wake: @escaping @Sendable () -> Void) {
        let isReady = state.withLock { state -> Bool in
            if state.count > 0 || state.ending != nil { return true }
            state.wake = wake
            return false
        }
        if isReady { wake() }
    }

    /// Drops what waits, and tells the feeder; see ``ByteSource/cancel()``.
    package func cancel() {
        let calls = state.withLock { state -> [(@Sendable () -> Void)?] in
            let calls = [state.wake.take(), state.drained.take(), state.cancelled.take()]
            state.chunks = []
            state.first = 0
            state.offset = 0
            state.count = 0
            state.isCancelled = true
            state.ending = .end
            return calls
        }
        for call in calls { call?() }
    }

    private func end(with ending: BytePoll) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.ending == nil else { return nil }
            state.ending = ending
            state.cancelled = nil
            return state.wake.take()
        }
        wake?()
    }
}
