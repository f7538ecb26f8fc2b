internal import APIMachinery
internal import JSONCore
internal import LinuxKernel

/// What the status of a Job may not say, nor take back. Most is asked only of what a write changes, so that a status that is wrong already,
/// or was made so by a change of the spec, can still be written. Source: `pkg/apis/batch/validation/validation.go` ValidateJobStatusUpdate,
/// `pkg/registry/batch/job/strategy.go` getStatusValidationOptions.
struct JobStatusRules {
    private let job: KubeObject
    private let old: KubeObject
    /// The conditions that hold, and those that held.
    private let holding: Set<String>
    private let held: Set<String>
    private var errors: [FieldError] = []

    private init(_ job: KubeObject, _ old: KubeObject) {
        (self.job, self.old) = (job, old)
        (holding, held) = (Self.conditions(job), Self.conditions(old))
    }

    /// What is wrong with a status that is written over that of `old`.
    static func errors(_ job: KubeObject, old: KubeObject) -> [FieldError] {
        var rules = JobStatusRules(job, old)
        rules.checkCounts()
        rules.checkConditions()
        rules.checkTimes()
        rules.checkEnd()
        rules.checkIndexes()
        rules.checkTransition()
        return rules.errors
    }

    private static func conditions(_ job: KubeObject) -> Set<String> {
        Set(job.array("status", "conditions").filter { $0["status"]?.stringValue == "True" }.compactMap { $0["type"]?.stringValue })
    }

    private mutating func refuse(_ field: String, _ value: JSONValue?, _ why: String) {
        errors.append(.invalid("status.\(field)", value ?? .null, why))
    }

    private mutating func refuseConditions(_ why: String) { errors.append(.invalid("status.conditions", why)) }

    private func changes(_ fields: String...) -> Bool { fields.contains { job["status", $0] != old["status", $0] } }

    private func turns(_ conditions: String...) -> Bool { conditions.contains { holding.contains($0) != held.contains($0) } }

    private func count(_ field: String) -> Int64 { job.integer("status", field) ?? 0 }

    private var isComplete: Bool { holding.contains("Complete") }
    private var isFailed: Bool { holding.contains("Failed") }
    private var isFinished: Bool { isComplete || isFailed }
    private var isFinishing: Bool { isFinished != (held.contains("Complete") || held.contains("Failed")) }

    private mutating func checkCounts() {
        for field in ["active", "succeeded", "failed", "ready", "terminating"] where count(field) < 0 {
            refuse(field, .integer(count(field)), "must be greater than or equal to 0")
        }
        if changes("ready", "active"), count("ready") > count("active") {
            refuse("ready", .integer(count("ready")), "cannot set more ready pods than active")
        }
        var seen: Set<String> = []
        for list in ["succeeded", "failed"] {
            for (index, uid) in job.array("status", "uncountedTerminatedPods", list).enumerated() {
                let field = "uncountedTerminatedPods.\(list)[\(index)]"
                let text = uid.stringValue ?? ""
                if text.isEmpty {
                    refuse(field, uid, "must not be empty")
                } else if !seen.insert(text).inserted {
                    errors.append(.duplicate("status.\(field)", uid))
                }
            }
        }
    }

    private mutating func checkConditions() {
        if turns("Complete", "Failed"), isComplete, isFailed { refuseConditions("cannot set Complete=True and Failed=true conditions") }
        if turns("Complete", "FailureTarget"), isComplete, holding.contains("FailureTarget") {
            refuseConditions("cannot set Complete=True and FailureTarget=true conditions")
        }
        if turns("Failed", "FailureTarget"), isFailed, !holding.contains("FailureTarget") {
            refuseConditions("cannot set Failed=True condition without the FailureTarget=true condition")
        }
        let isMet = holding.contains("SuccessCriteriaMet")
        if turns("Complete", "SuccessCriteriaMet"), isComplete, !isMet {
            refuseConditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
        }
        if isMet, isFailed { refuseConditions("cannot set SuccessCriteriaMet=True and Failed=true conditions") }
        if isMet, holding.contains("FailureTarget") { refuseConditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions") }
        if !isMet, isComplete, job["spec", "successPolicy"]?.objectValue != nil {
            refuseConditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")
        }
    }

    private mutating func checkTimes() {
        let (start, end) = (job.string("status", "startTime"), job.string("status", "completionTime"))
        if turns("Complete") || changes("completionTime") {
            if let end, !isComplete { refuse("completionTime", .string(end), "cannot set completionTime when there is no Complete=True condition") }
            if end == nil, isComplete { errors.append(.required("status.completionTime", "completionTime is required for Complete jobs")) }
        }
        if changes("startTime", "completionTime"), let end, let first = start.flatMap({ Timestamp(rfc3339: $0) }),
            let last = Timestamp(rfc3339: end), last < first
        {
            refuse("completionTime", .string(end), "completionTime cannot be set before startTime")
        }
        if let end, let before = old.string("status", "completionTime"), end != before {
            refuse("completionTime", .string(end), "completionTime cannot be mutated")
        }
        let isResumed = held.contains("Suspended") && !holding.contains("Suspended")
        if changes("startTime"), old.string("status", "startTime") != nil, job.bool("spec", "suspend") != true, !isResumed {
            errors.append(.required("status.startTime", "startTime cannot be removed for unsuspended job"))
        }
    }

    /// Of a job that is over nothing is left to run or to count.
    private mutating func checkEnd() {
        guard isFinished else { return }
        for field in ["active", "terminating"] where (isFinishing || changes(field)) && count(field) > 0 {
            refuse(field, .integer(count(field)), "\(field)>0 is invalid for finished job")
        }
        if isFinishing || changes("startTime"), job.string("status", "startTime") == nil {
            errors.append(.required("status.startTime", "startTime is required for finished job"))
        }
        let field = "uncountedTerminatedPods"
        let isCounted = ["succeeded", "failed"].allSatisfy { job.array("status", field, $0).isEmpty }
        if isFinishing || changes(field), !isCounted {
            refuse(field, job["status", field], "uncountedTerminatedPods needs to be empty for finished job")
        }
    }

    private mutating func checkIndexes() {
        let (done, lost) = (job.string("status", "completedIndexes") ?? "", job.string("status", "failedIndexes"))
        let total = job.integer("spec", "completions")
        let hasLimit = job.integer("spec", "backoffLimitPerIndex") != nil
        if changes("completedIndexes") {
            if let total, let why = JobIndexText.problem(done, count: total) {
                refuse("completedIndexes", .string(done), "error parsing completedIndexes: \(why)")
            }
            if !done.isEmpty, job.string("spec", "completionMode") != "Indexed" {
                refuse("completedIndexes", .string(done), "cannot set non-empty completedIndexes when non-indexed completion mode")
            }
        }
        guard let lost else { return }
        if changes("failedIndexes") {
            if let total, hasLimit, let why = JobIndexText.problem(lost, count: total) {
                refuse("failedIndexes", .string(lost), "error parsing failedIndexes: \(why)")
            }
            if !hasLimit { refuse("failedIndexes", .string(lost), "cannot set non-null failedIndexes when backoffLimitPerIndex is null") }
        }
        if changes("failedIndexes", "completedIndexes"), let total, let both = JobIndexText.overlap(done, lost, count: total) {
            refuse("failedIndexes", .string(lost), "failedIndexes and completedIndexes overlap at index: \(both)")
        }
    }

    private mutating func checkTransition() {
        for end in ["Failed", "Complete", "FailureTarget"] where held.contains(end) && !holding.contains(end) {
            refuseConditions("cannot disable the terminal \(end)=True condition")
        }
        let isElastic = job.string("spec", "completionMode") == "Indexed" && job["spec", "completions"] == job["spec", "parallelism"]
        for field in isElastic ? ["failed"] : ["failed", "succeeded"] where count(field) < old.integer("status", field) ?? 0 {
            refuse(field, .integer(count(field)), "cannot decrease the \(field) counter")
        }
        let (wasMet, isMet) = (held.contains("SuccessCriteriaMet"), holding.contains("SuccessCriteriaMet"))
        if wasMet, !isMet { refuseConditions("cannot disable the SuccessCriteriaMet=True condition") }
        if held.contains("Complete"), !wasMet, isMet {
            refuseConditions("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
        }
    }
}
