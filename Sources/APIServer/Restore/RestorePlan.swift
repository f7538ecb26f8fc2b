internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import KubeSchemas
internal import LinuxKernel
internal import ObjectStore

/// What of a graph that was deleted comes back, each object decoded, admitted and checked as a new one, with references to its owners' new uids.
struct RestorePlan: Sendable {
    /// One object that comes back.
    struct Item: Sendable {
        /// Its uid before.
        let old: String
        let kind: String
        /// As it is to be stored.
        let object: KubeObject
        let context: RequestContext
        var writeContext: WriteContext
        var key: ObjectKey { context.endpoint.key(namespace: context.path.namespace, name: object.name) }
    }

    /// One object that does not.
    struct Left: Sendable {
        let kind: String
        let namespace: String?
        let name: String
        let reason: String
        /// Whether somebody makes another one anyway.
        var isMadeAnew = false
    }

    /// What comes back, the deleted object first.
    private(set) var items: [Item] = []
    private(set) var left: [Left] = []
    private let context: RequestContext
    private let isDryRun: Bool
    private let kinds: ServedKinds
    private var uids: [String: String] = [:]
    private var staged: [ObjectKey: KubeObject] = [:]

    /// Decides about every object. With `chosen` exactly those of these old uids come back, or none: then what is in their way is thrown.
    init(_ graph: GoneGraph, chosen: Set<String>?, isDryRun: Bool, _ context: RequestContext) throws(APIStatus) {
        self.context = context
        self.isDryRun = isDryRun
        kinds = try context.core.customs.current()
        let members = try choose(graph, chosen)
        uids = Dictionary(members.map { ($0.object.uid, SecureRandom.uuidV4()) }, uniquingKeysWith: { first, _ in first })
        // What admission looks for in the others is prepared before them; owners were decided on already.
        for member in Self.inOrder(members) {
            do throws(APIStatus) {
                let item = try StagedObjects.with(staged) { () throws(APIStatus) in try prepare(member) }
                staged[item.key] = item.object
                items.append(item)
            } catch {
                guard chosen == nil, member.object.uid != graph.root.object.uid else { throw error }
                leave(member.object, error.message)
            }
        }
        if chosen == nil { leaveOrphans(root: graph.root.object.uid) }
        if let index = items.firstIndex(where: { $0.old == graph.root.object.uid }) { items.insert(items.remove(at: index), at: 0) }
    }

    // MARK: - Choosing

    private mutating func choose(_ graph: GoneGraph, _ chosen: Set<String>?) throws(APIStatus) -> [GoneGraph.Member] {
        var members = [graph.root]
        var known: Set<String> = [graph.root.object.uid]
        for member in graph.others where chosen?.contains(member.object.uid) ?? true {
            if let (reason, isMadeAnew) = try obstacle(member, known) {
                guard chosen == nil else {
                    throw .conflict(context.descriptor.groupResource, member.object.name, "\(member.object.kind) \(member.object.name) \(reason)")
                }
                leave(member.object, reason, isMadeAnew: isMadeAnew)
            } else {
                members.append(member)
                known.insert(member.object.uid)
            }
        }
        if let missing = chosen?.subtracting(known).min() {
            throw .conflict(context.descriptor.groupResource, graph.root.object.name, "nothing that went with it has uid \(missing.goQuoted)")
        }
        return members
    }

    /// Why an object does not come back with those that do, and whether somebody makes another one; nil when it can.
    private func obstacle(_ member: GoneGraph.Member, _ known: Set<String>) throws(APIStatus) -> (String, Bool)? {
        let object = member.object
        if let maker = Recreation.maker(of: object) { return ("is made anew by \(maker)", true) }
        if !object.ownerReferences.isEmpty, try !hasOwner(object, known) { return ("belonged to what does not come back", false) }
        if Recreation.hasEnded(object) { return ("had ended, and would run once more", false) }
        guard let endpoint = endpoint(of: object) else { return ("is of a kind that is not served any more", false) }
        // Who may not read it learns nothing of it by bringing it back.
        for (verb, done) in [("create", "created"), ("get", "read")] {
            let wanted = AccessAttributes(
                verb: verb, group: endpoint.descriptor.group, resource: endpoint.descriptor.plural, namespace: object.namespace ?? "")
            guard try context.core.authorizer.allows(wanted, user: context.user) else { return ("may not be \(done) by \(context.user.name.goQuoted)", false) }
        }
        if try context.core.current(member.key, endpoint) != nil { return ("is there: another one was made meanwhile", false) }
        return nil
    }

    private func hasOwner(_ object: KubeObject, _ known: Set<String>) throws(APIStatus) -> Bool {
        for owner in object.ownerReferences {
            if known.contains(owner.uid) { return true }
            if try isPresent(owner, namespace: object.namespace) { return true }
        }
        return false
    }

    private func endpoint(of object: KubeObject) -> ResourceEndpoint? {
        guard let group = GroupVersion(apiVersion: object.apiVersion),
            let descriptor = kinds.registry.resource(kind: GroupVersionKind(group, kind: object.kind))
        else { return nil }
        return context.core.endpoints[descriptor.group, descriptor.version, descriptor.plural]
            ?? kinds.endpoint(descriptor.group, descriptor.version, descriptor.plural)
    }

    private func isPresent(_ owner: OwnerReference, namespace: String?) throws(APIStatus) -> Bool {
        guard let group = GroupVersion(apiVersion: owner.apiVersion),
            let descriptor = kinds.registry.resource(kind: GroupVersionKind(group, kind: owner.kind))
        else { return false }
        let found = try context.core.lookup.get(
            group: descriptor.group, descriptor.plural, namespace: descriptor.isNamespaced ? namespace : nil, name: owner.name)
        return found?.uid == owner.uid
    }

    private mutating func leave(_ object: KubeObject, _ reason: String, isMadeAnew: Bool = false) {
        left.append(Left(kind: object.kind, namespace: object.namespace, name: object.name, reason: reason, isMadeAnew: isMadeAnew))
    }

    /// What admission refused may have been the owner of others.
    private mutating func leaveOrphans(root: String) {
        while true {
            let known = Set(items.map(\.old))
            let orphans = items.filter { item in
                item.old != root && item.object.ownerReferences.contains { uids.values.contains($0.uid) }
                    && !item.object.ownerReferences.contains { owner in uids.contains { $0.value == owner.uid && known.contains($0.key) } }
            }
            guard !orphans.isEmpty else { return }
            for orphan in orphans { leave(orphan.object, "belonged to what does not come back") }
            let gone = Set(orphans.map(\.old))
            items.removeAll { gone.contains($0.old) }
        }
    }

    // MARK: - Preparing

    /// First what admission looks for when it sees the others, pods last.
    private static func inOrder(_ members: [GoneGraph.Member]) -> [GoneGraph.Member] {
        func rank(_ kind: String) -> Int {
            switch kind {
            case "Namespace": 0
            case "ServiceAccount", "PriorityClass", "LimitRange", "StorageClass", "RuntimeClass": 1
            case "Pod": 3
            default: 2
            }
        }
        let ranks = members.map { rank($0.object.kind) }
        return members.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }.map { members[$0] }
    }

    private func prepare(_ member: GoneGraph.Member) throws(APIStatus) -> Item {
        guard let endpoint = endpoint(of: member.object) else {
            throw .badRequest("\(member.object.kind) \(member.object.name.goQuoted) is of a kind that is not served any more")
        }
        let descriptor = endpoint.descriptor
        var path = ResourcePath(group: descriptor.group, version: descriptor.version, resource: descriptor.plural)
        path.namespace = member.object.namespace
        let context = RequestContext(
            core: context.core, request: context.request, path: path, user: context.user, endpoint: endpoint, now: context.now,
            reply: context.reply, notes: context.notes)
        let write = context.writeContext(isDryRun: isDryRun)
        var object = Recreation.form(of: endpoint.conversion.map { KubeObject($0.served(member.object.value)) } ?? member.object)
        object.ownerReferences = try owners(of: member.object)
        let final = try CreateVerb.prepared(context, object, name: object.name, uid: uids[member.object.uid], write)
        try endpoint.strategy.authorize(final, old: nil, user: context.user, write)
        if isDryRun { _ = try context.core.admission.quota.reserve(final, old: nil, write) }
        return Item(old: member.object.uid, kind: member.object.kind, object: final, context: context, writeContext: write)
    }

    /// The owners that are there, or come back: those with the uids that they will have.
    private func owners(of object: KubeObject) throws(APIStatus) -> [OwnerReference] {
        var owners: [OwnerReference] = []
        for var owner in object.ownerReferences {
            if let new = uids[owner.uid] {
                owner.uid = new
            } else if try !isPresent(owner, namespace: object.namespace) {
                continue
            }
            owners.append(owner)
        }
        return owners
    }
}
