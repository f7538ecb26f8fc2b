import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// How a Job ends, as soon as that is certain.
struct JobOutcome: Equatable {
    let isSuccess: Bool
    let reason: String
    let message: String

    /// The condition that says so while its pods still end.
    var interim: String { isSuccess ? "SuccessCriteriaMet" : "FailureTarget" }
    /// The condition that says so for good.
    var final: String { isSuccess ? "Complete" : "Failed" }

    init(isSuccess: Bool, reason: String, message: String) {
        (self.isSuccess, self.reason, self.message) = (isSuccess, reason, message)
    }

    /// What the status already says; nil while it says nothing.
    init?(decided status: JobStatus) {
        guard let known = ["FailureTarget", "SuccessCriteriaMet"].compactMap({ status.conditions[$0] }).first(where: \.isTrue) else { return nil }
        self.init(isSuccess: known.type == "SuccessCriteriaMet", reason: known.reason, message: known.message)
    }

    /// The end of a job, or nil while it goes on. Source: `pkg/controller/job/job_controller.go` syncJob.
    static func of(_ job: Job, _ tally: JobTally, startedAt: Timestamp?, now: Timestamp) -> JobOutcome? {
        failure(job, tally, startedAt, now) ?? success(job, tally)
    }

    private static func failure(_ job: Job, _ tally: JobTally, _ startedAt: Timestamp?, _ now: Timestamp) -> JobOutcome? {
        let spec = job.spec
        func failed(_ reason: String, _ message: String) -> JobOutcome { JobOutcome(isSuccess: false, reason: reason, message: message) }
        for failure in tally.failures {
            if case .failsJob(let message) = failure.verdict { return failed("PodFailurePolicy", message) }
        }
        let restarts = tally.restarts(job)
        if tally.failed > spec.backoffLimit || restarts > 0 && (spec.backoffLimit == 0 || restarts >= spec.backoffLimit) {
            return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit")
        }
        if let limit = spec.activeDeadlineSeconds, let startedAt, !spec.suspend, now - startedAt >= .seconds(limit) {
            return failed("DeadlineExceeded", "Job was active longer than specified deadline")
        }
        guard spec.isIndexed, spec.backoffLimitPerIndex != nil else { return nil }
        if let most = spec.maxFailedIndexes, tally.lost.count > most {
            return failed("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")
        }
        if tally.lost.count > 0, tally.lost.count + tally.succeeded >= spec.completions ?? 0 { return failed("FailedIndexes", "Job has failed indexes") }
        return nil
    }

    private static func success(_ job: Job, _ tally: JobTally) -> JobOutcome? {
        let spec = job.spec
        if spec.isIndexed {
            for (number, rule) in spec.successRules.enumerated() {
                let wanted = rule["succeededIndexes"]?.stringValue.map { JobIndexes($0, below: spec.completions ?? 0) }
                let has = wanted.map { $0.common(with: tally.completed) } ?? tally.succeeded
                let needs = rule["succeededCount"]?.integerValue ?? wanted?.count ?? .max
                if has >= needs { return JobOutcome(isSuccess: true, reason: "SuccessPolicy", message: "Matched rules at index \(number)") }
            }
        }
        let isDone =
            if let completions = spec.completions {
                tally.succeeded >= completions
            } else {
                tally.succeeded > 0 && tally.active.isEmpty
            }
        guard isDone else { return nil }
        return JobOutcome(isSuccess: true, reason: "CompletionsReached", message: "Reached expected number of succeeded pods")
    }
}
