internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// What `pods/ephemeralcontainers` and `pods/resize` may change. Source: `pkg/registry/core/pod/strategy.go`,
/// `pkg/apis/core/validation/validation.go` ValidatePodEphemeralContainersUpdate and ValidatePodResize.
enum PodParts {
    /// The pod as it was, with only the part of the subresource as sent.
    static func prepare(_ object: inout KubeObject, old: KubeObject, _ subresource: String?) {
        var result = old
        result.metadata = object.metadata
        switch subresource {
        case "ephemeralcontainers":
            result["spec", "ephemeralContainers"] = object["spec", "ephemeralContainers"]
        case "resize":
            if let resources = object["spec", "resources"] { result["spec", "resources"] = resources }
            for field in ["containers", "initContainers"] { resize(&result, field, object) }
        default: return
        }
        object = result
    }

    private static func resize(_ pod: inout KubeObject, _ field: String, _ sent: KubeObject) {
        let wanted = sent.array("spec", field)
        guard wanted.count == pod.array("spec", field).count else { return }
        let containers = zip(pod.array("spec", field), wanted).map { old, new -> JSONValue in
            guard old["name"] == new["name"], field == "containers" || old["restartPolicy"] == "Always" else { return old }
            var container = old
            container["resources"] = new["resources"]
            container["resizePolicy"] = new["resizePolicy"]
            return container
        }
        if !containers.isEmpty { pod["spec", field] = .array(containers) }
    }

    /// What is wrong with the change.
    static func errors(_ object: KubeObject, old: KubeObject, _ subresource: String?) -> [FieldError] {
        switch subresource {
        case "ephemeralcontainers": ephemeralErrors(object, old)
        case "resize": resizeErrors(object, old)
        default: []
        }
    }

    private static func ephemeralErrors(_ object: KubeObject, _ old: KubeObject) -> [FieldError] {
        let field = "spec.ephemeralContainers"
        let new = object.array("spec", "ephemeralContainers")
        var errors = PodValidation.spec(object["spec"] ?? .null, field: "spec").filter { $0.field.hasPrefix(field) }
        for (index, container) in new.enumerated() {
            if let target = container["targetContainerName"]?.stringValue, !target.isEmpty,
                !object.array("spec", "containers").contains(where: { $0["name"]?.stringValue == target })
            {
                errors.append(.notFound("\(field)[\(index)].targetContainerName", .string(target)))
            }
        }
        for container in old.array("spec", "ephemeralContainers") {
            let name = container["name"]?.stringValue ?? ""
            guard let index = new.firstIndex(where: { $0["name"]?.stringValue == name }) else {
                errors.append(.forbidden(field, "existing ephemeral containers \(name.goQuoted) may not be removed\n"))
                continue
            }
            if new[index] != container {
                errors.append(.forbidden(field, "existing ephemeral containers \(name.goQuoted) may not be changed\n"))
            }
        }
        return errors
    }

    private static func resizeErrors(_ object: KubeObject, _ old: KubeObject) -> [FieldError] {
        var errors = PodValidation.spec(object["spec"] ?? .null, field: "spec")
        let before = old.string("status", "qosClass") ?? QOSClass(Pod(old).spec).rawValue
        if QOSClass(Pod(object).spec).rawValue != before {
            errors.append(.invalid("spec", .string(before), "Pod QOS Class may not change as a result of resizing"))
        }
        for field in ["containers", "initContainers"] {
            for (index, pair) in zip(object.array("spec", field), old.array("spec", field)).enumerated() {
                errors += resourceErrors(pair.0["resources"], pair.1["resources"], "spec.\(field)[\(index)].resources")
            }
        }
        errors += resourceErrors(object["spec", "resources"], old["spec", "resources"], "spec.resources")
        return errors
    }

    private static func resourceErrors(_ new: JSONValue?, _ old: JSONValue?, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        for kind in ["limits", "requests"] {
            let before = old?[kind]?.objectValue ?? JSONObject()
            let after = new?[kind]?.objectValue ?? JSONObject()
            for member in before where after[member.key] == nil {
                errors.append(.forbidden("\(field).\(kind)", "resource \(kind) cannot be removed"))
            }
            let changed = after.contains { $0.key != "cpu" && $0.key != "memory" && before[$0.key] != $0.value }
            if changed { errors.append(.forbidden("\(field).\(kind)", "only cpu and memory resources are mutable")) }
        }
        return errors
    }
}
