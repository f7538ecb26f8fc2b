internal import APIMachinery
internal import KubeClient
internal import NIOCore

/// `pods/proxy`, `services/proxy` and `nodes/proxy`: hands a request on and brings the answer back.
enum ProxySubresource {
    /// A whole request of a client in this process, authorized already.
    static func run(_ context: RequestContext) {
        context.core.tasks.perform {
            do throws(APIStatus) {
                try await ConnectAdmission.check(
                    context.request, context.path, context.endpoint, user: context.user, context.notes, context.core)
                let body = ByteChannel(context.request.body)
                context.reply(try await run(ProxyRequest(context.request), context.path, body: body, context.core))
            } catch {
                context.reply(ResponseMaking.status(error))
            }
        }
    }

    /// The answer of the server behind. Throws when there is none. Source: apimachinery `pkg/util/proxy/upgradeaware.go`.
    static func run(_ request: ProxyRequest, _ path: ResourcePath, body: any ByteSource, _ core: ServerCore)
        async throws(APIStatus) -> APIResponse
    {
        let target: ProxyTarget
        do throws(APIStatus) {
            target = try ProxyTarget.resolve(path, core)
        } catch {
            body.cancel()
            throw error
        }
        if request.path.isEmpty, request.method == "GET" || request.method == "HEAD" {
            body.cancel()
            // Links of the page at / are relative to a folder.
            let location = "\(request.prefix)/\(request.query.map { "?\($0)" } ?? "")"
            return APIResponse(status: 301, contentType: "", headers: [("location", location)], body: .bytes([]))
        }
        switch target {
        case .agent(let node, let connection):
            body.cancel()
            guard let query = QueryItem.parse(request.query ?? "") else { throw .badRequest("the query is malformed: \((request.query ?? "").prefix(200))") }
            return try await AgentRequest(
                method: request.method, path: path.rest, query: query, life: request.life, node: node, connection: connection, core: core
            ).answer()
        case .address(let host, let port, let isTLS):
            let connector = ProxyConnector(loop: core.group.any(), host: host, port: port, isTLS: isTLS, network: core.nodes.network)
            return try await ProxyExchange.run(request, body: body, to: connector) { core.tasks.perform($0) }
        }
    }

    /// A connection that the server behind has agreed to upgrade, or its refusal.
    static func upgrade(_ request: ProxyRequest, _ path: ResourcePath, on loop: any EventLoop, _ core: ServerCore)
        async throws(APIStatus) -> (upgrade: Upgrade, channel: any Channel)
    {
        guard case .address(let host, let port, let isTLS) = try ProxyTarget.resolve(path, core) else {
            throw .badRequest("the node's agent has nothing to upgrade to")
        }
        return try await ProxyUpgrade.open(request, to: ProxyConnector(loop: loop, host: host, port: port, isTLS: isTLS, network: core.nodes.network))
    }
}
