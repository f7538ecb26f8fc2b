package import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// Puts the cluster's certificate authority into every namespace, and restores it when it is deleted or edited.
package struct RootCAPublisher: Controller {
    static let configMapName = "kube-root-ca.crt"
    private let authority: String

    /// A publisher of certificates in PEM.
    package init(authority: String) { self.authority = authority }

    package var name: String { "root-ca-cert-publisher" }
    package var watched: [GroupVersionResource] { [Namespace.resource, ConfigMap.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Namespace.resource { return [ObjectName(Namespace.resource, object)] }
        guard object.name == Self.configMapName, let namespace = object.namespace else { return [] }
        return [ObjectName(Namespace.resource, namespace: nil, name: namespace)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        var wanted = ConfigMap(name: Self.configMapName, namespace: key.name)
        wanted.object["data"] = ["ca.crt": .string(authority)]
        guard let present = caches.get(ObjectName(ConfigMap.resource, wanted.object)) else {
            wanted.object.annotations = ["kubernetes.io/description": "The authority that signs this cluster's certificates."]
            return Reconciliation([.create(ConfigMap.resource, wanted.object, reporter: nil)])
        }
        guard present["data"] != wanted.object["data"], !present.isBeingDeleted else { return Reconciliation() }
        var fresh = present
        fresh["data"] = wanted.object["data"]
        return Reconciliation([.update(ConfigMap.resource, fresh)])
    }
}
