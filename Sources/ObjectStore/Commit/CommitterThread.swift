/// Holds a committer for the thread that runs it, and lets go of it at its end: whoever is told then finds the file closed.
final class CommitterThread: @unchecked Sendable {
    // Safe because only the thread that runs it touches it.
    private var committer: Committer?

    init(_ committer: Committer) {
        self.committer = committer
    }

    /// Runs the committer to its end and releases it, which closes its connections.
    func run() {
        committer?.run()
        committer = nil
    }
}
