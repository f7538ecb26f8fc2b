internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// `/containerLogs/NAMESPACE/POD/CONTAINER` of a node's agent. Source: kubelet `pkg/kubelet/server/server.go` getContainerLogs.
enum AgentLog {
    static func answer(_ request: AgentRequest, _ target: AgentRoute.Target) async throws(APIStatus) -> APIResponse {
        var query = request.query
        // An older name of tailLines.
        if let tail = query.first(where: { $0.name == "tail" })?.value, !tail.isEmpty {
            query.removeAll { $0.name == "tailLines" }
            if tail != "all" { query.append(QueryItem("tailLines", tail)) }
        }
        let log: LogRequest
        do throws(APIStatus) {
            log = try LogSubresource.request(
                APIRequest(path: "", query: query), namespace: target.namespace, pod: target.pod, uid: "", container: target.container)
        } catch {
            let text = error.code == 422 ? "Invalid request." : "Unable to decode query."
            return AgentRequest.text(error.code, "{\"message\": \(text.goQuoted)}")
        }
        guard let pod = try AgentRequest.pod(target, node: request.node, request.core) else {
            return AgentRequest.text(404, "pod \(target.pod.goQuoted) does not exist")
        }
        guard AgentRequest.has(pod, container: target.container) else {
            return AgentRequest.text(404, "container \(target.container.goQuoted) not found in pod \(target.pod.goQuoted)")
        }
        var wanted = log
        wanted.podUID = pod.uid
        do throws(APIStatus) {
            return APIResponse(contentType: "text/plain; charset=utf-8", body: .stream(try await request.connection.logs(wanted)))
        } catch {
            return AgentRequest.text(400, error.message)
        }
    }
}
