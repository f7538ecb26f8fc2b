package import APIMachinery
import KubeSchemas
package import LinuxKernel

/// Gives every namespace the ServiceAccount `default`.
package struct ServiceAccountController: Controller {
    package init() {}

    package var name: String { "service-account-controller" }
    package var watched: [GroupVersionResource] { [Namespace.resource, ServiceAccount.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Namespace.resource { return [ObjectName(Namespace.resource, object)] }
        guard isGone, object.name == "default", let namespace = object.namespace else { return [] }
        return [ObjectName(Namespace.resource, namespace: nil, name: namespace)]
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), !object.isBeingDeleted else { return Reconciliation() }
        let account = ServiceAccount(name: "default", namespace: key.name)
        guard caches.get(ObjectName(ServiceAccount.resource, account.object)) == nil else { return Reconciliation() }
        return Reconciliation([.create(ServiceAccount.resource, account.object, reporter: nil)])
    }
}
