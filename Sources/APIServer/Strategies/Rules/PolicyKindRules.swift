internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// Source: `pkg/apis/core/validation/validation.go`, `pkg/apis/policy/validation/validation.go`,
/// `pkg/apis/scheduling/validation/validation.go`.
extension KindRules {
    static let disruptionBudget = KindRules(check: { object in
        var errors: [FieldError] = []
        let (least, most) = (object["spec", "minAvailable"], object["spec", "maxUnavailable"])
        if least != nil, most != nil {
            errors.append(.invalid("spec", object["spec"] ?? .null, "minAvailable and maxUnavailable cannot be both set"))
        }
        errors += RuleChecks.amountOrPercent(least, "spec.minAvailable", atMostAll: true)
        errors += RuleChecks.amountOrPercent(most, "spec.maxUnavailable", atMostAll: true)
        return errors + RuleChecks.selector(object["spec", "selector"], "spec.selector")
    })

    static let priorityClass = KindRules(
        check: { object in
            let value = object.integer("value") ?? 0
            let system: [String: Int64] = ["system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000]
            if object.name.hasPrefix("system-") {
                guard system[object.name] == value else {
                    return [
                        .forbidden(
                            "metadata.name",
                            "priority class names with 'system-' prefix are reserved for system use only. error: "
                                + (system[object.name] == nil
                                    ? "\(object.name) is not a known system priority class"
                                    : "value of \(object.name) PriorityClass must be \(system[object.name] ?? 0)"))
                    ]
                }
                return []
            }
            guard value > 1_000_000_000 else { return [] }
            return [.forbidden("value", "maximum allowed value of a user defined priority is 1000000000")]
        },
        change: { object, old in
            object.integer("value") == old.integer("value") ? [] : [.forbidden("value", "may not be changed in an update.")]
        })

    static let resourceQuota = KindRules(check: QuotaRules.check, change: QuotaRules.change)

    static let limitRange = KindRules(complete: LimitRules.complete, check: LimitRules.check)
}

enum QuotaRules {
    private static let standard: Set<String> = [
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage",
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers", "secrets",
        "persistentvolumeclaims", "configmaps", "services.nodeports", "services.loadbalancers",
    ]
    private static let counts: Set<String> = [
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
        "services.nodeports", "services.loadbalancers",
    ]
    static let check: @Sendable (KubeObject) -> [FieldError] = { object in
        var errors: [FieldError] = []
        for (name, amount) in QuotaLimits.amounts(object["spec", "hard"]).sorted(by: { $0.key < $1.key }) {
            let field = "spec.hard[\(name)]"
            errors += Self.nameProblems(name).map { .invalid(field, .string(name), $0) }
            if amount.isNegative {
                errors.append(.invalid(field, .string(amount.canonical), "must be greater than or equal to 0"))
            } else if counts.contains(name) || name.hasPrefix("count/"), amount.milliValue % 1000 != 0 {
                errors.append(.invalid(field, .string(amount.canonical), "must be an integer"))
            }
        }
        return errors + QuotaScopeRules.check(object, standard: standard)
    }

    /// Source: `pkg/apis/core/validation/validation.go` ValidateResourceQuotaResourceName.
    private static func nameProblems(_ name: String) -> [String] {
        let problems = NameValidation.qualifiedName(name)
        guard problems.isEmpty, !name.contains("/"), !standard.contains(name) else { return problems }
        if HugePageResource.isName(name) || name.hasPrefix("requests.\(HugePageResource.prefix)") { return [] }
        let isResource = name == "storage"
        return (isResource ? [] : ["must be a standard resource type or fully qualified"]) + ["must be a standard resource for quota"]
    }

    static let change: @Sendable (KubeObject, KubeObject) -> [FieldError] = { object, old in
        func sorted(_ object: KubeObject) -> [String] { object.array("spec", "scopes").compactMap(\.stringValue).sorted() }
        guard sorted(object) != sorted(old) else { return [] }
        return [.invalid("spec.scopes", object["spec", "scopes"] ?? .array([]), "field is immutable")]
    }
}

enum LimitRules {
    /// What is not said follows from what is: a limit from the maximum, a request from the limit or the minimum.
    static let complete: @Sendable (inout KubeObject) -> Void = { object in
        var items = object.array("spec", "limits")
        for index in items.indices where items[index]["type"] == "Container" {
            var limits = items[index]["default"]?.objectValue ?? JSONObject()
            for member in items[index]["max"]?.objectValue ?? JSONObject() where limits[member.key] == nil { limits[member.key] = member.value }
            var requests = items[index]["defaultRequest"]?.objectValue ?? JSONObject()
            for member in limits where requests[member.key] == nil { requests[member.key] = member.value }
            for member in items[index]["min"]?.objectValue ?? JSONObject() where requests[member.key] == nil {
                requests[member.key] = member.value
            }
            if !limits.isEmpty { items[index]["default"] = .object(limits) }
            if !requests.isEmpty { items[index]["defaultRequest"] = .object(requests) }
        }
        if !items.isEmpty { object["spec", "limits"] = .array(items) }
    }

    static let check: @Sendable (KubeObject) -> [FieldError] = { object in
        var errors: [FieldError] = []
        var types: Set<String> = []
        for (index, item) in object.array("spec", "limits").enumerated() {
            let field = "spec.limits[\(index)]"
            let type = item["type"]?.stringValue ?? ""
            errors += typeProblems(type).map { .invalid("\(field).type", .string(type), $0) }
            if !types.insert(type).inserted { errors.append(.duplicate("\(field).type", .string(type))) }
            if type == "Pod" {
                for name in ["default", "defaultRequest"] where !(item[name]?.objectValue?.isEmpty ?? true) {
                    errors.append(.forbidden("\(field).\(name)", "may not be specified when `type` is 'Pod'"))
                }
            }
            let (least, most) = (QuotaLimits.amounts(item["min"]), QuotaLimits.amounts(item["max"]))
            if type == "PersistentVolumeClaim", least["storage"] == nil, most["storage"] == nil {
                errors.append(.required("\(field).limits", "either minimum or maximum storage value is required, but neither was provided"))
            }
            errors += amounts(item, field, least, most)
        }
        return errors
    }

    /// Source: `pkg/apis/core/validation/validation.go` validateLimitRangeTypeName.
    private static func typeProblems(_ type: String) -> [String] {
        let problems = NameValidation.qualifiedName(type)
        guard problems.isEmpty, !type.contains("/"), !["Pod", "Container", "PersistentVolumeClaim"].contains(type) else { return problems }
        return ["must be a standard limit type or fully qualified"]
    }

    private static func amounts(_ item: JSONValue, _ field: String, _ least: [String: Quantity], _ most: [String: Quantity]) -> [FieldError] {
        let limits = QuotaLimits.amounts(item["default"])
        let requests = QuotaLimits.amounts(item["defaultRequest"])
        let ratios = QuotaLimits.amounts(item["maxLimitRequestRatio"])
        var errors: [FieldError] = []
        /// An error when the first is larger than the second.
        func order(_ first: Quantity?, _ second: Quantity?, _ place: String, _ words: (String, String)) {
            guard let first, let second, first > second else { return }
            errors.append(
                .invalid(place, .string(first.canonical), "\(words.0) value \(first.canonical) is greater than \(words.1) value \(second.canonical)"))
        }
        let names = Set(least.keys).union(most.keys).union(limits.keys).union(requests.keys).union(ratios.keys)
        for name in names.sorted() {
            order(least[name], most[name], "\(field).min[\(name)]", ("min", "max"))
            order(least[name], requests[name], "\(field).defaultRequest[\(name)]", ("min", "default request"))
            order(requests[name], most[name], "\(field).defaultRequest[\(name)]", ("default request", "max"))
            order(requests[name], limits[name], "\(field).defaultRequest[\(name)]", ("default request", "default limit"))
            order(least[name], limits[name], "\(field).default[\(name)]", ("min", "default"))
            order(limits[name], most[name], "\(field).default[\(name)]", ("default", "max"))
            if let ratio = ratios[name], ratio < Quantity(value: 1) {
                errors.append(
                    .invalid("\(field).maxLimitRequestRatio[\(name)]", .string(ratio.canonical), "ratio \(ratio.canonical) is less than 1"))
            }
        }
        return errors
    }
}
