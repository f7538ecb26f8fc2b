package import APIMachinery
package import KubeClient
package import LinuxKernel

/// A controller: which keys a change concerns, and what a key needs.
package protocol Controller: Sendable {
    /// Its name, as Kubernetes calls it; also the source of its events.
    var name: String { get }
    /// Who it is at the API server; by default the service account of its name.
    var identity: UserInfo { get }
    /// The resources whose changes it wants to know.
    var watched: [GroupVersionResource] { get }
    /// Whether it also wants to know the changes of custom resources; by default not.
    var watchesCustomResources: Bool { get }
    /// The keys that a changed object concerns. `isGone` when it was deleted.
    func keys(_ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches) -> [ObjectName]
    /// What a key needs. Pure: the same caches and time give the same answer.
    func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation
    /// What is to be said of a key whose last changes failed; by default nothing. Pure as ``reconcile(_:_:now:)``. The key is tried again
    /// in any case.
    func report(_ failures: [APIStatus], of key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation
}

extension Controller {
    package var identity: UserInfo { .controller(name) }
    package var watchesCustomResources: Bool { false }
    package func report(_ failures: [APIStatus], of key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation { Reconciliation() }

    /// The keys for a controller whose work is one resource and the objects it owns.
    func keysOfOwner(
        _ owner: GroupVersionResource, kind: String, _ resource: GroupVersionResource, _ object: KubeObject
    ) -> [ObjectName] {
        if resource == owner { return [ObjectName(owner, object)] }
        guard let reference = object.controllerRef, reference.kind == kind else { return [] }
        return [ObjectName(owner, namespace: object.namespace, name: reference.name)]
    }
}
