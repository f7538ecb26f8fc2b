import Synchronization

/// Tells whoever listens that something changed; many changes in a row are told as one.
final class ChangeBell: Sendable {
    private let listener = Mutex<AsyncStream<Void>.Continuation?>(nil)

    /// Something changed. Any thread may say so.
    func ring() { _ = listener.withLock(\.self)?.yield() }

    /// Changes from now on; who listened before is not told any more.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        listener.withLock { listener in
            listener?.finish()
            listener = continuation
        }
        return stream
    }
}
