import APIMachinery
import KubeSchemas
import LinuxKernel

/// How little a pod would be missed; the smallest goes first. Source: kubernetes `controller.ActivePodsWithRanks`.
struct DeletionRank: Comparable {
    private let isScheduled: Bool
    private let phase: Int
    private let isReady: Bool
    private let cost: Int64
    private let neighbours: Int
    private let readySince: Timestamp
    private let restarts: Int64
    private let created: Timestamp

    /// `neighbours` is how many pods of the same owner share its node.
    init(_ pod: Pod, neighbours: Int) {
        isScheduled = !pod.spec.nodeName.isEmpty
        phase = pod.status.phase == "Running" ? 2 : pod.status.phase == "Pending" ? 0 : 1
        isReady = pod.isReady
        cost = pod.object.annotations["controller.kubernetes.io/pod-deletion-cost"].flatMap { Int64($0) } ?? 0
        self.neighbours = neighbours
        readySince = pod.readySince ?? Timestamp(seconds: .max)
        restarts = pod.status.containerStatuses.reduce(0) { $0 + $1.restartCount }
        created = pod.object.creationTimestamp ?? Timestamp(seconds: .max)
    }

    static func < (left: DeletionRank, right: DeletionRank) -> Bool {
        if left.isScheduled != right.isScheduled { return !left.isScheduled }
        if left.phase != right.phase { return left.phase < right.phase }
        if left.isReady != right.isReady { return !left.isReady }
        if left.cost != right.cost { return left.cost < right.cost }
        if left.neighbours != right.neighbours { return left.neighbours > right.neighbours }
        if left.readySince != right.readySince { return left.readySince > right.readySince }
        if left.restarts != right.restarts { return left.restarts > right.restarts }
        return left.created > right.created
    }
}
