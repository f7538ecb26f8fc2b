package import APIMachinery
package import KubeClient

/// An object with those it owns below it.
package struct OwnershipNode: Sendable {
    /// Which object.
    package var target: ObjectTarget
    /// How it is.
    package var state: ObjectState
    /// What it owns.
    package var children: [OwnershipNode]
}

/// Who owns an object and what it owns, by `metadata.ownerReferences`.
package struct OwnershipTree: Sendable {
    /// The topmost owners, each with everything below; the object itself is among them or below.
    package var roots: [OwnershipNode]
    /// Owners that references name but that are gone.
    package var missing: [String]
    /// What could not be read.
    package var unread: [String]

    private static let maximumDepth = 16
    private static let maximumNodes = 2000

    /// Reads the tree an object is in. Throws NotFound when it is gone.
    package static func read(_ target: ObjectTarget, _ kinds: ServedKinds, _ client: KubeClient) async throws(APIStatus) -> OwnershipTree {
        let object = try await target.read(client)
        let index = await ObjectIndex.read(kinds, namespace: target.namespace, client)
        var missing: [String] = []
        var top: [ObjectTarget: KubeObject] = [:]
        var seen: Set<String> = [object.uid]
        var climbing = [(target: ObjectTarget(object, resource: target.resource, kind: target.kind), object: object)]
        while let (current, object) = climbing.popLast() {
            var hasOwner = false
            for owner in object.ownerReferences {
                guard let kind = kinds.kind(apiVersion: owner.apiVersion, owner.kind) else {
                    missing.append("\(owner.kind) \(owner.name): the server has no such kind")
                    continue
                }
                let above = ObjectTarget(
                    kind.resource, kind: owner.kind, namespace: kind.isNamespaced ? object.namespace : nil, name: owner.name, uid: owner.uid)
                hasOwner = true
                guard seen.insert(owner.uid).inserted, seen.count < maximumDepth else { continue }
                do throws(APIStatus) {
                    climbing.append((above, try await above.read(client)))
                } catch {
                    missing.append("\(owner.kind) \(owner.name): \(error.code == 404 ? "is gone" : error.message)")
                    top[current] = object
                }
            }
            if !hasOwner { top[current] = object }
        }
        // Owners in a ring have no top.
        if top.isEmpty { top[ObjectTarget(object, resource: target.resource, kind: target.kind)] = object }
        var count = 0
        let roots = top.sorted { $0.key.text < $1.key.text }.map { node($0.key, $0.value, index, &count) }
        return OwnershipTree(
            roots: roots, missing: missing.sorted(), unread: count >= maximumNodes ? index.unread + ["only \(count) objects are shown"] : index.unread)
    }

    private static func node(_ target: ObjectTarget, _ object: KubeObject, _ index: ObjectIndex, _ count: inout Int) -> OwnershipNode {
        var path: Set<String> = []
        return OwnershipNode(target: target, state: ObjectState(object), children: children(of: object.uid, index, &path, &count))
    }

    /// References may form a ring; the path keeps it from being walked for ever.
    private static func children(of uid: String, _ index: ObjectIndex, _ path: inout Set<String>, _ count: inout Int) -> [OwnershipNode] {
        guard path.count < maximumDepth, path.insert(uid).inserted else { return [] }
        defer { path.remove(uid) }
        var nodes: [OwnershipNode] = []
        for entry in index.owned(by: uid) {
            guard count < maximumNodes else { break }
            count += 1
            nodes.append(
                OwnershipNode(
                    target: entry.target, state: entry.state, children: entry.target.uid.map { children(of: $0, index, &path, &count) } ?? []))
        }
        return nodes
    }
}
