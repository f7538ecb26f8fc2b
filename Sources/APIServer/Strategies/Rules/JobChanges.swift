internal import APIMachinery
internal import JSONCore

/// What may change of a Job once it is there. Source: `pkg/apis/batch/validation/validation.go` ValidateJobSpecUpdate.
enum JobChanges {
    private static let fixed = [
        "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy",
    ]

    static func errors(_ job: KubeObject, _ old: KubeObject) -> [FieldError] {
        completions(job, old) + template(job, old) + fixed.flatMap { WorkloadValidation.fixed(["spec", $0], job, old) }
    }

    /// Numbered pods may become more or fewer, together with those that run at a time.
    private static func completions(_ job: KubeObject, _ old: KubeObject) -> [FieldError] {
        guard job.string("spec", "completionMode") == "Indexed" else { return WorkloadValidation.fixed(["spec", "completions"], job, old) }
        let count = job.integer("spec", "completions")
        guard let count, count != old.integer("spec", "completions"), count != job.integer("spec", "parallelism") else { return [] }
        return [.invalid("spec.completions", .integer(count), "can only be modified in tandem with spec.parallelism")]
    }

    private static func template(_ job: KubeObject, _ old: KubeObject) -> [FieldError] {
        guard let template = job["spec", "template"], let before = old["spec", "template"], template != before else { return [] }
        if isPaused(old), following(template, before) == template { return [] }
        return [.immutable("spec.template", template)]
    }

    /// Whether nothing of a job runs, nor will before it is resumed.
    private static func isPaused(_ job: KubeObject) -> Bool {
        guard job.bool("spec", "suspend") == true, job.integer("status", "active") ?? 0 == 0 else { return false }
        let hasStarted = job.string("status", "startTime") != nil
        return !hasStarted || job.array("status", "conditions").contains { $0["type"] == "Suspended" && $0["status"] == "True" }
    }

    /// A template with all that may change while a job is paused as another one has it: where pods go, what they are called, and what
    /// their containers need.
    private static func following(_ template: JSONValue, _ old: JSONValue) -> JSONValue {
        var result = old
        for path in [
            ["metadata", "labels"], ["metadata", "annotations"], ["spec", "nodeSelector"], ["spec", "tolerations"], ["spec", "schedulingGates"],
        ] {
            result.setValue(template.value(at: path[...]), at: path[...])
        }
        result["spec", "affinity", "nodeAffinity"] = template["spec", "affinity", "nodeAffinity"]
        // Whether what is left empty is written down makes no difference.
        for path in [["metadata"], ["spec", "affinity"]] {
            let (one, other) = (template.value(at: path[...]), result.value(at: path[...]))
            guard one?.objectValue?.isEmpty ?? true, other?.objectValue?.isEmpty ?? true else { continue }
            result.setValue(one, at: path[...])
        }
        for list in ["containers", "initContainers"] {
            guard let containers = template["spec", list]?.arrayValue, var before = old["spec", list]?.arrayValue, containers.count == before.count
            else { continue }
            for (index, container) in containers.enumerated() { before[index]["resources"] = container["resources"] }
            result["spec", list] = .array(before)
        }
        return result
    }
}
