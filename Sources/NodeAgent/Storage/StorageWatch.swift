/// When the disk that a pod takes is counted. Pure; times are monotonic.
///
/// Counting walks the pod's files, as file systems keep quotas of folders only where they are set up for it. So it is done for pods with limits alone,
/// every ten seconds as the kubelet looks, and less often where it takes long: never more than a hundredth of one processor.
struct StorageWatch: Sendable, Hashable {
    /// Source: the kubelet's eviction monitor.
    static let interval: Duration = .seconds(10)
    /// The share of the time that counting may take, one in this many.
    static let share = 100

    /// When it is counted next; nil while that is not planned, or under way.
    private(set) var dueAt: Duration?
    private var isCounting = false

    /// Whether to begin now. The first call plans the first count.
    mutating func begin(at now: Duration) -> Bool {
        guard !isCounting else { return false }
        guard let dueAt else {
            dueAt = now + Self.interval
            return false
        }
        guard dueAt <= now else { return false }
        self.dueAt = nil
        isCounting = true
        return true
    }

    /// A count has ended that took this long.
    mutating func end(at now: Duration, took: Duration) {
        isCounting = false
        dueAt = now + max(Self.interval, took * Self.share)
    }
}
