internal import JSONCore

/// `autoscaling/v1` HorizontalPodAutoscalers over the stored `autoscaling/v2` ones: version 1 knows the use of CPU alone, so the rest
/// is shown in annotations. Source: `pkg/apis/autoscaling/v1/conversion.go`.
struct AutoscalerConversion: VersionConversion {
    var storageGroup: String { "autoscaling" }

    private static let metrics = "autoscaling.alpha.kubernetes.io/metrics"
    private static let behavior = "autoscaling.alpha.kubernetes.io/behavior"
    private static let currentMetrics = "autoscaling.alpha.kubernetes.io/current-metrics"
    private static let conditions = "autoscaling.alpha.kubernetes.io/conditions"

    func served(_ stored: JSONValue) -> JSONValue {
        var result = stored
        result["apiVersion"] = "autoscaling/v1"
        var kept = JSONObject()
        if var spec = stored["spec"] {
            var others: [JSONValue] = []
            for metric in spec["metrics"]?.arrayValue ?? [] {
                if spec["targetCPUUtilizationPercentage"] == nil, let percent = Self.percentage(of: metric, "target") {
                    spec["targetCPUUtilizationPercentage"] = percent
                } else {
                    others.append(metric)
                }
            }
            if !others.isEmpty { kept[Self.metrics] = Self.text(.array(others)) }
            if let behavior = spec["behavior"] { kept[Self.behavior] = Self.text(behavior) }
            spec["metrics"] = nil
            spec["behavior"] = nil
            result["spec"] = spec
        }
        if var status = stored["status"] {
            let measured = status["currentMetrics"]?.arrayValue ?? []
            if let percent = measured.lazy.compactMap({ Self.percentage(of: $0, "current") }).first {
                status["currentCPUUtilizationPercentage"] = percent
            }
            if !measured.isEmpty { kept[Self.currentMetrics] = Self.text(.array(measured)) }
            if let conditions = status["conditions"] { kept[Self.conditions] = Self.text(conditions) }
            status["currentMetrics"] = nil
            status["conditions"] = nil
            result["status"] = status
        }
        if !kept.isEmpty, var metadata = stored["metadata"] {
            var annotations = metadata["annotations"]?.objectValue ?? JSONObject()
            for member in kept { annotations[member.key] = member.value }
            metadata["annotations"] = .object(annotations)
            result["metadata"] = metadata
        }
        return result
    }

    func stored(_ served: JSONValue) -> JSONValue {
        var result = served
        result["apiVersion"] = "autoscaling/v2"
        var annotations = served["metadata"]?["annotations"]?.objectValue ?? JSONObject()
        func take(_ name: String) -> JSONValue? {
            guard let text = annotations[name]?.stringValue else { return nil }
            annotations[name] = nil
            return try? JSON.parse(Array(text.utf8))  // best effort: what nobody can read says nothing
        }
        if var spec = served["spec"] {
            var metrics = take(Self.metrics)?.arrayValue ?? []
            if let percent = spec["targetCPUUtilizationPercentage"] {
                metrics.insert(
                    ["type": "Resource", "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": percent]]],
                    at: 0)
            }
            spec["targetCPUUtilizationPercentage"] = nil
            if !metrics.isEmpty { spec["metrics"] = .array(metrics) }
            if let behavior = take(Self.behavior) { spec["behavior"] = behavior }
            result["spec"] = spec
        }
        if var status = served["status"] {
            var measured = take(Self.currentMetrics)?.arrayValue ?? []
            if measured.isEmpty, let percent = status["currentCPUUtilizationPercentage"] {
                measured = [["type": "Resource", "resource": ["name": "cpu", "current": ["averageUtilization": percent]]]]
            }
            status["currentCPUUtilizationPercentage"] = nil
            if !measured.isEmpty { status["currentMetrics"] = .array(measured) }
            if let conditions = take(Self.conditions) { status["conditions"] = conditions }
            result["status"] = status
        }
        if var metadata = served["metadata"], metadata["annotations"] != nil {
            metadata["annotations"] = annotations.isEmpty ? nil : .object(annotations)
            result["metadata"] = metadata
        }
        return result
    }

    /// The percentage of a metric about the use of CPU; nil for every other metric.
    private static func percentage(of metric: JSONValue, _ part: String) -> JSONValue? {
        guard metric["type"] == "Resource", metric["resource"]?["name"] == "cpu" else { return nil }
        return metric["resource"]?[part]?["averageUtilization"]
    }

    private static func text(_ value: JSONValue) -> JSONValue { .string(String(decoding: JSON.encode(value), as: UTF8.self)) }
}
