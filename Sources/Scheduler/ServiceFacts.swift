import APIMachinery
package import JSONCore
package import KubeClient
import KubeSchemas

/// What is known of services: whose pods are better not together.
package protocol ServiceFacts: Sendable {
    /// The selectors of the services of a namespace that have one.
    func selectors(in namespace: String) -> [JSONObject]
}

/// Services as a shared informer has them.
package struct InformerServices: ServiceFacts {
    private let services: Informer

    /// Facts from the informers of a cluster.
    package init(_ informers: SharedInformers) { services = informers.informer(Service.resource) }

    package func selectors(in namespace: String) -> [JSONObject] {
        services.all(namespace: namespace).compactMap { $0["spec", "selector"]?.objectValue }.filter { !$0.isEmpty }
    }

    /// Returns once all are known.
    func waitUntilSynced() async { await services.waitUntilSynced() }
}

extension ClusterSnapshot {
    /// The pods that services of a pod lead to beside it, when it has neither spreading rules nor a controller whose pods are spread; nil for none.
    /// Source: kube-scheduler `helper.DefaultSelector`.
    func served(with demand: PodDemand) -> PodGroup? {
        // With a single node there is nothing to weigh.
        guard nodes.count > 1, let services, demand.owner == nil, demand.rules.hardSpread.isEmpty, demand.rules.softSpread.isEmpty else { return nil }
        let member = demand.member
        guard !member.labels.isEmpty else { return nil }
        var wanted: [String: String] = [:]
        for selector in services.selectors(in: member.namespace) where selector.allSatisfy({ member.labels[$0.key] == $0.value }) {
            for label in selector { wanted[label.key] = label.value.stringValue }
        }
        guard !wanted.isEmpty else { return nil }
        let requirements = wanted.sorted { $0.key < $1.key }.map { LabelSelector.Requirement(key: $0.key, operator: .in, values: [$0.value]) }
        return PodGroup(namespace: member.namespace, LabelSelector(requirements: requirements))
    }
}
