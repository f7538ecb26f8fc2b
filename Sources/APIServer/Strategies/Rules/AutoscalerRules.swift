internal import APIMachinery
internal import JSONCore
internal import KubeSchemas

/// Source: `pkg/apis/autoscaling/{v2/defaults,validation/validation}.go`.
extension KindRules {
    static let autoscaler = KindRules(
        complete: { object in
            if object["spec", "minReplicas"] == nil { object["spec", "minReplicas"] = 1 }
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
                guard let window = object.integer("spec", "behavior", direction, "stabilizationWindowSeconds") else { continue }
                let field = "spec.behavior.\(direction).stabilizationWindowSeconds"
                if window < 0 { errors.append(.invalid(field, .integer(window), "must be greater than or equal to zero")) }
                if window > 3600 { errors.append(.invalid(field, .integer(window), "must be less than or equal to 3600")) }
            }
            return errors
        })
}

enum AutoscalerRules {
    private static let fields = [
        "Object": "object", "Pods": "pods", "Resource": "resource", "External": "external", "ContainerResource": "containerResource",
    ]

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
