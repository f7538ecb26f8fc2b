import KubeClient
import Synchronization

/// What the node's pods take of the disk, as far as somebody has counted. Times are monotonic.
final class StorageFigures: Sendable {
    private struct Figure {
        var storage: PodStorage
        var countedAt: Duration
    }

    /// How long a figure answers questions. Source: the kubelet counts once a minute.
    static let lifetime: Duration = .seconds(60)

    private let figures = Mutex<[String: Figure]>([:])

    /// Takes a new figure in.
    func note(_ storage: PodStorage, at now: Duration) {
        figures.withLock { $0[storage.uid] = Figure(storage: storage, countedAt: now) }
    }

    /// A pod's figure, unless it is too old.
    func fresh(_ uid: String, at now: Duration) -> PodStorage? {
        figures.withLock { $0[uid] }.flatMap { now - $0.countedAt < Self.lifetime ? $0.storage : nil }
    }

    /// Drops the figure of a pod that is gone.
    func forget(_ uid: String) { figures.withLock { $0[uid] = nil } }
}
