package import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// Writes into every ResourceQuota what its namespace uses. Admission does not wait for this: it counts for itself.
/// Source: `pkg/controller/resourcequota`.
package struct ResourceQuotaController: Controller {
    static let resource = GroupVersionResource(group: "", version: "v1", resource: "resourcequotas")

    private let counted: [GroupVersionResource]

    /// A controller over all namespaced resources that can be listed.
    package init(_ registry: SchemaRegistry) {
        // events.k8s.io shows the core group's events, of which no cache is kept; the old autoscalers are the new ones.
        let all = registry.resources.filter { $0.isNamespaced && $0.verbs.isSuperset(of: ["list", "watch"]) && $0.plural != "events" }
        var seen: Set<GroupResource> = []
        counted = all.reversed().filter { seen.insert($0.groupResource).inserted }.map(\.gvr)
    }

    package var name: String { "resourcequota-controller" }
    package var watched: [GroupVersionResource] { [Self.resource] + counted.filter { $0 != Self.resource } }
    package var watchesCustomResources: Bool { true }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        guard let namespace = object.namespace else { return [] }
        if resource == Self.resource, !isGone { return [ObjectName(Self.resource, object)] }
        return caches.all(Self.resource, namespace: namespace).filter { quota in
            (quota["spec", "hard"]?.objectValue ?? JSONObject()).contains {
                QuotaUsage.concerns($0.key, group: resource.group, resource: resource.resource)
            }
        }.map { ObjectName(Self.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        let quota = QuotaLimits(object)
        var used = quota.hard.mapValues { _ in Quantity.zero }
        for resource in counted + caches.customKinds.filter(\.isNamespaced).map(\.resource) {
            let names = quota.names(group: resource.group, resource: resource.resource)
            guard !names.isEmpty else { continue }
            for counted in caches.all(resource, namespace: key.namespace) {
                let usage = QuotaUsage(counted, group: resource.group, resource: resource.resource)
                guard quota.counts(usage.facts) else { continue }
                for name in names {
                    if let amount = usage.amounts[name] { used[name] = (used[name] ?? .zero) + amount }
                }
            }
        }
        let isCurrent =
            QuotaLimits.amounts(object["status", "hard"]) == quota.hard && QuotaLimits.amounts(object["status", "used"]) == used
        guard !isCurrent else { return Reconciliation() }
        var changed = object
        changed["status"] = ["hard": QuotaLimits.list(quota.hard), "used": QuotaLimits.list(used)]
        return Reconciliation([.updateSubresource(Self.resource, changed, "status")])
    }
}
