package import APIMachinery
internal import JSONCore

/// What `matchLabelKeys` and `mismatchLabelKeys` of a new pod mean, written into the selectors beside them, which are all the scheduler looks at.
/// Source: `pkg/registry/core/pod/strategy.go` mutatePodAffinity and mutateTopologySpreadConstraints.
package enum LabelKeyMerge {
    /// Adds a requirement for each key that the pod has a label of to the terms of (anti-)affinity and to spread constraints: its value, or any
    /// other. Rules without a selector, which mean no pod, stay as they are. Not to be done twice to a pod.
    package static func apply(to pod: inout KubeObject) {
        guard let labels = pod["metadata", "labels"]?.objectValue, !labels.isEmpty else { return }
        for kind in ["podAffinity", "podAntiAffinity"] {
            guard pod["spec", "affinity", kind] != nil else { continue }
            each(&pod.value, ["spec", "affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"]) { merge(&$0, labels) }
            each(&pod.value, ["spec", "affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution"]) { preference in
                guard var term = preference["podAffinityTerm"] else { return }
                merge(&term, labels)
                preference["podAffinityTerm"] = term
            }
        }
        each(&pod.value, ["spec", "topologySpreadConstraints"]) { merge(&$0, labels) }
    }

    private static func each(_ value: inout JSONValue, _ path: [String], _ change: (inout JSONValue) -> Void) {
        guard let first = path.first else {
            guard case .array(var items) = value, !items.isEmpty else { return }
            for index in items.indices { change(&items[index]) }
            value = .array(items)
            return
        }
        guard var child = value[first] else { return }
        each(&child, Array(path.dropFirst()), change)
        value[first] = child
    }

    private static func merge(_ rule: inout JSONValue, _ labels: JSONObject) {
        guard case .object? = rule["labelSelector"] else { return }
        let added = requirements(rule["matchLabelKeys"], "In", labels) + requirements(rule["mismatchLabelKeys"], "NotIn", labels)
        guard !added.isEmpty else { return }
        rule["labelSelector", "matchExpressions"] = .array((rule["labelSelector", "matchExpressions"]?.arrayValue ?? []) + added)
    }

    private static func requirements(_ keys: JSONValue?, _ comparison: String, _ labels: JSONObject) -> [JSONValue] {
        (keys?.arrayValue ?? []).compactMap { key in
            guard let name = key.stringValue, let value = labels[name] else { return nil }
            return ["key": key, "operator": .string(comparison), "values": [value]]
        }
    }
}
