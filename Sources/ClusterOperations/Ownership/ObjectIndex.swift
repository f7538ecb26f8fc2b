package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas

/// The objects of one namespace, or of the whole cluster, that may own or be owned: with their states where the kind tells one.
package struct ObjectIndex: Sendable {
    /// One of them.
    package struct Entry: Sendable {
        /// Which it is.
        package var target: ObjectTarget
        /// Who owns it.
        package var owners: [OwnerReference]
        /// How it is.
        package var state: ObjectState
        /// What keeps it from being removed.
        package var finalizers: [String]
    }

    /// The most objects of one kind that are read.
    package static let maximumPerKind = 20_000

    /// All of them.
    package private(set) var entries: [Entry] = []
    /// What could not be read, and what was read only in part.
    package private(set) var unread: [String] = []
    private var byOwner: [String: [Int]] = [:]

    /// Kinds that tell a state are read whole, of the others only the metadata; events own nothing and are owned by nothing.
    package static func read(
        _ kinds: ServedKinds, namespace: String?, _ client: KubeClient
    ) async -> ObjectIndex {
        let wanted = kinds.kinds.filter { kind in
            kind.verbs.contains("list") && kind.resource.resource != "events" && kind.resource.group != "metrics.k8s.io"
                && (namespace == nil || kind.isNamespaced)
        }
        var index = ObjectIndex()
        await withTaskGroup(of: (ServedKind, [Entry], String?).self) { group in
            var waiting = wanted[...]
            // A few at a time: a server is not to be flooded.
            for _ in 0..<8 { if let kind = waiting.popFirst() { group.addTask { await list(kind, namespace, client) } } }
            while let (_, entries, trouble) = await group.next() {
                index.entries += entries
                if let trouble { index.unread.append(trouble) }
                if let kind = waiting.popFirst() { group.addTask { await list(kind, namespace, client) } }
            }
        }
        index.entries.sort { ($0.target.kind, $0.target.namespace ?? "", $0.target.name) < ($1.target.kind, $1.target.namespace ?? "", $1.target.name) }
        index.unread.sort()
        for (place, entry) in index.entries.enumerated() {
            for uid in Set(entry.owners.map(\.uid)) { index.byOwner[uid, default: []].append(place) }
        }
        return index
    }

    private static func list(_ kind: ServedKind, _ namespace: String?, _ client: KubeClient) async -> (ServedKind, [Entry], String?) {
        let isWhole = ["", "apps", "batch"].contains(kind.resource.group) && !["secrets", "configmaps"].contains(kind.resource.resource)
        var entries: [Entry] = []
        var options = ListOptions(limit: 500)
        do throws(APIStatus) {
            repeat {
                let page =
                    try await isWhole
                    ? client.list(kind.resource, namespace: namespace, options) : client.listMetadata(kind.resource, namespace: namespace, options)
                entries += page.items.map { object in
                    var target = ObjectTarget(object, resource: kind.resource)
                    target.kind = kind.kind
                    var state = ObjectState("", .unknown)
                    if isWhole {
                        var typed = object
                        typed.setType(GroupVersionKind(kind.resource.groupVersion, kind: kind.kind))
                        state = ObjectState(typed)
                    } else if object.isBeingDeleted {
                        state = ObjectState("Terminating", .warning)
                    }
                    return Entry(target: target, owners: object.ownerReferences, state: state, finalizers: object.finalizers)
                }
                options.continueToken = page.continueToken
            } while options.continueToken != nil && entries.count < maximumPerKind
        } catch {
            return (kind, entries, error.code == 405 || error.code == 404 ? nil : "\(kind.resource.resource): \(error.message)")
        }
        let isCut = options.continueToken != nil
        return (kind, entries, isCut ? "\(kind.resource.resource): only the first \(entries.count) were read" : nil)
    }

    /// What an object owns directly.
    package func owned(by uid: String) -> [Entry] { (byOwner[uid] ?? []).map { entries[$0] } }

    /// Everything that goes when an object goes: what it owns, directly or not, unless somebody else owns it too.
    package func dependents(of uid: String) -> [Entry] {
        var found: [Entry] = []
        var gone: Set<String> = [uid]
        var queue = [uid]
        while let next = queue.popLast() {
            for entry in owned(by: next) {
                guard let child = entry.target.uid, !gone.contains(child), entry.owners.allSatisfy({ gone.contains($0.uid) }) else { continue }
                gone.insert(child)
                queue.append(child)
                found.append(entry)
            }
        }
        return found
    }
}

extension KubeClient {
    /// A page of a collection with nothing but the metadata of its objects, where the server can leave the rest out.
    func listMetadata(_ resource: GroupVersionResource, namespace: String?, _ options: ListOptions) async throws(APIStatus) -> ObjectList {
        var query: [QueryItem] = []
        if let limit = options.limit { query.append(QueryItem("limit", "\(limit)")) }
        if let token = options.continueToken { query.append(QueryItem("continue", token)) }
        let list = try await json(
            APIRequest(
                path: ResourcePath.path(resource, namespace: namespace), query: query,
                accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"))
        let token = list["metadata", "continue"]?.stringValue
        return ObjectList(
            items: (list["items"]?.arrayValue ?? []).map { KubeObject($0) }, resourceVersion: "",
            continueToken: token?.isEmpty == true ? nil : token)
    }

    /// Sends any request and reads the answer as JSON. Throws a refusal, or that it is no JSON.
    func json(_ request: APIRequest) async throws(APIStatus) -> JSONValue {
        let response = try await raw(request)
        if let failure = try await response.failure(method: request.method.rawValue) { throw failure }
        guard case .bytes(let bytes) = response.body, let value = try? JSON.parse(bytes, limits: .unlimitedSize) else {
            throw APIStatus.internalError("\(transport.serverDescription) answered \(request.path) with something that is no JSON")
        }
        return value
    }
}
