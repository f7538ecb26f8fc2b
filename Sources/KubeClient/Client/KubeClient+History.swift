package import APIMachinery
package import LinuxKernel

extension KubeClient {
    /// Which writes of a collection a history tells.
    package enum HistoryFilter: String, Sendable { case all, changes, deletions }

    /// The kept versions of an object, newest first, also of one that was deleted; nil where the server keeps none to be asked for.
    package func history(
        of resource: GroupVersionResource, namespace: String?, name: String, limit: Int = 100, continuing token: String? = nil
    ) async throws(APIStatus) -> ObjectHistory? {
        var query = [QueryItem("kdashHistory", "revisions"), QueryItem("limit", String(limit))]
        if let token { query.append(QueryItem("continue", token)) }
        return try await history(request(.get, resource, namespace, name, nil, query: query))
    }

    /// The kept writes in a collection since a moment, newest first; nil where the server keeps none to be asked for.
    package func changes(
        of resource: GroupVersionResource, namespace: String?, since: Timestamp, _ filter: HistoryFilter = .all, limit: Int = 500,
        withObjects: Bool = true
    ) async throws(APIStatus) -> ObjectHistory? {
        let query = [
            QueryItem("kdashHistory", filter.rawValue), QueryItem("kdashSince", since.rfc3339Micro), QueryItem("limit", String(limit)),
            QueryItem("includeObject", withObjects ? "Object" : "None"),
        ]
        return try await history(request(.get, resource, namespace, nil, nil, query: query))
    }

    private func history(_ request: APIRequest) async throws(APIStatus) -> ObjectHistory? {
        do throws(APIStatus) {
            return ObjectHistory(try await call(request))
        } catch {
            // A server that does not know the question says only that the object is not there now.
            if error.code == 404 { return nil }
            throw error
        }
    }

    /// A collection as the server's table of it at a moment of the past, a revision or a time. Only for servers that
    /// know their history: others show the present.
    package func pastTable(
        _ resource: GroupVersionResource, namespace: String?, at moment: String, labels: LabelSelector = .everything, fields: FieldSelector = .everything,
        limit: Int, objects: TableObjects
    ) async throws(APIStatus) -> ServerTable {
        try await listTable(
            resource, namespace: namespace, ListOptions(labels: labels, fields: fields, limit: limit), objects: objects, extra: [QueryItem("kdashAt", moment)])
    }
}
