internal import Synchronization

/// The server's tree of tasks: everything that waits runs below one root, which ends when the server does.
final class TaskRoot: Sendable {
    private let continuation: AsyncStream<@Sendable () async -> Void>.Continuation
    private let root: Task<Void, Never>

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)
        self.continuation = continuation
        root = Task {
            await withDiscardingTaskGroup { group in
                for await work in stream { group.addTask { await work() } }
                group.cancelAll()
            }
        }
    }

    /// Runs work as a child of the root; after `stop` not at all.
    func perform(_ work: @escaping @Sendable () async -> Void) { continuation.yield(work) }

    /// Cancels what runs and takes nothing new.
    func stop() {
        continuation.finish()
        root.cancel()
    }

    deinit { stop() }
}
