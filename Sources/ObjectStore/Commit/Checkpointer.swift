import LinuxKernel
import Synchronization

/// Moves the write-ahead log into the database when it has grown large, so that it can start again from its beginning.
///
/// The bulk is copied on a thread made for it while writes go on; the rest between two batches, when nobody can add to it.
final class Checkpointer: Sendable {
    private enum Phase {
        /// Nothing to do until the log has this many pages.
        case idle(until: Int)
        case copying
        case copied
    }

    private static let pageSize = 4096

    private let path: String
    private let pages: Int
    private let phase: Mutex<Phase>
    private let finished = WakeSemaphore()
    // Used by the copying thread while copying and by the committer in every other phase.
    private let connection: Connection
    private let onFault: @Sendable (StoreError) -> Void

    /// Copies over `connection`, which is its own, once the log has `logBytes`.
    init(_ connection: Connection, path: String, logBytes: Int, onFault: @escaping @Sendable (StoreError) -> Void) {
        self.connection = connection
        self.path = path
        pages = max(logBytes / Self.pageSize, 1)
        phase = Mutex(.idle(until: pages))
        self.onFault = onFault
    }

    /// Called by the committer after each batch, with the pages now in the log.
    func batchCommitted(framesInLog: Int) {
        let (starts, finishes) = phase.withLock { phase in
            switch phase {
            case .idle(let limit) where framesInLog >= limit:
                phase = .copying
                return (true, false)
            case .copied: return (false, true)
            default: return (false, false)
            }
        }
        if starts {
            KernelThread.start("store-copy") { [self] in
                _ = copy()
                phase.withLock { $0 = .copied }
                finished.signal()
            }
        }
        if finishes {
            finished.wait()
            let isComplete = copy()
            // A reader was in the way, or the disk: not again at once.
            let next = isComplete ? pages : framesInLog + max(pages / 4, 1)
            phase.withLock { $0 = .idle(until: next) }
        }
    }

    /// Waits for a copy that is under way. Called by the committer at its end.
    func stop() {
        let isBusy = phase.withLock { phase in
            if case .idle = phase { false } else { true }
        }
        if isBusy { finished.wait() }
    }

    private func copy() -> Bool {
        do throws(SQLiteError) {
            return try connection.checkpoint()
        } catch {
            onFault(StoreError(error, path: path))
            return false
        }
    }
}
