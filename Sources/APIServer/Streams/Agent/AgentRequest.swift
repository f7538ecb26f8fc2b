internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// A request for the agent of one node, reached through `nodes/NAME/proxy`, and its answer as a kubelet gives it.
struct AgentRequest: Sendable {
    let method: String
    /// Decoded, without what led to the agent.
    let path: [String]
    let query: [QueryItem]
    /// Ends when nobody waits for the answer any more.
    let life: RequestLife
    let node: String
    let connection: any NodeConnection
    let core: ServerCore

    /// The answer. Throws what the store says.
    func answer() async throws(APIStatus) -> APIResponse {
        switch AgentRoute(method, path) {
        case .health: return ResponseMaking.text("ok")
        case .pods: return ResponseMaking.json(AgentDocuments.list(try pods()))
        case .runningPods: return ResponseMaking.json(AgentDocuments.running(try pods(), await connection.stats()))
        case .summary: return ResponseMaking.json(AgentDocuments.summary(await connection.stats(), storage: await connection.storage()))
        case .settings: return ResponseMaking.json(AgentDocuments.settings(try core.object("nodes", namespace: nil, name: node)))
        case .metrics(let kind): return try await metrics(kind)
        case .log(let target): return try await AgentLog.answer(self, target)
        case .run(let target): return try await AgentCommand.answer(self, target)
        case .exec, .attach, .ports: return Self.text(500, "Upgrade request required\n")
        case .refused(let refusal):
            var response = Self.text(refusal.status, refusal.text)
            if let allowed = refusal.allowed { response.headers.append(("allow", allowed)) }
            return response
        }
    }

    /// What a kubelet says in words.
    static func text(_ status: Int, _ text: String) -> APIResponse { ResponseMaking.text(text, status: status) }

    /// The pods of the node.
    func pods() throws(APIStatus) -> [KubeObject] {
        try core.objects("pods").filter { $0.string("spec", "nodeName") == node }
    }

    /// The pod that a path names, when it is this node's.
    static func pod(_ target: AgentRoute.Target, node: String, _ core: ServerCore) throws(APIStatus) -> KubeObject? {
        let pod = try core.object("pods", namespace: target.namespace, name: target.pod)
        return pod?.string("spec", "nodeName") == node ? pod : nil
    }

    /// Whether a pod has a container of this name.
    static func has(_ pod: KubeObject, container: String) -> Bool {
        ["containers", "initContainers", "ephemeralContainers"].contains { field in
            pod.array("spec", field).contains { $0["name"]?.stringValue == container }
        }
    }

    private func metrics(_ kind: AgentRoute.Metrics) async throws(APIStatus) -> APIResponse {
        let text =
            switch kind {
            case .agent: AgentMetrics.agent(await connection.stats(), core.configuration)
            case .resource: AgentMetrics.resource(await connection.stats(), try pods())
            case .cadvisor: AgentMetrics.cadvisor(await connection.stats(), try pods(), try core.object("nodes", namespace: nil, name: node))
            case .probes: AgentMetrics.probes(await connection.probeCounts())
            }
        return APIResponse(contentType: MetricsText.contentType, body: .bytes(text.bytes))
    }
}
