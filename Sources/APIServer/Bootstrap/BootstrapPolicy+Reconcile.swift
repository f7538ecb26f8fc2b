internal import APIMachinery
internal import JSONCore

extension BootstrapPolicy {
    private static let updates = "rbac.authorization.kubernetes.io/autoupdate"

    /// A stored role or binding with what it lacks of the bootstrap one: rules, subjects, labels and annotations are added, nothing is
    /// taken away. Nil when nothing is missing, or when its annotation says to leave it alone.
    /// Source: component-helpers `auth/rbac/reconciliation`.
    static func reconciled(_ current: KubeObject, with wanted: KubeObject) -> KubeObject? {
        guard wanted.apiVersion == "rbac.authorization.k8s.io/v1", current.annotations[updates] != "false" else { return nil }
        var result = current
        for (key, value) in wanted.labels where current.labels[key] == nil { result["metadata", "labels", key] = .string(value) }
        if current.annotations[updates] == nil { result["metadata", "annotations", updates] = "true" }
        if wanted["aggregationRule"] != nil {
            let present = current.array("aggregationRule", "clusterRoleSelectors")
            let missing = wanted.array("aggregationRule", "clusterRoleSelectors").filter { !present.contains($0) }
            if !missing.isEmpty { result["aggregationRule", "clusterRoleSelectors"] = .array(present + missing) }
        } else if wanted["roleRef"] == nil {
            let held = current.array("rules").map(PolicyRule.init(value:))
            let missing = PolicyRule.missing(from: held, wanted: wanted.array("rules").map(PolicyRule.init(value:)))
            if !missing.isEmpty { result["rules"] = .array(current.array("rules") + PolicyRule.compact(missing).map(\.value)) }
        } else if current["roleRef"] != wanted["roleRef"] {
            // A binding cannot change its role; one that leads elsewhere is not ours any more.
            return nil
        } else {
            let present = current.array("subjects")
            let missing = wanted.array("subjects").filter { !present.contains($0) }
            if !missing.isEmpty { result["subjects"] = .array(present + missing) }
        }
        return result.value == current.value ? nil : result
    }
}
