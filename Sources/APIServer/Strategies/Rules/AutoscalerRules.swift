internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// Source: `pkg/apis/autoscaling/{v2/defaults,validation/validation}.go`.
extension KindRules {
    static let autoscaler = KindRules(
        complete: { object in
            if object["spec", "minReplicas"] == nil { object["spec", "minReplicas"] = 1 }
            if let behavior = object["spec", "behavior"], !behavior.isNull {
                for (direction, missing) in AutoscalerRules.defaults {
                    object["spec", "behavior", direction] = AutoscalerRules.filled(behavior[direction], missing)
                }
            }
            guard object.apiVersion == "autoscaling/v2", object.array("spec", "metrics").isEmpty else { return }
            object["spec", "metrics"] = [
                ["type": "Resource", "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80]]]
            ]
        },
        check: { object in
            var errors: [FieldError] = []
            let least = object.integer("spec", "minReplicas")
            if let least, least < 1 {
                errors.append(.invalid("spec.minReplicas", .integer(least), "must be greater than or equal to 1"))
            }
            let most = object.integer("spec", "maxReplicas") ?? 0
            if let least, most >= 1, most < least {
                errors.append(.invalid("spec.maxReplicas", .integer(most), "must be greater than or equal to `minReplicas`"))
            }
            for field in ["kind", "name"] {
                guard let text = object.string("spec", "scaleTargetRef", field) else { continue }
                for why in NameValidation.pathSegment(text) { errors.append(.invalid("spec.scaleTargetRef.\(field)", .string(text), why)) }
            }
            for (index, metric) in object.array("spec", "metrics").enumerated() {
                errors += AutoscalerRules.metric(metric, "spec.metrics[\(index)]")
            }
            for direction in ["scaleUp", "scaleDown"] {
                guard let rules = object["spec", "behavior", direction], !rules.isNull else { continue }
                errors += AutoscalerRules.direction(rules, "spec.behavior.\(direction)")
            }
            return errors
        })
}

enum AutoscalerRules {
    private static let fields = [
        "Object": "object", "Pods": "pods", "Resource": "resource", "External": "external", "ContainerResource": "containerResource",
    ]

    /// What a `behavior` gets for what it leaves out, in either direction; how long a shrinking is held back is the controller's to say.
    /// Source: `pkg/apis/autoscaling/v2/defaults.go` SetDefaults_HorizontalPodAutoscalerBehavior.
    static let defaults: [(direction: String, rules: JSONObject)] = [
        (
            "scaleUp",
            [
                "stabilizationWindowSeconds": 0, "selectPolicy": "Max",
                "policies": [["type": "Pods", "value": 4, "periodSeconds": 15], ["type": "Percent", "value": 100, "periodSeconds": 15]],
            ]
        ), ("scaleDown", ["selectPolicy": "Max", "policies": [["type": "Percent", "value": 100, "periodSeconds": 15]]]),
    ]

    /// The rules of a direction with these for the missing ones.
    static func filled(_ rules: JSONValue?, _ missing: JSONObject) -> JSONValue {
        var filled = rules?.objectValue ?? JSONObject()
        for member in missing where filled[member.key]?.isNull ?? true { filled[member.key] = member.value }
        return .object(filled)
    }

    /// How fast the number may change in one direction.
    static func direction(_ rules: JSONValue, _ field: String) -> [FieldError] {
        var errors: [FieldError] = []
        func check(_ number: Int64?, _ name: String, least: Int64, _ below: String, most: Int64? = nil) {
            guard let number else { return }
            if number < least { errors.append(.invalid("\(field).\(name)", .integer(number), below)) }
            if let most, number > most { errors.append(.invalid("\(field).\(name)", .integer(number), "must be less than or equal to \(most)")) }
        }
        check(
            rules["stabilizationWindowSeconds"]?.integerValue, "stabilizationWindowSeconds", least: 0, "must be greater than or equal to zero", most: 3600)
        if let chosen = rules["selectPolicy"]?.stringValue, !["Disabled", "Max", "Min"].contains(chosen) {
            errors.append(.notSupported("\(field).selectPolicy", .string(chosen), ["Disabled", "Max", "Min"]))
        }
        if let tolerance = rules["tolerance"], let number = Quantity(decoded: tolerance), number.isNegative {
            errors.append(.invalid("\(field).tolerance", tolerance, "must be greater than or equal to 0"))
        }
        guard let policies = rules["policies"]?.arrayValue else { return errors }
        if policies.isEmpty { errors.append(.required("\(field).policies", "must specify at least one Policy")) }
        for (index, policy) in policies.enumerated() {
            if let type = policy["type"]?.stringValue, !["Percent", "Pods"].contains(type) {
                errors.append(.notSupported("\(field).policies[\(index)].type", .string(type), ["Percent", "Pods"]))
            }
            check(policy["value"]?.integerValue, "policies[\(index)].value", least: 1, "must be greater than zero")
            check(policy["periodSeconds"]?.integerValue, "policies[\(index)].periodSeconds", least: 1, "must be greater than zero", most: 1800)
        }
        return errors
    }

    static func metric(_ metric: JSONValue, _ field: String) -> [FieldError] {
        let type = metric["type"]?.stringValue ?? ""
        guard let expected = fields[type] else { return [] }
        var errors: [FieldError] = []
        guard let source = metric[expected], !source.isNull else {
            return [.required("\(field).\(expected)", "must populate information for the given metric source")]
        }
        for (_, other) in fields.sorted(by: { $0.key < $1.key }) where other != expected && !(metric[other]?.isNull ?? true) {
            errors.append(.forbidden("\(field).\(other)", "must populate the given metric source only"))
        }
        return errors + target(source["target"] ?? .null, "\(field).\(expected)", type)
    }

    private static func target(_ target: JSONValue, _ field: String, _ type: String) -> [FieldError] {
        let use = target["averageUtilization"]?.integerValue
        let average = target["averageValue"]
        let value = target["value"]
        var errors: [FieldError] = []
        if let use, use < 1 { errors.append(.invalid("\(field).target.averageUtilization", .integer(use), "must be greater than 0")) }
        for (name, written) in [("value", value), ("averageValue", average)] {
            guard let written, let amount = Quantity(decoded: written), amount.isNegative || amount.isZero else { continue }
            errors.append(.invalid("\(field).target.\(name)", written, "must be positive"))
        }
        switch type {
        case "Resource", "ContainerResource":
            if use == nil, average == nil {
                errors.append(.required("\(field).target.averageUtilization", "must set either a target raw value or a target utilization"))
            }
            if use != nil, average != nil {
                errors.append(.forbidden("\(field).target.averageValue", "may not set both a target raw value and a target utilization"))
            }
        case "Pods":
            if average == nil { errors.append(.required("\(field).target.averageValue", "must specify a positive target averageValue")) }
        default:
            if value == nil, average == nil {
                errors.append(.required("\(field).target.averageValue", "must set either a target value for metric or a per-pod target"))
            }
        }
        return errors
    }
}
