package import APIMachinery
package import KubeClient
internal import NIOCore

/// What needs more than one answer: sessions, forwarded ports, proxied requests.
extension APIServer {
    /// Who asks for a stream, and of what. Throws Forbidden.
    private func admit(_ request: APIRequest, as caller: UserInfo) throws(APIStatus) -> ResourcePath {
        guard let segments = request.pathSegments else { throw .badRequest("the request path is malformed: \(request.path.prefix(200))") }
        guard case .resource(let path) = RequestPath(segments), let subresource = path.subresource,
            ConnectSubresource.names.contains(subresource) || subresource == "proxy"
        else { throw .badRequest("only exec, attach, portforward and proxy open a connection") }
        let user = try Impersonation.user(request, as: caller, core.authorizer)
        try core.authorizer.check(AccessAttributes(path, verb: path.verb(request)), user: user)
        // A WebSocket is opened by GET and does what POST does. Source: `pkg/registry/core/pod/rest/subresources.go`.
        if subresource != "proxy", request.method == .get { try core.authorizer.check(AccessAttributes(path, verb: "create"), user: user) }
        return path
    }

    package func connect(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> any StreamSession {
        try await ConnectSubresource.open(request, try admit(request, as: user), core)
    }

    func ports(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> PodPorts {
        try ConnectSubresource.ports(try admit(request, as: user), core)
    }

    func proxy(
        _ proxied: ProxyRequest, _ request: APIRequest, body: any ByteSource, as user: UserInfo,
        reply: @escaping @Sendable (APIResponse) -> Void
    ) {
        core.tasks.perform { [self] in
            do throws(APIStatus) {
                reply(try await ProxySubresource.run(proxied, try admit(request, as: user), body: body, core))
            } catch {
                reply(ResponseMaking.status(error))
            }
        }
    }

    func proxyUpgrade(
        _ proxied: ProxyRequest, _ request: APIRequest, as user: UserInfo, on loop: any EventLoop
    ) async throws(APIStatus) -> Upgrade.Outcome {
        .upgrade(try await ProxySubresource.upgrade(proxied, try admit(request, as: user), on: loop, core))
    }
}
