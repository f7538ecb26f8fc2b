import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// What the editor knows of the clusters it writes for: their kinds, and the names of their objects. What was learned last answers at once.
@MainActor final class EditorKnowledge {
    private struct Names {
        let time: Duration
        let names: [String]
    }

    private struct NameKey: Hashable {
        let context: String
        let reference: ObjectReference
        let namespace: String?
    }

    private static let nameLife = Duration.seconds(10)
    private nonisolated static let mostNames = 500
    private static let mostNameLists = 64

    private var servers: [String: ServerSchemas] = [:]
    private var registries: [String: SchemaRegistry] = [:]
    private var names: [NameKey: Names] = [:]

    /// The kinds of a context as far as they are known.
    func schemas(_ context: String) -> SchemaRegistry { registries[context] ?? builtinSchemas }

    /// The kinds of a context, with those of the group versions that a text names.
    func load(_ wanted: Set<GroupVersion>, _ cluster: ConnectedCluster, now: Duration) async -> SchemaRegistry {
        let server = server(cluster.contextName)
        let registry = await server.load(wanted, cluster.client, isOwn: cluster.isEmbedded, now: now)
        registries[cluster.contextName] = registry
        return registry
    }

    /// The kinds of a context, with all that are not built in.
    func loadCustom(_ cluster: ConnectedCluster, now: Duration) async -> SchemaRegistry {
        await load(await server(cluster.contextName).customGroupVersions(cluster.client, now: now), cluster, now: now)
    }

    private func server(_ context: String) -> ServerSchemas {
        if let server = servers[context] { return server }
        let server = ServerSchemas()
        servers[context] = server
        return server
    }

    /// The names of objects, sorted, at most 500; only their metadata is asked for.
    func names(_ reference: ObjectReference, namespace: String, _ cluster: ConnectedCluster, now: Duration) async -> [String] {
        let key = NameKey(context: cluster.contextName, reference: reference, namespace: reference.isNamespaced ? namespace : nil)
        if let known = names[key], now - known.time < Self.nameLife { return known.names }
        let found = await Self.list(reference.resource, key.namespace, cluster.client)
        if names.count >= Self.mostNameLists { names.removeAll() }
        names[key] = Names(time: now, names: found)
        return found
    }

    @concurrent nonisolated private static func list(_ resource: GroupVersionResource, _ namespace: String?, _ client: KubeClient) async -> [String] {
        let request = APIRequest(
            .get, path: ResourcePath.path(resource, namespace: namespace), query: [QueryItem("limit", String(mostNames))],
            accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json")
        // best effort: without names the schema alone completes.
        guard let response = try? await client.raw(request), response.status == 200, case .bytes(let bytes) = response.body,
            let list = try? JSON.parse(bytes, limits: JSONLimits(maximumBytes: 16 << 20))
        else { return [] }
        return (list["items"]?.arrayValue ?? []).prefix(mostNames).compactMap { $0["metadata", "name"]?.stringValue }.sorted()
    }
}
