import APIMachinery
import KubeSchemas
import LinuxKernel

/// A Job's pods, counted.
struct JobCount {
    /// Pods that have not ended and are not being deleted.
    let active: [Pod]
    /// Pods that are being deleted but have not ended.
    let terminating: Int
    /// Successes so far; pods that were deleted since stay counted.
    let succeeded: Int64
    /// Failures so far; pods that were deleted since stay counted.
    let failed: Int64
    /// Restarts inside active pods, which count as failures when the pods restart by themselves.
    let restarts: Int64
    private let lastFailure: Timestamp?

    init(_ job: Job, _ pods: [Pod]) {
        let living = pods.filter { !$0.isTerminated }
        active = living.filter { !$0.object.isBeingDeleted }
        terminating = living.count - active.count
        let ended = pods.filter(\.isTerminated)
        let failures = ended.filter { $0.status.phase == "Failed" }
        let status = job.status
        succeeded = max(status.succeeded, Int64(ended.count - failures.count))
        failed = max(status.failed, Int64(failures.count))
        let restartsCount = job.spec.template.spec.restartPolicy == "OnFailure"
        restarts = restartsCount ? active.reduce(0) { $0 + Self.restarts($1) } : 0
        lastFailure = failures.compactMap { Self.end(of: $0) }.max()
    }

    /// How long to wait before the next pod: 10 s after the first failure, doubling up to 10 minutes; nil when it may start.
    func pause(now: Timestamp) -> Duration? {
        guard failed > 0, let lastFailure else { return nil }
        let seconds = min(Int64(10) << min(failed - 1, 16), 600)
        let rest = Duration.seconds(seconds) - (now - lastFailure)
        return rest > .zero ? rest : nil
    }

    private static func restarts(_ pod: Pod) -> Int64 {
        let status = pod.status
        return (status.containerStatuses + status.initContainerStatuses).reduce(0) { $0 + $1.restartCount }
    }

    private static func end(of pod: Pod) -> Timestamp? {
        pod.status.containerStatuses.compactMap { $0.state.terminated?.finishedAt }.max() ?? pod.object.creationTimestamp
    }
}

/// How a Job ended.
struct JobOutcome: Equatable {
    let type: String
    let reason: String
    let message: String

    /// The end of a job, or nil while it goes on.
    static func of(_ job: Job, _ count: JobCount, startedAt: Timestamp?, now: Timestamp) -> JobOutcome? {
        let spec = job.spec
        let tooMany = count.restarts > 0 && (spec.backoffLimit == 0 || count.restarts >= spec.backoffLimit)
        if count.failed > spec.backoffLimit || tooMany {
            return JobOutcome(
                type: "Failed", reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit")
        }
        if let limit = spec.activeDeadlineSeconds, let startedAt, !spec.suspend, now - startedAt >= .seconds(limit) {
            return JobOutcome(
                type: "Failed", reason: "DeadlineExceeded", message: "Job was active longer than specified deadline")
        }
        let isDone =
            if let completions = spec.completions {
                count.succeeded >= completions
            } else {
                count.succeeded > 0 && count.active.isEmpty
            }
        guard isDone else { return nil }
        return JobOutcome(type: "Complete", reason: "CompletionsReached", message: "Reached expected number of succeeded pods")
    }
}
