package import APIMachinery
import JSONCore

extension KubeClient {
    /// The instances of a container of which the node keeps the log, the newest first; nil where the server does not tell.
    package func logInstances(of request: LogRequest) async throws(APIStatus) -> [LogInstance]? {
        let pods = GroupVersionResource(group: "", version: "v1", resource: "pods")
        var query = [QueryItem("container", request.container), QueryItem("instances", "true"), QueryItem("tailLines", "0")]
        if request.isDeleted { query.append(QueryItem("podUID", request.podUID)) }
        let path = ResourcePath.path(pods, namespace: request.namespace, name: request.pod, subresource: "log")
        let response = try await raw(APIRequest(path: path, query: query))
        if let failure = try await response.failure() { throw failure }
        let bytes: [UInt8]
        switch response.body {
        case .bytes(let all): bytes = all
        // A server that does not know the question sends a log without a line.
        case .stream(let source): bytes = try await source.collect(limit: 1 << 20)
        }
        guard let value = try? JSON.parse(bytes), value["kind"] == "LogInstanceList" else { return nil }  // best effort: it is no list
        return (value["items"]?.arrayValue ?? []).compactMap { LogInstance($0) }.sorted { $0.number > $1.number }
    }
}
