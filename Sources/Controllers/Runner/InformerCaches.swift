package import APIMachinery
package import KubeClient
import KubeSchemas

/// Caches over shared informers, with indexes of owners, orphans and the labels of pods, so that no reconcile walks a whole namespace.
package struct InformerCaches: Caches {
    private static let ownerIndex = "owner"
    private static let orphanIndex = "orphan"
    private static let labelIndex = "label"
    private static let nodeIndex = "node"
    private let informers: [GroupVersionResource: Informer]
    private let customs: CustomInformers?

    /// Caches of the given resources, and of custom resources as they come. Make it before the informers run, so that their first list
    /// fills the index.
    package init(_ shared: SharedInformers, resources: some Sequence<GroupVersionResource>, customs: CustomInformers? = nil) {
        self.customs = customs
        customs?.prepare { informer in informer.addIndex(Self.ownerIndex) { $0.ownerReferences.map(\.uid) } }
        var informers: [GroupVersionResource: Informer] = [:]
        for resource in Set(resources) {
            let informer = shared.informer(resource)
            informer.addIndex(Self.ownerIndex) { $0.ownerReferences.map(\.uid) }
            if [Pod.resource, ReplicaSet.resource, ControllerRevision.resource].contains(resource) {
                informer.addIndex(Self.orphanIndex) { $0.controllerRef == nil ? [$0.namespace ?? ""] : [] }
            }
            if resource == Pod.resource {
                informer.addIndex(Self.labelIndex) { pod in pod.labels.map { Self.label(pod.namespace ?? "", $0.key, $0.value) } }
                informer.addIndex(Self.nodeIndex) { pod in pod.string("spec", "nodeName").map { [$0] } ?? [] }
            }
            informers[resource] = informer
        }
        self.informers = informers
    }

    /// The informer of a resource; nil when it is not among them.
    package func informer(_ resource: GroupVersionResource) -> Informer? { informers[resource] ?? customs?.informer(resource) }

    package var customKinds: [CustomResourceKind] { customs?.kinds ?? [] }

    /// Calls `handler` for each custom kind there is and each that comes.
    func onCustomKind(_ handler: @escaping @Sendable (CustomResourceKind, Informer) -> Void) { customs?.onKind(handler) }

    package func get(_ name: ObjectName) -> KubeObject? {
        informer(name.resource)?.get(namespace: name.namespace, name: name.name)
    }

    package func all(_ resource: GroupVersionResource, namespace: String?) -> [KubeObject] {
        informer(resource)?.all(namespace: namespace) ?? []
    }

    package func owned(by uid: String, _ resource: GroupVersionResource) -> [KubeObject] {
        informer(resource)?.byIndex(Self.ownerIndex, uid) ?? []
    }

    package func orphans(_ resource: GroupVersionResource, namespace: String) -> [KubeObject] {
        informers[resource]?.byIndex(Self.orphanIndex, namespace) ?? []
    }

    package func labelled(_ resource: GroupVersionResource, namespace: String, key: String, value: String) -> [KubeObject] {
        informers[resource]?.byIndex(Self.labelIndex, Self.label(namespace, key, value)) ?? []
    }

    package func pods(onNode name: String) -> [KubeObject] { informers[Pod.resource]?.byIndex(Self.nodeIndex, name) ?? [] }

    private static func label(_ namespace: String, _ key: String, _ value: String) -> String { "\(namespace)/\(key)=\(value)" }

    /// Returns once a cache has reached a revision, or when the task is cancelled. Caches of custom resources are not waited for: they may
    /// end at any time, and who writes custom resources does so for exactly the version it saw.
    func waitUntil(_ resource: GroupVersionResource, revision: Int64) async { await informers[resource]?.waitUntil(revision: revision) }

    /// Returns once every cache has its first list.
    func waitUntilSynced() async {
        for informer in informers.values { await informer.waitUntilSynced() }
    }

    /// Returns once also the custom resources that are defined have theirs.
    func waitUntilCustomResourcesSynced() async { await customs?.waitUntilSynced() }
}
