internal import APIMachinery
internal import JSONCore

/// Jobs: the server makes the selector and labels the template with the job's uid, unless `manualSelector` is set.
/// Source: `pkg/registry/batch/job/strategy.go`, `pkg/apis/batch/validation/validation.go`.
struct JobStrategy: ResourceStrategy {
    var tracksGeneration: Bool { true }
    var orphansDependents: Bool { true }

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        WorkloadValidation.complete(&object)
        if object["spec", "completions"] == nil, object["spec", "parallelism"] == nil { object["spec", "completions"] = 1 }
        if object["spec", "parallelism"] == nil { object["spec", "parallelism"] = 1 }
        // Numbers that have limits of their own leave the job without one.
        if object["spec", "backoffLimit"] == nil, object["spec", "backoffLimitPerIndex"] != nil {
            object["spec", "backoffLimit"] = .integer(Int64(Int32.max))
        }
        if object["spec", "podReplacementPolicy"] == nil, object["spec", "podFailurePolicy"] != nil {
            object["spec", "podReplacementPolicy"] = "Failed"
        }
    }

    func prepareForCreate(_ object: inout KubeObject, _ context: WriteContext) throws(APIStatus) {
        guard object.bool("spec", "manualSelector") != true else { return }
        let uid = JSONValue.string(object.uid)
        let name = JSONValue.string(object.name)
        for (key, value) in [
            ("batch.kubernetes.io/controller-uid", uid), ("batch.kubernetes.io/job-name", name), ("controller-uid", uid),
            ("job-name", name),
        ] where object["spec", "template", "metadata", "labels", key] == nil {
            object["spec", "template", "metadata", "labels", key] = value
        }
        if object["spec", "selector"] == nil { object["spec", "selector"] = .object(JSONObject()) }
        object["spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"] = uid
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors = WorkloadValidation.selector(object)
        if let labels = object["spec", "template", "metadata", "labels"]?.objectValue {
            errors += LabelValidation.labels(labels, field: "spec.template.labels")
        }
        errors += JobRules.template(object["spec"] ?? .null, "spec")
        for field in ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"] {
            errors += WorkloadValidation.count(object, "spec", field)
        }
        return errors
    }

    func validateSubresource(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        context.subresource == "status" ? JobStatusRules.errors(object, old: old) : []
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        validateCreate(object, context) + JobChanges.errors(object, old)
    }
}
