import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

/// Reads the metadata of everything worth following, of pods all, since only their status tells of restarts, in a namespace, or in the whole cluster.
struct ChangeScan: Sendable {
    /// What one look found.
    struct Look: Sendable {
        var objects: [(KubeObject, GroupVersionResource)] = []
        /// The events since the moment that was asked for.
        var events: [Event] = []
        var gaps: [String] = []
        /// The kinds that were read whole: what is missing of them is gone.
        var complete: Set<GroupVersionResource> = []
    }

    /// Objects that come and go by the minute without anybody wanting to know.
    private static let noise: Set = ["events", "leases", "endpoints", "endpointslices", "controllerrevisions", "componentstatuses"]
    /// The most objects of a kind, and the most kinds that custom resources add.
    private static let limit = 500
    private static let customLimit = 50
    private static let metadata = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"

    let client: KubeClient
    /// The namespace; nil for everything, cluster-scoped kinds too.
    let namespace: String?

    /// Looks once; of kinds that the user may not read it is told how many there are. `start`: since when events are told.
    @concurrent func look(since start: Timestamp) async -> Look {
        var look = Look()
        var forbidden: [String] = []
        do throws(APIStatus) {
            look.events = try await EventLookup(client: client, namespace: namespace).since(start)
        } catch {
            if [401, 403].contains(error.code) { forbidden.append("events") } else { look.gaps.append("events: \(error.message)") }
        }
        let kinds = await kinds(Self.noise)
        await withTaskGroup(of: (GroupVersionResource, Result<[KubeObject], APIStatus>, Bool).self) { group in
            var rest = kinds[...]
            func next() {
                guard let (resource, kind) = rest.popFirst() else { return }
                group.addTask { await list(resource, kind) }
            }
            // A few at a time: an open view must not crowd out what the user does.
            for _ in 0..<4 { next() }
            while let (resource, result, isWhole) = await group.next() {
                next()
                switch result {
                case .success(let objects):
                    look.objects += objects.map { ($0, resource) }
                    if isWhole { look.complete.insert(resource) } else { look.gaps.append("only the first \(Self.limit) \(resource.resource) were read") }
                case .failure(let status) where [401, 403].contains(status.code): forbidden.append(resource.resource)
                case .failure(let status):
                    if ![404, 405].contains(status.code) { look.gaps.append("\(resource.resource): \(status.message)") }
                }
            }
        }
        look.gaps.sort()
        if !forbidden.isEmpty {
            let names = forbidden.sorted().prefix(3).joined(separator: ", ") + (forbidden.count > 3 ? ", …" : "")
            look.gaps.insert(forbidden.count == 1 ? "\(names) may not be read" : "\(forbidden.count) kinds may not be read: \(names)", at: 0)
        }
        return look
    }

    /// What was deleted since a moment, as the cluster itself remembers it; nothing where it does not.
    @concurrent func deletions(since: Timestamp) async -> [RecentChanges.Deletion] {
        await withTaskGroup(of: [RecentChanges.Deletion].self) { group in
            var rest = await kinds(Self.noise.subtracting(["pods"]))[...]
            func next() {
                guard let (resource, kind) = rest.popFirst() else { return }
                group.addTask {
                    // best effort: of kinds that the user may not read nothing is told.
                    let history = try? await client.changes(
                        of: resource, namespace: namespace, since: since, .deletions, limit: Self.limit, withObjects: false)
                    return (history?.versions ?? []).map { version in
                        RecentChanges.Deletion(
                            at: version.time,
                            object: RecentChanges.Seen(
                                kind: kind, namespace: version.namespace, name: version.name, uid: version.uid, resource: resource),
                            by: version.shortUser)
                    }
                }
            }
            for _ in 0..<4 { next() }
            var found: [RecentChanges.Deletion] = []
            while let some = await group.next() {
                next()
                found += some
            }
            return found
        }
    }

    /// The most objects whose kept versions are asked for at once.
    private static let asked = 40

    /// What writes changed, as the cluster itself remembers it, by ``RecentChanges/Change/key``; empty for those that it does not keep any more.
    @concurrent func differences(of changes: [RecentChanges.Change]) async -> [String: String] {
        var found: [String: String] = [:]
        for (uid, ofOne) in Dictionary(grouping: changes, by: \.uid).prefix(Self.asked) {
            guard let first = ofOne.first, let resource = first.resource else { continue }
            // best effort: what is not told is said by what its writer wrote.
            let history = try? await client.history(of: resource, namespace: first.namespace, name: first.name)
            for change in ofOne {
                found[change.key] = ""
                // The write is that which brought its writer's entry with this time.
                for version in history?.versions ?? [] where version.uid == uid && version.what == .changed && Self.tells(version.object, change) {
                    guard let before = history?.versions.first(where: { $0.revision == version.previous })?.object, !Self.tells(before, change) else {
                        continue
                    }
                    found[change.key] = RevisionText.summary(version, before: before)
                }
            }
        }
        return found
    }

    /// Whether an object's managedFields have the write.
    private static func tells(_ object: KubeObject?, _ change: RecentChanges.Change) -> Bool {
        object?.array("metadata", "managedFields").contains { entry in
            entry["manager"]?.stringValue == change.by && entry["time"]?.stringValue.flatMap { Timestamp(rfc3339: $0) } == change.at
        } == true
    }

    private func kinds(_ noise: Set<String>) async -> [(GroupVersionResource, String)] {
        let builtin = builtinSchemas.resources.filter { descriptor in
            descriptor.verbs.contains("list") && descriptor.verbs.contains("watch") && !noise.contains(descriptor.plural)
                && (namespace == nil || descriptor.isNamespaced) && isPreferred(descriptor)
        }.map { ($0.gvr, $0.kind) }
        return builtin + (await custom())
    }

    private func isPreferred(_ descriptor: ResourceDescriptor) -> Bool {
        builtinSchemas.resource(descriptor.groupResource)?.version == descriptor.version
    }

    private func custom() async -> [(GroupVersionResource, String)] {
        let definitions = GroupVersionResource(group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions")
        // best effort: who may not read definitions sees the built-in kinds.
        guard let list = try? await client.list(definitions, namespace: nil, ListOptions(limit: Self.customLimit)) else { return [] }
        return list.items.compactMap { definition in
            guard let group = definition.string("spec", "group"), let plural = definition.string("spec", "names", "plural"),
                namespace == nil || definition.string("spec", "scope") == "Namespaced",
                let version = definition.array("spec", "versions").first(where: { $0["served"]?.boolValue == true })?["name"]?.stringValue
            else { return nil }
            return (GroupVersionResource(group: group, version: version, resource: plural), definition.string("spec", "names", "kind") ?? plural)
        }
    }

    private func list(_ resource: GroupVersionResource, _ kind: String) async -> (GroupVersionResource, Result<[KubeObject], APIStatus>, Bool) {
        let request = APIRequest(
            path: ResourcePath.path(resource, namespace: namespace), query: [QueryItem("limit", String(Self.limit))],
            accept: kind == "Pod" ? nil : Self.metadata)
        do throws(APIStatus) {
            let response = try await client.raw(request)
            if let failure = try await response.failure() { throw failure }
            guard case .bytes(let bytes) = response.body, let list = try? JSON.parse(bytes, limits: .unlimitedSize) else {
                throw .internalError("the list of \(resource.resource) is no JSON")
            }
            let objects = (list["items"]?.arrayValue ?? []).map { item in
                var object = KubeObject(item)
                object["kind"] = .string(kind)
                return object
            }
            return (resource, .success(objects), list["metadata", "continue"]?.stringValue?.isEmpty ?? true)
        } catch {
            return (resource, .failure(error), false)
        }
    }
}
