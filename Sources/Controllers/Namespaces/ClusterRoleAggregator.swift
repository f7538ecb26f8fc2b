package import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// Writes into a ClusterRole that aggregates the rules of all roles its selectors match.
/// Source: `pkg/controller/clusterroleaggregation`.
package struct ClusterRoleAggregator: Controller {
    package init() {}

    package var name: String { "clusterrole-aggregation-controller" }
    package var watched: [GroupVersionResource] { [Role.clusterResource] }

    /// Any role may belong to any that aggregates.
    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        caches.all(Role.clusterResource, namespace: nil).filter { !$0.array("aggregationRule", "clusterRoleSelectors").isEmpty }
            .map { ObjectName(Role.clusterResource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let role = caches.get(key), !role.isBeingDeleted else { return Reconciliation() }
        // best effort: a selector that validation would refuse selects nothing.
        let selectors = role.array("aggregationRule", "clusterRoleSelectors").compactMap { try? LabelSelector(value: $0) }
        guard !selectors.isEmpty else { return Reconciliation() }
        var rules: [JSONValue] = []
        let parts = caches.all(Role.clusterResource, namespace: nil).filter { other in
            other.name != role.name && selectors.contains { $0.matches(other.labels) }
        }
        for part in parts.sorted(by: { $0.name < $1.name }) {
            for rule in part.array("rules") where !rules.contains(rule) { rules.append(rule) }
        }
        guard rules != role.array("rules") else { return Reconciliation() }
        var changed = role
        changed["rules"] = .array(rules)
        return Reconciliation([.update(Role.clusterResource, changed)])
    }
}
