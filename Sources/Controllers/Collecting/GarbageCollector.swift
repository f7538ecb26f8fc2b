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
        let name = ObjectName(resource, object)
        let concerns = !object.ownerReferences.isEmpty || (object.isBeingDeleted && !object.finalizers.isEmpty)
        return (concerns ? [name] : []) + releasedOwners(by: object, at: name, caches)
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

    /// Deletes the dependents; the owner goes when none is left that blocks it. Owners that wait for each other in a circle block nothing.
    private func drain(_ key: ObjectName, _ owner: KubeObject, _ caches: any Caches) -> Reconciliation {
        let dependents = dependents(of: owner.uid, caches)
        guard dependents.contains(where: { Self.blocks(owner.uid, $0.object) }) else {
            return Reconciliation([Self.drop(Self.foreground, of: owner, at: key)])
        }
        return Reconciliation(
            dependents.flatMap { dependent -> [Change] in
                let name = ObjectName(dependent.resource, dependent.object)
                guard dependent.object.isBeingDeleted else { return judge(name, dependent.object, caches).changes }
                guard Self.blocks(owner.uid, dependent.object), waits(dependent.object, for: owner.uid, caches) else { return [] }
                return [Self.unblock(dependent.object, at: name, caches)]
            })
    }

    private static func blocks(_ owner: String, _ object: KubeObject) -> Bool {
        object.ownerReferences.contains { $0.uid == owner && $0.blockOwnerDeletion == true }
    }

    private static func isDraining(_ object: KubeObject) -> Bool { object.isBeingDeleted && object.finalizers.contains(foreground) }

    /// Whether an object that is being deleted in foreground waits for another one, over however many others that wait too.
    private func waits(_ object: KubeObject, for uid: String, _ caches: any Caches) -> Bool {
        guard Self.isDraining(object) else { return false }
        var seen: Set<String> = [object.uid]
        var next = [object.uid]
        while let owner = next.popLast() {
            for (_, dependent) in dependents(of: owner, caches) where Self.blocks(owner, dependent) {
                if dependent.uid == uid { return true }
                if Self.isDraining(dependent), seen.insert(dependent.uid).inserted { next.append(dependent.uid) }
            }
        }
        return false
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
            if Self.isDraining(owner) {
                leaving.append(reference)
            } else {
                hasOwner = true
            }
        }
        guard !absent.isEmpty || !leaving.isEmpty else { return Reconciliation() }
        // The cache of the owner's kind may be behind that of the dependent's: only the server's word counts.
        let proof = zip(absentNames, absent).map { Change.requireAbsent($0, uid: $1.uid) }
        if hasOwner { return Reconciliation(proof + [Self.cut((absent + leaving).map(\.uid), of: object, at: key, caches)]) }
        let waiting = leaving.isEmpty ? [] : dependents(of: object.uid, caches)
        guard !waiting.isEmpty else { return Reconciliation(proof + [.delete(key, uid: object.uid, Self.propagation(of: object), reporter: nil)]) }
        // An owner and a dependent that both wait may wait for each other: this object holds its owners up no longer.
        let isCircle = waiting.contains { Self.isDraining($0.object) } && object.ownerReferences.contains { $0.blockOwnerDeletion == true }
        let unblock = isCircle ? [Self.unblock(object, at: key, caches)] : []
        return Reconciliation(proof + unblock + [.delete(key, uid: object.uid, .foreground, reporter: nil)])
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

    /// Owners that wait and that an earlier state of an object held up, but its present one does not.
    private func releasedOwners(by object: KubeObject, at name: ObjectName, _ caches: any Caches) -> [ObjectName] {
        let blocked = object.ownerReferences.filter { $0.blockOwnerDeletion == true }
        guard !blocked.isEmpty, let current = caches.get(name), current.uid == object.uid else { return [] }
        return blocked.compactMap { reference in
            guard !Self.blocks(reference.uid, current), let owner = ownerName(reference, of: object, caches),
                caches.get(owner)?.isBeingDeleted ?? false
            else { return nil }
            return owner
        }
    }

    private static func propagation(of object: KubeObject) -> DeleteOptions.Propagation {
        if object.finalizers.contains(orphan) { return .orphan }
        return object.finalizers.contains(foreground) ? .foreground : .background
    }

    private static func cut(_ uids: [String], of object: KubeObject, at name: ObjectName, _ caches: any Caches) -> Change {
        if caches.customKinds.contains(where: { $0.resource == name.resource }) {
            return replace(object.ownerReferences.filter { !uids.contains($0.uid) }, of: object, at: name)
        }
        let removals = uids.map { JSONValue.object(["$patch": "delete", "uid": .string($0)]) }
        return .patch(
            name, .strategicMerge, ["metadata": ["uid": .string(object.uid), "ownerReferences": .array(removals)]])
    }

    /// Keeps all owners, but has none of them wait.
    private static func unblock(_ object: KubeObject, at name: ObjectName, _ caches: any Caches) -> Change {
        if caches.customKinds.contains(where: { $0.resource == name.resource }) {
            let open = object.ownerReferences.map { reference in
                var reference = reference
                reference.blockOwnerDeletion = false
                return reference
            }
            return replace(open, of: object, at: name)
        }
        let open = object.ownerReferences.map { JSONValue.object(["uid": .string($0.uid), "blockOwnerDeletion": false]) }
        return .patch(name, .strategicMerge, ["metadata": ["uid": .string(object.uid), "ownerReferences": .array(open)]])
    }

    /// Custom resources have no strategic merge: the whole list, for exactly this version of the object.
    private static func replace(_ references: [OwnerReference], of object: KubeObject, at name: ObjectName) -> Change {
        .patch(
            name, .merge,
            [
                "metadata": [
                    "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion),
                    "ownerReferences": references.isEmpty ? .null : .array(references.map(\.value)),
                ]
            ])
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
