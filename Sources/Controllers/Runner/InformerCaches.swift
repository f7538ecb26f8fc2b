package import APIMachinery
package import KubeClient

/// Caches over shared informers, with an index of owners.
package struct InformerCaches: Caches {
    private static let ownerIndex = "owner"
    private let informers: [GroupVersionResource: Informer]

    /// Caches of the given resources. Make it before the informers run, so that their first list fills the index.
    package init(_ shared: SharedInformers, resources: some Sequence<GroupVersionResource>) {
        var informers: [GroupVersionResource: Informer] = [:]
        for resource in Set(resources) {
            let informer = shared.informer(resource)
            informer.addIndex(Self.ownerIndex) { $0.ownerReferences.map(\.uid) }
            informers[resource] = informer
        }
        self.informers = informers
    }

    /// The informer of a resource; nil when it is not among them.
    package func informer(_ resource: GroupVersionResource) -> Informer? { informers[resource] }

    package func get(_ name: ObjectName) -> KubeObject? {
        informers[name.resource]?.get(namespace: name.namespace, name: name.name)
    }

    package func all(_ resource: GroupVersionResource, namespace: String?) -> [KubeObject] {
        informers[resource]?.all(namespace: namespace) ?? []
    }

    package func owned(by uid: String, _ resource: GroupVersionResource) -> [KubeObject] {
        informers[resource]?.byIndex(Self.ownerIndex, uid) ?? []
    }

    /// Returns once every cache has its first list.
    func waitUntilSynced() async {
        for informer in informers.values { await informer.waitUntilSynced() }
    }
}
