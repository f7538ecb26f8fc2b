internal import APIMachinery
internal import JSONCore

/// What the workload kinds share: a selector that selects the template, and does not change.
enum WorkloadValidation {
    /// Checks `spec.selector` against `spec.template.metadata.labels`.
    static func selector(_ object: KubeObject) -> [FieldError] {
        guard let value = object["spec", "selector"], !value.isNull else { return [.required("spec.selector")] }
        let labels = object["spec", "template", "metadata", "labels"]?.objectValue
        do throws(APIStatus) {
            let selector = try LabelSelector(value: value)
            if selector.isEmpty {
                return [.invalid("spec.selector", value, "empty selector is invalid for \(object.kind.lowercased())")]
            }
            guard selector.matches(labels: labels) else {
                return [
                    .invalid(
                        "spec.template.metadata.labels", labels.map { .object($0) } ?? .object(JSONObject()),
                        "`selector` does not match template `labels`")
                ]
            }
            return []
        } catch {
            return [.invalid("spec.selector", value, error.message)]
        }
    }

    /// An error when a field that is fixed at creation changed.
    static func fixed(_ path: [String], _ object: KubeObject, _ old: KubeObject) -> [FieldError] {
        let new = object.value.value(at: path[...])
        guard new != old.value.value(at: path[...]) else { return [] }
        return [.immutable(path.joined(separator: "."), new ?? .null)]
    }

    /// An error unless a count is missing or not negative.
    static func count(_ object: KubeObject, _ path: String...) -> [FieldError] {
        guard let number = object.value.value(at: path[...])?.integerValue, number < 0 else { return [] }
        return [.invalid(path.joined(separator: "."), .integer(number), "must be greater than or equal to 0")]
    }

    /// Completes and checks the pod template.
    static func complete(_ object: inout KubeObject) {
        guard var spec = object["spec", "template", "spec"] else { return }
        PodDefaults.complete(&spec, inTemplate: true)
        object["spec", "template", "spec"] = spec
    }

    /// What is wrong with the pod template, with the restart policies it may have.
    static func template(_ object: KubeObject, policies: [String], kind: String = "ReplicaSet") -> [FieldError] {
        let field = "spec.template"
        var errors: [FieldError] = []
        if let labels = object["spec", "template", "metadata", "labels"]?.objectValue {
            errors += LabelValidation.labels(labels, field: "\(field).labels")
        }
        guard var spec = object["spec", "template", "spec"] else { return errors }
        // Each pod of a StatefulSet gets volumes of its own for these.
        let claims = object.array("spec", "volumeClaimTemplates").compactMap { $0["metadata", "name"] }
        let volumes = spec["volumes"]?.arrayValue ?? []
        let added = claims.filter { claim in !volumes.contains { $0["name"] == claim } }.map { ["name": $0, "emptyDir": [:]] as JSONValue }
        if !added.isEmpty { spec["volumes"] = .array(volumes + added) }
        errors += PodValidation.spec(spec, field: "\(field).spec")
        if let policy = spec["restartPolicy"]?.stringValue, !policies.contains(policy) {
            errors.append(.notSupported("\(field).spec.restartPolicy", .string(policy), policies))
        }
        if let deadline = spec["activeDeadlineSeconds"], !deadline.isNull, policies == ["Always"] {
            errors.append(.forbidden("\(field).spec.activeDeadlineSeconds", "activeDeadlineSeconds in \(kind) is not Supported"))
        }
        return errors
    }
}
