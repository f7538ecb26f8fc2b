import Synchronization

/// The readers that follow a container's log, so that they learn when it ends.
final class LogFollowers: Sendable {
    private struct Weak: @unchecked Sendable {  // Safe because a weak reference is read and cleared atomically by the runtime.
        weak var stream: LogStream?
    }

    private let followers = Mutex<[String: [Weak]]>([:])

    /// Adds a reader of the container instance `id`.
    func add(_ stream: LogStream, of id: String) {
        followers.withLock { $0[id, default: []].append(Weak(stream: stream)) }
    }

    /// Ends the readers of an instance after what is stored.
    func containerEnded(_ id: String) {
        let streams = followers.withLock { $0.removeValue(forKey: id) ?? [] }
        for weak in streams { weak.stream?.finish() }
    }
}
