import APIMachinery
import JSONCore

/// The TARGETS column of autoscalers: what was found and what is aimed at, for each measure. Source: `printers/internalversion.formatHPAMetrics`.
enum AutoscalerTargets {
    /// `cpu: 41%/80%, 12/100m (avg) + 1 more...`; `<none>` without measures.
    static func text(_ object: KubeObject) -> String {
        var texts: [String] = []
        // Version 1 knows CPU alone and says so in a field of its own.
        if let percent = object.integer("spec", "targetCPUUtilizationPercentage") {
            let found = object.integer("status", "currentCPUUtilizationPercentage").map { "\($0)%" } ?? unknown
            texts.append("cpu: \(found)/\(percent)%")
        }
        let found = object.array("status", "currentMetrics")
        for (index, metric) in object.array("spec", "metrics").enumerated() {
            texts.append(text(metric, index < found.count ? found[index] : .null))
        }
        guard !texts.isEmpty else { return "<none>" }
        let shown = texts.prefix(2).joined(separator: ", ")
        return texts.count > 2 ? "\(shown) + \(texts.count - 2) more..." : shown
    }

    private static let unknown = "<unknown>"
    private static let parts = [
        "External": "external", "Pods": "pods", "Object": "object", "Resource": "resource", "ContainerResource": "containerResource",
    ]

    private static func text(_ metric: JSONValue, _ status: JSONValue) -> String {
        let type = metric["type"]?.stringValue ?? ""
        guard let part = parts[type], let source = metric[part] else { return "<unknown type>" }
        let target = source["target"]
        let current = status["type"] == metric["type"] ? status[part]?["current"] : nil
        let pair = pair(target, current)
        guard type == "Resource" || type == "ContainerResource" else {
            let isAverage = target?["averageValue"] != nil && type != "Pods"
            return isAverage ? "\(pair) (avg)" : pair
        }
        return "\(source["name"]?.stringValue ?? ""): \(pair)"
    }

    private static func pair(_ target: JSONValue?, _ current: JSONValue?) -> String {
        for field in ["averageValue", "value"] {
            guard let wanted = target?[field]?.stringValue else { continue }
            return "\(current?[field]?.stringValue ?? unknown)/\(wanted)"
        }
        let wanted = target?["averageUtilization"]?.integerValue.map { "\($0)%" } ?? "<auto>"
        return "\(current?["averageUtilization"]?.integerValue.map { "\($0)%" } ?? unknown)/\(wanted)"
    }
}
