import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// What a server's OpenAPI v3 documents say of its kinds. Documents are read when a text names their group version, and again only when the
/// server gives them another hash; all of it happens off the main actor.
actor ServerSchemas {
    /// The largest document that is read. Core of a large cluster has some 3 MiB.
    private static let mostBytes = 32 << 20
    private static let mostDocuments = 128
    /// How old the list of documents may be, and how old where it lacks what is looked for.
    private static let indexLife = Duration.seconds(30)
    private static let indexLifeWhenMissing = Duration.seconds(3)

    private struct Document {
        let url: String
        let resources: [ResourceDescriptor]
    }

    private var index: [GroupVersion: String] = [:]
    private var indexTime: Duration?
    private var documents: [GroupVersion: Document] = [:]
    private var registry = builtinSchemas

    /// The kinds known with the documents of some group versions; what cannot be read stays as it was. `isOwn`: the built-in kinds are
    /// exactly those of the server, and only others are asked for.
    func load(_ wanted: Set<GroupVersion>, _ client: KubeClient, isOwn: Bool, now: Duration) async -> SchemaRegistry {
        let needed = wanted.filter { groupVersion in
            !isOwn || !builtinSchemas.groups.contains { $0.name == groupVersion.group && $0.versions.contains(groupVersion.version) }
        }
        guard !needed.isEmpty else { return registry }
        await refreshIndex(client, now: now, lacks: needed.contains { index[$0] == nil })
        var hasChanged = forgetRemoved()
        for groupVersion in needed.sorted(by: { $0.apiVersion < $1.apiVersion }) {
            guard let url = index[groupVersion], documents[groupVersion]?.url != url else { continue }
            guard let document = await fetch(url, groupVersion, client) else { continue }
            if documents.count >= Self.mostDocuments, documents[groupVersion] == nil { documents.removeAll() }
            documents[groupVersion] = document
            hasChanged = true
        }
        if hasChanged {
            registry = SchemaRegistry(
                builtinSchemas, adding: documents.sorted { $0.key.apiVersion < $1.key.apiVersion }.flatMap(\.value.resources))
        }
        return registry
    }

    /// Every group version that the server describes and that is not built in.
    func customGroupVersions(_ client: KubeClient, now: Duration) async -> Set<GroupVersion> {
        await refreshIndex(client, now: now, lacks: true)
        let groups = Set(builtinSchemas.groups.map(\.name))
        return Set(index.keys.filter { !groups.contains($0.group) }.sorted { $0.apiVersion < $1.apiVersion }.prefix(Self.mostDocuments))
    }

    private func refreshIndex(_ client: KubeClient, now: Duration, lacks: Bool) async {
        if let indexTime, now - indexTime < (lacks ? Self.indexLifeWhenMissing : Self.indexLife) { return }
        indexTime = now
        // best effort: without it the built-in schemas answer, and the server's own checks follow.
        guard let paths = await json("/openapi/v3", query: [], client)?["paths"]?.objectValue else { return }
        index = [:]
        for member in paths {
            guard let groupVersion = Self.groupVersion(member.key), let url = member.value["serverRelativeURL"]?.stringValue,
                url.hasPrefix("/openapi/v3/")
            else { continue }
            index[groupVersion] = url
        }
    }

    /// Group versions that are served no longer. Returns whether there were any.
    private func forgetRemoved() -> Bool {
        let gone = documents.keys.filter { index[$0] == nil }
        for groupVersion in gone { documents[groupVersion] = nil }
        return !gone.isEmpty
    }

    private static func groupVersion(_ path: String) -> GroupVersion? {
        let parts = path.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("api", 2): return GroupVersion(group: "", version: parts[1])
        case ("apis", 3): return GroupVersion(group: parts[1], version: parts[2])
        default: return nil
        }
    }

    private func fetch(_ url: String, _ groupVersion: GroupVersion, _ client: KubeClient) async -> Document? {
        let parts = url.split(separator: "?", maxSplits: 1)
        let query = parts.dropFirst().flatMap { $0.split(separator: "&") }.map { item -> QueryItem in
            let pair = item.split(separator: "=", maxSplits: 1).map(String.init)
            return QueryItem(pair.first ?? "", pair.count > 1 ? pair[1] : "")
        }
        guard let document = await json(String(parts[0]), query: query, client) else { return nil }
        return Document(url: url, resources: OpenAPIReader.resources(document, groupVersion: groupVersion, known: builtinSchemas))
    }

    /// What a path answers; nil when that is no JSON or too large.
    private func json(_ path: String, query: [QueryItem], _ client: KubeClient) async -> JSONValue? {
        let request = APIRequest(.get, path: path, query: query, accept: "application/json")
        // best effort: see above.
        guard let response = try? await client.raw(request), response.status == 200, case .bytes(let bytes) = response.body,
            bytes.count <= Self.mostBytes
        else { return nil }
        return try? JSON.parse(bytes, limits: JSONLimits(maximumBytes: Self.mostBytes))
    }
}
