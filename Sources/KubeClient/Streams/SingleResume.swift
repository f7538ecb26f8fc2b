import Synchronization

/// Resumes a continuation at its first call and ignores the rest, so that a source that wakes twice breaks nothing.
final class SingleResume: Sendable {
    private let waiting: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) {
        waiting = Mutex(continuation)
    }

    func resume() {
        waiting.withLock { $0.take() }?.resume()
    }
}
