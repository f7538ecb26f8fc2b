package import APIMachinery
import KubeSchemas

/// What controllers read: the cluster as far as it is known, without waiting.
package protocol Caches: Sendable {
    /// One object; nil when there is none.
    func get(_ name: ObjectName) -> KubeObject?
    /// All objects of a resource, of one namespace when it is given.
    func all(_ resource: GroupVersionResource, namespace: String?) -> [KubeObject]
    /// The objects of a resource that name an owner's uid.
    func owned(by uid: String, _ resource: GroupVersionResource) -> [KubeObject]
    /// The objects of a resource in a namespace that no controller owns.
    func orphans(_ resource: GroupVersionResource, namespace: String) -> [KubeObject]
    /// The objects of a resource in a namespace that carry a label.
    func labelled(_ resource: GroupVersionResource, namespace: String, key: String, value: String) -> [KubeObject]
    /// The pods that were given to a node.
    func pods(onNode name: String) -> [KubeObject]
    /// The kinds that CustomResourceDefinitions have added so far; their objects are found like all others.
    var customKinds: [CustomResourceKind] { get }
    /// Why the key's last run could not make a pod; nil when nothing was refused.
    var refusal: APIStatus? { get }
}

extension Caches {
    package var customKinds: [CustomResourceKind] { [] }
    package var refusal: APIStatus? { nil }
    package func pods(onNode name: String) -> [KubeObject] { all(Pod.resource, namespace: nil).filter { Pod($0).spec.nodeName == name } }
}

/// Caches as one key sees them: without what it has deleted itself, and with what its last run was refused.
struct CachesWithout: Caches {
    let base: any Caches
    let hidden: Set<String>
    var refusal: APIStatus?

    func get(_ name: ObjectName) -> KubeObject? {
        base.get(name).flatMap { hidden.contains($0.uid) ? nil : $0 }
    }

    func all(_ resource: GroupVersionResource, namespace: String?) -> [KubeObject] {
        visible(base.all(resource, namespace: namespace))
    }

    func owned(by uid: String, _ resource: GroupVersionResource) -> [KubeObject] {
        visible(base.owned(by: uid, resource))
    }

    func orphans(_ resource: GroupVersionResource, namespace: String) -> [KubeObject] {
        visible(base.orphans(resource, namespace: namespace))
    }

    func labelled(_ resource: GroupVersionResource, namespace: String, key: String, value: String) -> [KubeObject] {
        visible(base.labelled(resource, namespace: namespace, key: key, value: value))
    }

    func pods(onNode name: String) -> [KubeObject] { visible(base.pods(onNode: name)) }

    var customKinds: [CustomResourceKind] { base.customKinds }

    private func visible(_ objects: [KubeObject]) -> [KubeObject] {
        hidden.isEmpty ? objects : objects.filter { !hidden.contains($0.uid) }
    }
}
