import APIMachinery
import KubeSchemas
import LinuxKernel

/// What a Job's pods come to, and the books that are kept about them: an ended pod is held by a finalizer until it is in the status, so that
/// it counts exactly once whoever deletes it. It is first noted by its uid (`uncountedTerminatedPods`), then let go, then counted.
/// Source: `pkg/controller/job/job_controller.go` trackJobStatusAndRemoveFinalizers.
struct JobTally {
    /// Pods that have not ended and are not being deleted.
    let active: [Pod]
    /// Pods that are being deleted but have not ended.
    let terminating: [Pod]
    /// Pods that failed, as far as they are still there, with what the policy says.
    private(set) var failures: [(pod: Pod, verdict: PodFailurePolicy.Verdict)] = []
    /// Of each number the pod that failed last, and whether that did not count.
    private(set) var lastFailures: [Int64: (pod: Pod, isIgnored: Bool)] = [:]
    private let lastSuccess: Timestamp?
    /// Whether it is certain how the job ends, so that no pod follows.
    private let isEnding: Bool
    /// Successes and failures so far.
    private(set) var succeeded: Int64 = 0
    private(set) var failed: Int64 = 0
    /// Numbers that have succeeded, and that have failed for good; of Indexed jobs.
    private(set) var completed = JobIndexes()
    private(set) var lost = JobIndexes()
    /// What the status has to say next.
    private(set) var countedSuccesses: Int64
    private(set) var countedFailures: Int64
    private(set) var notedSuccesses: [String] = []
    private(set) var notedFailures: [String] = []
    /// Ended pods that the status knows of, and that can go.
    private(set) var releases: [Pod] = []

    /// The most pods noted in one status. Source: `MaxUncountedPods`.
    private static let most = 500

    init(_ job: Job, _ pods: [Pod]) {
        let spec = job.spec
        active = pods.filter(\.isActive)
        terminating = pods.filter { $0.object.isBeingDeleted && !$0.isTerminated }
        isEnding = JobOutcome(decided: job.status) != nil
        lastSuccess = pods.filter { $0.status.phase == "Succeeded" }.map(Self.end).max()
        (countedSuccesses, countedFailures) = (job.status.succeeded, job.status.failed)
        if spec.isIndexed {
            completed = JobIndexes(job.status.text("completedIndexes") ?? "", below: spec.completions ?? 0)
            lost = JobIndexes(job.status.text("failedIndexes") ?? "", below: spec.completions ?? 0)
        }
        book(job, pods)
    }

    /// How long to wait before the next pod: 10 s after the first failure since the last success, doubling up to 10 minutes; nil when it
    /// may start.
    func pause(now: Timestamp) -> Duration? {
        let ends = failures.map { Self.end(of: $0.pod) }.filter { end in lastSuccess.map { end > $0 } ?? true }
        return ends.max().flatMap { Self.pause(Int64(ends.count), since: $0, now: now) }
    }

    /// The same for a number that has a limit of its own: its own failures count.
    func pause(of index: Int64, now: Timestamp) -> Duration? {
        guard let last = lastFailures[index]?.pod else { return nil }
        return Self.pause(Self.tries(before: last) + 1, since: Self.end(of: last), now: now)
    }

    private static func pause(_ failures: Int64, since end: Timestamp, now: Timestamp) -> Duration? {
        let rest = Duration.seconds(min(Int64(10) << max(0, min(failures - 1, 16)), 600)) - (now - end)
        return rest > .zero ? rest : nil
    }

    /// Restarts inside active pods, which count as failures when the pods restart by themselves.
    func restarts(_ job: Job) -> Int64 {
        guard job.spec.template.spec.restartPolicy == "OnFailure" else { return 0 }
        return active.reduce(0) { sum, pod in
            (pod.status.containerStatuses + pod.status.initContainerStatuses).reduce(sum) { $0 + $1.restartCount }
        }
    }

    // MARK: - The books

    private mutating func book(_ job: Job, _ pods: [Pod]) {
        let spec = job.spec
        let policy = PodFailurePolicy(spec.podFailurePolicy)
        let noted = job.status.uncounted
        let tracked = pods.filter(JobPods.isTracked)
        let held = Set(tracked.map(\.uid))
        for uid in noted.succeeded { if held.contains(uid) { notedSuccesses.append(uid) } else { countedSuccesses += 1 } }
        for uid in noted.failed { if held.contains(uid) { notedFailures.append(uid) } else { countedFailures += 1 } }
        let known = Set(noted.succeeded + noted.failed)
        failures = pods.filter { Self.hasFailed($0, spec) }.map { ($0, policy.verdict(on: $0)) }
        for (pod, verdict) in failures where spec.backoffLimitPerIndex != nil {
            guard let index = JobPods.index(of: pod), index < spec.completions ?? 0 else { continue }
            if lastFailures[index].map({ Self.isLater(pod, $0.pod) }) ?? true { lastFailures[index] = (pod, verdict == .ignored) }
            guard JobPods.isTracked(pod) else { continue }
            let isOver = verdict == .counts && JobPods.failures(before: pod) >= spec.backoffLimitPerIndex ?? 0
            if isOver || verdict == .failsIndex { lost.insert(index) }
        }
        let verdicts = Dictionary(failures.map { ($0.pod.uid, $0.verdict) }) { first, _ in first }
        let before = completed
        for pod in tracked {
            if let verdict = verdicts[pod.uid] {
                if known.contains(pod.uid) || verdict == .ignored {
                    // The next pod of the number still has to read how often it failed.
                    if !isNeeded(pod, spec) { releases.append(pod) }
                } else if notedFailures.count < Self.most {
                    notedFailures.append(pod.uid)
                }
            } else if noted.failed.contains(pod.uid) {
                // Counted as failed while it was being deleted: that it succeeded in the end changes nothing.
                releases.append(pod)
            } else if pod.status.phase == "Succeeded" {
                settle(pod, isKnown: known.contains(pod.uid), before, spec)
            }
        }
        failed = countedFailures + Int64(notedFailures.count)
        if spec.isIndexed { countedSuccesses = completed.count }
        succeeded = spec.isIndexed ? completed.count : countedSuccesses + Int64(notedSuccesses.count)
    }

    private mutating func settle(_ pod: Pod, isKnown: Bool, _ before: JobIndexes, _ spec: JobSpec) {
        guard spec.isIndexed else {
            if isKnown { releases.append(pod) } else if notedSuccesses.count < Self.most { notedSuccesses.append(pod.uid) }
            return
        }
        // The number in the status is note enough.
        guard let index = JobPods.index(of: pod), index < spec.completions ?? 0, !before.contains(index), !lost.contains(index) else {
            releases.append(pod)
            return
        }
        completed.insert(index)
    }

    private func isNeeded(_ pod: Pod, _ spec: JobSpec) -> Bool {
        guard !isEnding, spec.backoffLimitPerIndex != nil, let index = JobPods.index(of: pod), index < spec.completions ?? 0 else { return false }
        guard !lost.contains(index), !completed.contains(index), lastFailures[index]?.pod.uid == pod.uid else { return false }
        return !active.contains { JobPods.index(of: $0) == index }
    }

    /// A pod that is deleted before it ends counts as failed, unless the job waits for the real end, or has dropped it.
    private static func hasFailed(_ pod: Pod, _ spec: JobSpec) -> Bool {
        guard JobPods.isTracked(pod) || !pod.object.isBeingDeleted else { return false }
        if pod.status.phase == "Failed" { return true }
        return !spec.replacesFailedOnly && pod.object.isBeingDeleted && pod.status.phase != "Succeeded"
    }

    private static func isLater(_ one: Pod, _ other: Pod) -> Bool {
        let (tries, others) = (tries(before: one), tries(before: other))
        return tries == others ? end(of: one) > end(of: other) : tries > others
    }

    /// How often the pods of its number had failed before this one, in whatever way.
    private static func tries(before pod: Pod) -> Int64 { JobPods.failures(before: pod) &+ JobPods.ignoredFailures(before: pod) }

    static func begin(of pod: Pod) -> Timestamp { pod.object.creationTimestamp ?? Timestamp(seconds: 0) }

    static func end(of pod: Pod) -> Timestamp {
        pod.status.containerStatuses.compactMap { $0.state.terminated?.finishedAt }.max() ?? pod.object.deletionTimestamp ?? begin(of: pod)
    }
}
