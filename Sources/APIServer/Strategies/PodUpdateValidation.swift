internal import APIMachinery
internal import JSONCore

/// What may change in a pod's spec: images, a shorter deadline, more tolerations, fewer gates, and the grace period from negative to 1.
enum PodUpdateValidation {
    private static let message =
        """
        pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
        `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
        `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)
        """

    static func errors(_ object: KubeObject, old: KubeObject) -> [FieldError] {
        var errors: [FieldError] = []
        guard let spec = object["spec"], let before = old["spec"] else { return [] }
        errors += deadline(spec, before)
        errors += images(spec)
        if !keepsTolerations(spec, before) {
            errors.append(.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"))
            return errors
        }
        errors += GatedPodValidation.gates(spec, before)
        var rest = normalized(spec, before)
        errors += GatedPodValidation.settle(&rest, before)
        guard rest != before else { return errors }
        for field in ["containers", "initContainers"] where count(spec, field) != count(before, field) {
            errors.append(.forbidden("spec.\(field)", "pod updates may not add or remove containers"))
            return errors
        }
        errors.append(.forbidden("spec", "\(message)\n\(ValueDifference.text(before, rest, path: "spec"))"))
        return errors
    }

    private static func count(_ spec: JSONValue, _ field: String) -> Int { spec[field]?.arrayValue?.count ?? 0 }

    private static func deadline(_ spec: JSONValue, _ before: JSONValue) -> [FieldError] {
        let field = "spec.activeDeadlineSeconds"
        guard let old = before["activeDeadlineSeconds"]?.integerValue else { return [] }
        guard let new = spec["activeDeadlineSeconds"]?.integerValue else {
            return [.invalid(field, .null, "must not update from a positive integer to nil value")]
        }
        return new > old ? [.invalid(field, .integer(new), "must be less than or equal to previous value")] : []
    }

    private static func images(_ spec: JSONValue) -> [FieldError] {
        ["containers", "initContainers"].flatMap { field in
            (spec[field]?.arrayValue ?? []).enumerated().compactMap { index, container in
                (container["image"]?.stringValue ?? "").isEmpty ? FieldError.required("spec.\(field)[\(index)].image") : nil
            }
        }
    }

    private static func keepsTolerations(_ spec: JSONValue, _ before: JSONValue) -> Bool {
        func bare(_ toleration: JSONValue) -> JSONValue {
            var toleration = toleration
            toleration["tolerationSeconds"] = nil
            return toleration
        }
        let new = (spec["tolerations"]?.arrayValue ?? []).map(bare)
        return (before["tolerations"]?.arrayValue ?? []).allSatisfy { new.contains(bare($0)) }
    }

    /// The new spec with everything that may change put back.
    private static func normalized(_ spec: JSONValue, _ before: JSONValue) -> JSONValue {
        var spec = spec
        for field in ["containers", "initContainers"] {
            guard case .array(var containers)? = spec[field], let old = before[field]?.arrayValue, old.count == containers.count else {
                continue
            }
            for index in containers.indices {
                containers[index]["image"] = old[index]["image"]
                // Its default depends on the image's tag.
                containers[index]["imagePullPolicy"] = old[index]["imagePullPolicy"]
            }
            spec[field] = .array(containers)
        }
        spec["activeDeadlineSeconds"] = before["activeDeadlineSeconds"]
        spec["tolerations"] = before["tolerations"]
        if let grace = before["terminationGracePeriodSeconds"]?.integerValue, grace < 0,
            spec["terminationGracePeriodSeconds"]?.integerValue == 1
        {
            spec["terminationGracePeriodSeconds"] = .integer(grace)
        }
        return spec
    }
}
