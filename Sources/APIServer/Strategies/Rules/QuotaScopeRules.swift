internal import APIMachinery
internal import JSONCore

/// What the scopes of a ResourceQuota may say. Source: `pkg/apis/core/validation/validation.go` validateResourceQuotaScopes and
/// validateScopedResourceSelectorRequirement.
enum QuotaScopeRules {
    private static let known: Set<String> = [
        "BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating", "VolumeAttributesClass",
    ]
    private static let compute: Set<String> = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"]

    /// What is wrong with `spec.scopes` and `spec.scopeSelector`; `standard` are the resources that Kubernetes knows.
    static func check(_ object: KubeObject, standard: Set<String>) -> [FieldError] {
        let hard = (object["spec", "hard"]?.objectValue ?? JSONObject()).map(\.key).filter(standard.contains)
        let names = object.array("spec", "scopes").compactMap(\.stringValue)
        let shown = JSONValue.array(names.map { .string($0) })
        var errors: [FieldError] = []
        // Each once: they show the whole list.
        if !names.allSatisfy(known.contains) { errors.append(.invalid("spec.scopes", shown, "unsupported scope")) }
        if !isFitting(names, hard) { errors.append(.invalid("spec.scopes", shown, "unsupported scope applied to resource")) }
        errors += conflicts(names, shown)
        guard let selector = object["spec", "scopeSelector"], !selector.isNull else { return errors }
        let terms = selector["matchExpressions"]?.arrayValue ?? []
        let field = "spec.scopeSelector.matchExpressions"
        for term in terms {
            let name = term["scopeName"]?.stringValue ?? ""
            if !known.contains(name) { errors.append(.invalid("\(field).scopeName", .string(name), "unsupported scope")) }
            errors += operands(name, term, field)
        }
        let scopes = terms.compactMap { $0["scopeName"]?.stringValue }
        if !isFitting(scopes, hard) { errors.append(.invalid(field, selector, "unsupported scope applied to resource")) }
        return errors + conflicts(scopes, shown)
    }

    private static func isFitting(_ scopes: [String], _ hard: [String]) -> Bool {
        Set(scopes).allSatisfy { scope in hard.allSatisfy { fits(scope, $0) } }
    }

    /// Whether a scope says something about a resource.
    private static func fits(_ scope: String, _ resource: String) -> Bool {
        switch scope {
        case "Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity":
            resource == "pods" || compute.contains(resource)
        case "BestEffort": resource == "pods"
        case "VolumeAttributesClass": resource == "persistentvolumeclaims" || resource == "requests.storage"
        default: true
        }
    }

    private static func conflicts(_ names: [String], _ shown: JSONValue) -> [FieldError] {
        [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")].compactMap { first, second in
            names.contains(first) && names.contains(second) ? .invalid("spec.scopes", shown, "conflicting scopes") : nil
        }
    }

    /// What is wrong with the operator of a term and its values.
    private static func operands(_ scope: String, _ term: JSONValue, _ field: String) -> [FieldError] {
        let name = term["operator"]?.stringValue ?? ""
        let values = term["values"]?.arrayValue ?? []
        var errors: [FieldError] = []
        if ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"].contains(scope), name != "Exists" {
            let why =
                "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
            errors.append(.invalid("\(field).operator", .string(name), why))
        }
        switch name {
        case "In", "NotIn":
            guard values.isEmpty else { break }
            errors.append(.required("\(field).values", "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
        case "Exists", "DoesNotExist":
            guard !values.isEmpty else { break }
            let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            errors.append(.invalid("\(field).values", .array(values), why))
        default: errors.append(.invalid("\(field).operator", .string(name), "not a valid selector operator"))
        }
        return errors
    }
}
