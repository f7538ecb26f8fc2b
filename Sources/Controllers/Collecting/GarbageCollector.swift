package import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
package import LinuxKernel

/// Deletes what no living owner holds, and carries out the two other ways of deletion: foreground waits for dependents, orphan
/// leaves them behind.
package struct GarbageCollector: Controller {
    static let foreground = "foregroundDeletion"
    static let orphan = "orphan"

    private let resources: [GroupVersionResource]
    private let byKind: [GroupVersionKind: (resource: GroupVersionResource, isNamespaced: Bool)]

    /// A collector over all resources that can be listed and deleted. Events own nothing and have no owners.
    package init(_ registry: SchemaRegistry) {
        let served = registry.resources.filter { $0.verbs.isSuperset(of: ["list", "watch", "delete"]) && $0.plural != "events" }
        resources = served.map(\.gvr)
        byKind = Dictionary(served.map { ($0.gvk, ($0.gvr, $0.isNamespaced)) }) { first, _ in first }
    }

    package var name: String { "generic-garbage-collector" }
    package var watched: [GroupVersionResource] { resources }
    package var watchesCustomResources: Bool { true }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if isGone {
            return dependents(of: object.uid, caches).map { ObjectName($0.resource, $0.object) } + waitingOwners(of: object, caches)
        }
        let concerns = !object.ownerReferences.isEmpty || (object.isBeingDeleted && !object.finalizers.isEmpty)
        return concerns ? [ObjectName(resource, object)] : []
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let object = caches.get(key) else { return Reconciliation() }
        if object.isBeingDeleted {
            if object.finalizers.contains(Self.orphan) { return abandon(key, object, caches) }
            if object.finalizers.contains(Self.foreground) { return drain(key, object, caches) }
            return Reconciliation()
        }
        return judge(key, object, caches)
    }

    // MARK: - An owner that goes

    /// Cuts the ties of all dependents, then lets the owner go.
    private func abandon(_ key: ObjectName, _ owner: KubeObject, _ caches: any Caches) -> Reconciliation {
        let ties = dependents(of: owner.uid, caches).map { dependent in
            Self.cut([owner.uid], of: dependent.object, at: ObjectName(dependent.resource, dependent.object), caches)
        }
        return Reconciliation(ties + [Self.drop(Self.orphan, of: owner, at: key)])
    }

    /// Deletes the dependents; the owner goes when none is left that blocks it.
    private func drain(_ key: ObjectName, _ owner: KubeObject, _ caches: any Caches) -> Reconciliation {
        let dependents = dependents(of: owner.uid, caches)
        let isBlocked = dependents.contains { dependent in
            dependent.object.ownerReferences.contains { $0.uid == owner.uid && $0.blockOwnerDeletion == true }
        }
        guard isBlocked else { return Reconciliation([Self.drop(Self.foreground, of: owner, at: key)]) }
        return Reconciliation(
            dependents.filter { !$0.object.isBeingDeleted }.flatMap { dependent in
                judge(ObjectName(dependent.resource, dependent.object), dependent.object, caches).changes
            })
    }

    // MARK: - An object with owners

    private func judge(_ key: ObjectName, _ object: KubeObject, _ caches: any Caches) -> Reconciliation {
        var absent: [OwnerReference] = []
        var absentNames: [ObjectName] = []
        var leaving: [OwnerReference] = []
        var hasOwner = false
        for reference in object.ownerReferences {
            guard let name = ownerName(reference, of: object, caches) else {
                // A kind that is not served here cannot be judged; it holds what it owns.
                hasOwner = true
                continue
            }
            guard let owner = caches.get(name), owner.uid == reference.uid else {
                absent.append(reference)
                absentNames.append(name)
                continue
            }
            if owner.isBeingDeleted, owner.finalizers.contains(Self.foreground) {
                leaving.append(reference)
            } else {
                hasOwner = true
            }
        }
        guard !absent.isEmpty || !leaving.isEmpty else { return Reconciliation() }
        // The cache of the owner's kind may be behind that of the dependent's: only the server's word counts.
        let proof = zip(absentNames, absent).map { Change.requireAbsent($0, uid: $1.uid) }
        if hasOwner { return Reconciliation(proof + [Self.cut((absent + leaving).map(\.uid), of: object, at: key, caches)]) }
        let hasDependents = !leaving.isEmpty && !dependents(of: object.uid, caches).isEmpty
        return Reconciliation(
            proof + [.delete(key, uid: object.uid, hasDependents ? .foreground : Self.propagation(of: object), reporter: nil)])
    }

    private func ownerName(_ reference: OwnerReference, of object: KubeObject, _ caches: any Caches) -> ObjectName? {
        guard let version = GroupVersion(apiVersion: reference.apiVersion) else { return nil }
        if let owner = byKind[GroupVersionKind(version, kind: reference.kind)] {
            return ObjectName(owner.resource, namespace: owner.isNamespaced ? object.namespace : nil, name: reference.name)
        }
        // An owner may be named in any of its versions; it is the same object in all of them.
        let custom = caches.customKinds.first { $0.resource.group == version.group && $0.kind == reference.kind }
        guard let custom else { return nil }
        return ObjectName(custom.resource, namespace: custom.isNamespaced ? object.namespace : nil, name: reference.name)
    }

    private func dependents(of uid: String, _ caches: any Caches) -> [(resource: GroupVersionResource, object: KubeObject)] {
        (resources + caches.customKinds.map(\.resource)).flatMap { resource in caches.owned(by: uid, resource).map { (resource, $0) } }
    }

    private func waitingOwners(of object: KubeObject, _ caches: any Caches) -> [ObjectName] {
        object.ownerReferences.compactMap { reference in
            guard let name = ownerName(reference, of: object, caches), caches.get(name)?.isBeingDeleted ?? false else { return nil }
            return name
        }
    }

    private static func propagation(of object: KubeObject) -> DeleteOptions.Propagation {
        if object.finalizers.contains(orphan) { return .orphan }
        return object.finalizers.contains(foreground) ? .foreground : .background
    }

    private static func cut(_ uids: [String], of object: KubeObject, at name: ObjectName, _ caches: any Caches) -> Change {
        if caches.customKinds.contains(where: { $0.resource == name.resource }) {
            // Custom resources have no strategic merge: the whole list, for exactly this version of the object.
            let rest = object.ownerReferences.filter { !uids.contains($0.uid) }.map(\.value)
            return .patch(
                name, .merge,
                [
                    "metadata": [
                        "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion),
                        "ownerReferences": rest.isEmpty ? .null : .array(rest),
                    ]
                ])
        }
        let removals = uids.map { JSONValue.object(["$patch": "delete", "uid": .string($0)]) }
        return .patch(
            name, .strategicMerge, ["metadata": ["uid": .string(object.uid), "ownerReferences": .array(removals)]])
    }

    private static func drop(_ finalizer: String, of object: KubeObject, at name: ObjectName) -> Change {
        let rest = object.finalizers.filter { $0 != finalizer }.map { JSONValue.string($0) }
        return .patch(
            name, .merge,
            [
                "metadata": [
                    "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion), "finalizers": .array(rest),
                ]
            ])
    }
}
