internal import APIMachinery
internal import JSONCore

/// The rules of a Job's spec, wherever it stands. Source: `pkg/apis/batch/validation/validation.go`.
enum JobRules {
    /// What is wrong with the pods of a job.
    static func template(_ spec: JSONValue, _ field: String) -> [FieldError] {
        guard let pod = spec["template", "spec"] else { return [] }
        var errors = PodValidation.spec(pod, field: "\(field).template.spec")
        let policy = pod["restartPolicy"]?.stringValue ?? ""
        if policy != "OnFailure", policy != "Never" {
            errors.append(.required("\(field).template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""))
        }
        return errors + indexed(spec, field) + failurePolicy(spec, field, policy)
    }

    private static func indexed(_ spec: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        let isIndexed = spec["completionMode"]?.stringValue == "Indexed"
        if isIndexed {
            if spec["completions"]?.integerValue == nil {
                errors.append(.required("\(field).completions", "when completion mode is Indexed"))
            }
            if let count = spec["parallelism"]?.integerValue, count > 100_000 {
                errors.append(.invalid("\(field).parallelism", .integer(count), "must be less than or equal to 100000 when completion mode is Indexed"))
            }
        }
        if !isIndexed, let limit = spec["backoffLimitPerIndex"]?.integerValue {
            errors.append(.invalid("\(field).backoffLimitPerIndex", .integer(limit), "requires indexed completion mode"))
        }
        if let most = spec["maxFailedIndexes"]?.integerValue {
            if spec["backoffLimitPerIndex"]?.integerValue == nil {
                errors.append(.required("\(field).backoffLimitPerIndex", "when maxFailedIndexes is specified"))
            }
            if let count = spec["completions"]?.integerValue, most > count {
                errors.append(.invalid("\(field).maxFailedIndexes", .integer(most), "must be less than or equal to completions"))
            }
        }
        if spec["successPolicy"]?.objectValue != nil, !isIndexed {
            errors.append(.invalid("\(field).successPolicy", spec["successPolicy"] ?? .null, "requires indexed completion mode"))
        }
        return errors
    }

    private static func failurePolicy(_ spec: JSONValue, _ field: String, _ restartPolicy: String) -> [FieldError] {
        guard let rules = spec["podFailurePolicy", "rules"]?.arrayValue else { return [] }
        var errors: [FieldError] = []
        if restartPolicy != "Never" {
            errors.append(
                .invalid("\(field).template.spec.restartPolicy", .string(restartPolicy), "only \"Never\" is supported when podFailurePolicy is specified"))
        }
        for (index, rule) in rules.enumerated() {
            let place = "\(field).podFailurePolicy.rules[\(index)]"
            let codes = rule["onExitCodes"]?.objectValue
            let conditions = rule["onPodConditions"]?.arrayValue ?? []
            if codes != nil, !conditions.isEmpty {
                errors.append(.invalid(place, rule, "specifying both OnExitCodes and OnPodConditions is not supported"))
            }
            if codes == nil, conditions.isEmpty {
                errors.append(.invalid(place, rule, "specifying one of OnExitCodes and OnPodConditions is required"))
            }
            let values = (rule["onExitCodes", "values"]?.arrayValue ?? []).compactMap(\.integerValue)
            if codes != nil, values.isEmpty { errors.append(.invalid("\(place).onExitCodes.values", .array([]), "at least one value is required")) }
            if rule["onExitCodes", "operator"]?.stringValue == "In", values.contains(0) {
                errors.append(.invalid("\(place).onExitCodes.values[\(values.firstIndex(of: 0) ?? 0)]", .integer(0), "must not be 0 for the In operator"))
            }
            if rule["action"]?.stringValue == "FailIndex", spec["backoffLimitPerIndex"]?.integerValue == nil {
                errors.append(.invalid("\(place).action", "FailIndex", "requires the backoffLimitPerIndex to be set"))
            }
        }
        return errors
    }
}
