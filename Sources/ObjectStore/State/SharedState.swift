import Synchronization

/// The one lock between readers, watchers and the committer. Held for moments: no input or output and no foreign code inside.
final class SharedState: Sendable {
    private let state: Mutex<CurrentState>

    init(_ state: sending CurrentState) {
        self.state = Mutex(state)
    }

    /// Runs `body` alone with the state.
    func withLock<Result: Sendable, Failure: Error>(
        _ body: (inout CurrentState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { (state) throws(Failure) in try body(&state) }
    }
}
