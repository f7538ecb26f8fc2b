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
        // What begins to wait for something belongs to the conditions.
        guard isGone || object.isBeingDeleted, let namespace = object.namespace else { return [] }
        let key = ObjectName(Namespace.resource, namespace: nil, name: namespace)
        return caches.get(key)?.isBeingDeleted ?? false ? [key] : []
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key), object.isBeingDeleted else { return Reconciliation() }
        var namespace = Namespace(object)
        guard namespace.specFinalizers.contains(Self.finalizer) else { return Reconciliation() }
        let name = key.name
        let cached = rest.filter { $0.resource != "events" } + caches.customKinds.filter(\.isNamespaced).map(\.resource)
        // What cannot be deleted must not keep everything else.
        let isFailing = NamespaceConditions.isFailing(namespace.status.conditions)
        var conditions = NamespaceConditions()
        var deletions: [Change] = []
        for stage in [makers, [Pod.resource], cached] {
            for resource in stage {
                let objects = caches.all(resource, namespace: name)
                let waiting = objects.filter(\.isBeingDeleted)
                conditions.count(waiting, of: resource)
                if waiting.count < objects.count { deletions.append(.deleteAll(resource, namespace: name)) }
            }
            // What is left of a stage goes with its grace period or finalizers, and does not keep the next stage up.
            guard deletions.isEmpty || isFailing else { break }
        }
        // With nothing left to see the server is asked, which is a try as well.
        let isTrying = !deletions.isEmpty || conditions.remaining.isEmpty
        let told = conditions.updated(namespace.status.conditions, isTrying: isTrying, now: now)
        if told != namespace.status.conditions {
            namespace.status.conditions = told
            deletions.append(.updateSubresource(Namespace.resource, namespace.object, "status"))
        }
        // Whatever changes brings this key back: objects that go, and the conditions themselves.
        guard deletions.isEmpty, conditions.remaining.isEmpty else { return Reconciliation(deletions) }
        let all = makers + [Pod.resource] + rest + caches.customKinds.filter(\.isNamespaced).map(\.resource)
        var changes: [Change] = all.map { .deleteAll($0, namespace: name) } + all.map { .requireEmpty($0, namespace: name) }
        namespace.specFinalizers.removeAll { $0 == Self.finalizer }
        changes.append(.updateSubresource(Namespace.resource, namespace.object, "finalize"))
        return Reconciliation(changes)
    }

    /// Says in the conditions what could not be deleted; a kind that is gone is nothing to delete.
    package func report(_ failures: [APIStatus], of key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        let failures = failures.filter { $0.reason != .notFound && $0.reason != .conflict }
        guard !failures.isEmpty, let object = caches.get(key), object.isBeingDeleted else { return Reconciliation() }
        var namespace = Namespace(object)
        let told = NamespaceConditions.failing(namespace.status.conditions, failures, now: now)
        guard told != namespace.status.conditions else { return Reconciliation() }
        namespace.status.conditions = told
        return Reconciliation([.updateSubresource(Namespace.resource, namespace.object, "status")])
    }
}
