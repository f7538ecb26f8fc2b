package import APIMachinery
import JSONCore
import KubeSchemas
package import LinuxKernel

/// Empties a namespace that is being deleted: first what makes pods, then the pods, then everything else; then lets it go.
package struct NamespaceController: Controller {
    /// Stands in a namespace's finalizers for its contents.
    static let finalizer = "kubernetes"

    private let makers: [GroupVersionResource]
    private let rest: [GroupVersionResource]

    /// A controller over all namespaced resources that can be listed and deleted.
    package init(_ registry: SchemaRegistry) {
        let resources = registry.resources.filter { $0.isNamespaced && $0.verbs.isSuperset(of: ["list", "deletecollection"]) }
        let isMaker: (ResourceDescriptor) -> Bool = { $0.group == "apps" || $0.group == "batch" }
        makers = resources.filter(isMaker).map(\.gvr)
        // events.k8s.io shows the core group's events.
        rest = resources.filter { !isMaker($0) && $0.gvr != Pod.resource && $0.group != "events.k8s.io" }.map(\.gvr)
    }

    package var name: String { "namespace-controller" }
    /// Events are many, and gone as soon as they are deleted: no cache of them is kept.
    package var watched: [GroupVersionResource] {
        [Namespace.resource, Pod.resource] + makers + rest.filter { $0.resource != "events" }
    }

    package var watchesCustomResources: Bool { true }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Namespace.resource { return isGone ? [] : [ObjectName(Namespace.resource, object)] }
        guard isGone, let namespace = object.namespace else { return [] }
        let key = ObjectName(Namespace.resource, namespace: nil, name: namespace)
        return caches.get(key)?.isBeingDeleted ?? false ? [key] : []
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), object.isBeingDeleted else { return Reconciliation() }
        var namespace = Namespace(object)
        guard namespace.specFinalizers.contains(Self.finalizer) else { return Reconciliation() }
        let name = key.name
        for stage in [makers, [Pod.resource]] {
            let full = stage.filter { !caches.all($0, namespace: name).isEmpty }
            // What is left goes with its grace period or finalizers; its deletion brings this key back.
            guard full.isEmpty else { return Reconciliation(full.map { .deleteAll($0, namespace: name) }) }
        }
        let customs = caches.customKinds.filter(\.isNamespaced).map(\.resource)
        var changes: [Change] = (makers + [Pod.resource] + rest + customs).flatMap { resource -> [Change] in
            [.deleteAll(resource, namespace: name), .requireEmpty(resource, namespace: name)]
        }
        namespace.specFinalizers.removeAll { $0 == Self.finalizer }
        changes.append(.updateSubresource(Namespace.resource, namespace.object, "finalize"))
        return Reconciliation(changes)
    }
}
