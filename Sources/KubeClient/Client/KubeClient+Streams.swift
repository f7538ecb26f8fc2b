package import APIMachinery

extension KubeClient {
    /// Watches a collection from a revision on; nil starts with the present objects as additions. The server ends a watch after
    /// `timeoutSeconds`, or when it pleases.
    package func watch(
        _ resource: GroupVersionResource, namespace: String?, from resourceVersion: String? = nil, labels: LabelSelector = .everything,
        fields: FieldSelector = .everything, timeoutSeconds: Int? = nil
    ) async throws(APIStatus) -> WatchStream {
        var query = ListOptions(labels: labels, fields: fields, resourceVersion: resourceVersion).query
        query.append(QueryItem("watch", "true"))
        query.append(QueryItem("allowWatchBookmarks", "true"))
        if let timeoutSeconds { query.append(QueryItem("timeoutSeconds", String(timeoutSeconds))) }
        var request = request(.get, resource, namespace, nil, nil, query: query)
        request.accept = "application/json"
        return WatchStream(try await rawStream(request))
    }

    /// A container's log as it arrives.
    package func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource {
        try await rawStream(
            self.request(.get, .pods, request.namespace, request.pod, "log", query: request.query))
    }

    /// Runs a program in a container.
    package func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession {
        var call = self.request(.get, .pods, request.namespace, request.pod, "exec", query: request.query)
        call.isLook = request.isLook
        return try await rawConnect(call)
    }

    /// Joins the streams of a container's main process.
    package func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession {
        try await rawConnect(self.request(.get, .pods, request.namespace, request.pod, "attach", query: request.query))
    }
}

extension GroupVersionResource {
    fileprivate static let pods = GroupVersionResource(group: "", version: "v1", resource: "pods")
}
