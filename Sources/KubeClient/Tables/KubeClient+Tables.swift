package import APIMachinery
import JSONCore

/// How much of each object comes with a row of a server's table.
package enum TableObjects: String, Sendable, Hashable {
    /// Its metadata.
    case metadata = "Metadata"
    /// All of it.
    case whole = "Object"
}

extension KubeClient {
    private static let tableForm = "application/json;as=Table;v=v1;g=meta.k8s.io"

    /// Reads a collection as the server's table of it; `extra` goes into the query. Throws 406 where the server makes none.
    package func listTable(
        _ resource: GroupVersionResource, namespace: String?, _ options: ListOptions = ListOptions(), objects: TableObjects = .metadata,
        extra: [QueryItem] = []
    ) async throws(APIStatus) -> ServerTable {
        var request = request(
            .get, resource, namespace, nil, nil, query: options.query + extra + [QueryItem("includeObject", objects.rawValue)])
        request.accept = Self.tableForm
        let answer = try await call(request)
        guard let table = ServerTable(answer) else {
            throw APIStatus.internalError("the server answered \(request.path) with a \(answer["kind"]?.stringValue ?? "text") where a Table was asked for")
        }
        return table
    }

    /// Watches a collection as tables of one row, from a revision on; read the events with ``ServerTableEvent``.
    package func watchTable(
        _ resource: GroupVersionResource, namespace: String?, from resourceVersion: String, labels: LabelSelector = .everything,
        fields: FieldSelector = .everything, objects: TableObjects = .metadata, timeoutSeconds: Int? = nil
    ) async throws(APIStatus) -> WatchStream {
        var query = ListOptions(labels: labels, fields: fields, resourceVersion: resourceVersion).query
        query += [QueryItem("watch", "true"), QueryItem("allowWatchBookmarks", "true"), QueryItem("includeObject", objects.rawValue)]
        if let timeoutSeconds { query.append(QueryItem("timeoutSeconds", String(timeoutSeconds))) }
        var request = request(.get, resource, namespace, nil, nil, query: query)
        request.accept = Self.tableForm
        return WatchStream(try await rawStream(request))
    }
}
