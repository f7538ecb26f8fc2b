internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// What a kind asks for beyond its schema, where the objects alone decide: one file and one row in `table` for each.
struct KindRules: Sendable {
    /// What is wrong with a name; nil for the usual rule.
    var name: (@Sendable (String) -> [String])?
    /// Fills in defaults that depend on other fields.
    var complete: (@Sendable (inout KubeObject) -> Void)?
    /// The status of a new object; nil for none.
    var firstStatus: JSONValue?
    /// What is wrong with an object.
    var check: @Sendable (KubeObject) -> [FieldError] = { _ in [] }
    /// What is wrong with a change, besides what is wrong with its result.
    var change: @Sendable (_ object: KubeObject, _ old: KubeObject) -> [FieldError] = { _, _ in [] }

    /// What is wrong with a write of the status.
    var status: @Sendable (_ object: KubeObject, _ old: KubeObject) -> [FieldError] = { _, _ in [] }

    /// The rules with those of the numbers in the status.
    func counting(_ counts: StatusCounts) -> KindRules {
        var rules = self
        rules.status = { object, old in counts.errors(object, old: old) }
        return rules
    }

    static let table: [String: KindRules] = [
        "/limitranges": .limitRange,
        "/persistentvolumeclaims": .persistentVolumeClaim,
        "/persistentvolumes": .persistentVolume,
        "/podtemplates": .podTemplate,
        "/replicationcontrollers": .replicationController.counting(.replicas),
        "/resourcequotas": .resourceQuota,
        "admissionregistration.k8s.io/mutatingwebhookconfigurations": .webhooks,
        "admissionregistration.k8s.io/validatingwebhookconfigurations": .webhooks,
        "apps/controllerrevisions": .controllerRevision,
        "apps/daemonsets": .daemonSet.counting(.daemonSet),
        "apps/statefulsets": .statefulSet.counting(.statefulSet),
        "autoscaling/horizontalpodautoscalers": .autoscaler.counting(.autoscaler),
        "batch/cronjobs": .cronJob,
        "discovery.k8s.io/endpointslices": .endpointSlice,
        "flowcontrol.apiserver.k8s.io/flowschemas": .flowSchema,
        "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations": .priorityLevel,
        "networking.k8s.io/ingressclasses": .ingressClass,
        "networking.k8s.io/ingresses": .ingress,
        "networking.k8s.io/ipaddresses": .ipAddress,
        "networking.k8s.io/networkpolicies": .networkPolicy,
        "networking.k8s.io/servicecidrs": .serviceCIDR,
        "policy/poddisruptionbudgets": .disruptionBudget.counting(.disruptionBudget),
        "resource.k8s.io/deviceclasses": .deviceClass,
        "resource.k8s.io/resourceclaims": .resourceClaim,
        "resource.k8s.io/resourceclaimtemplates": .resourceClaimTemplate,
        "resource.k8s.io/resourceslices": .resourceSlice,
        "scheduling.k8s.io/priorityclasses": .priorityClass,
        "storage.k8s.io/csinodes": .storageNode,
        "storage.k8s.io/storageclasses": .storageClass,
    ]
}

/// Checks that several kinds share, in Kubernetes' words.
enum RuleChecks {
    /// A count or percentage: not negative, and text must be a percentage. Source: `ValidatePositiveIntOrPercent`.
    static func amountOrPercent(_ value: JSONValue?, _ field: String, atMostAll: Bool = false) -> [FieldError] {
        guard let value, !value.isNull else { return [] }
        if let number = value.integerValue {
            return number < 0 ? [.invalid(field, .integer(number), "must be greater than or equal to 0")] : []
        }
        guard let text = value.stringValue else { return [] }
        guard let percent = percent(text) else {
            let why =
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')"
            return [.invalid(field, .string(text), why)]
        }
        return atMostAll && percent > 100 ? [.invalid(field, .string(text), "must not be greater than 100%")] : []
    }

    /// The number of a percentage; nil for other text.
    static func percent(_ text: String) -> Int? {
        guard text.hasSuffix("%"), text.utf8.count > 1, text.utf8.dropLast().allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return Int(text.dropLast()) ?? .max
    }

    /// Whether an amount is zero, as number or percentage.
    static func isZero(_ value: JSONValue?) -> Bool {
        value?.integerValue == 0 || value?.stringValue.flatMap(percent) == 0
    }

    /// What is wrong with a label selector.
    static func selector(_ value: JSONValue?, _ field: String) -> [FieldError] {
        guard let value, !value.isNull else { return [] }
        var errors: [FieldError] = []
        if let labels = value["matchLabels"]?.objectValue { errors += LabelValidation.labels(labels, field: "\(field).matchLabels") }
        for (index, term) in (value["matchExpressions"]?.arrayValue ?? []).enumerated() {
            let place = "\(field).matchExpressions[\(index)]"
            let values = term["values"]?.arrayValue ?? []
            switch term["operator"]?.stringValue {
            case "In", "NotIn":
                if values.isEmpty { errors.append(.required("\(place).values", "must be specified when `operator` is 'In' or 'NotIn'")) }
            case "Exists", "DoesNotExist":
                if !values.isEmpty {
                    errors.append(.forbidden("\(place).values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
                }
            case let other: errors.append(.invalid("\(place).operator", .string(other ?? ""), "not a valid selector operator"))
            }
            let key = term["key"]?.stringValue ?? ""
            for why in LabelValidation.keyProblems(key) { errors.append(.invalid("\(place).key", .string(key), why)) }
        }
        return errors
    }

    /// Amounts of a resource list that cannot be read are the schema's to report; these are negative ones.
    static func notNegative(_ list: JSONValue?, _ field: String) -> [FieldError] {
        QuotaLimits.amounts(list).sorted { $0.key < $1.key }.compactMap { name, amount in
            amount.isNegative
                ? .invalid("\(field)[\(name)]", .string(amount.canonical), "must be greater than or equal to 0") : nil
        }
    }
}
