package import APIMachinery

/// What a ``ByteSource`` has to offer at the moment.
package enum BytePoll: Sendable {
    /// Some bytes, never none.
    case bytes([UInt8])
    /// Nothing yet; ask again after ``ByteSource/onReady(_:)`` has called.
    case pending
    /// No more bytes will come.
    case end
    /// The source broke; nothing more will come.
    case failed(APIStatus)
}

/// Bytes that arrive over time, pulled by one reader, so that a slow reader slows the source and nothing piles up.
///
/// It works on an event loop without suspension (`poll`, `onReady`) and from a task (``next(maximum:)``).
package protocol ByteSource: AnyObject, Sendable {
    /// Takes at most `maximum` bytes. After `.end` or `.failed` the answer stays the same. Never blocks.
    func poll(maximum: Int) -> BytePoll

    /// Calls `wake` exactly once, from any thread, as soon as `poll` would answer anything but `.pending`: at once, before returning,
    /// when that is already so, and when the source is cancelled. Only the latest registration needs to be called.
    func onReady(_ wake: @escaping @Sendable () -> Void)

    /// Gives the source up and releases what feeds it. A waiting reader is woken and sees `.end`. May be called more than once.
    func cancel()
}

extension ByteSource {
    /// The next bytes, or nil at the end. A cancelled task cancels the source and sees the end.
    package func next(maximum: Int = 64 << 10) async throws(APIStatus) -> [UInt8]? {
        while true {
            switch poll(maximum: maximum) {
            case .bytes(let bytes): return bytes
            case .end: return nil
            case .failed(let status): throw status
            case .pending: await becomeReady()
            }
        }
    }

    /// Everything up to the end. Throws `.tooLarge` past `limit` bytes.
    package func collect(limit: Int = .max) async throws(APIStatus) -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try await next() {
            guard all.count + bytes.count <= limit else {
                cancel()
                throw APIStatus.tooLarge("the response is larger than \(limit) bytes")
            }
            all += bytes
        }
        return all
    }

    private func becomeReady() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let once = SingleResume(continuation)
                onReady { once.resume() }
            }
        } onCancel: {
            cancel()
        }
    }
}
