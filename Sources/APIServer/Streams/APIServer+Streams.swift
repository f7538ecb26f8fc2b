package import APIMachinery
package import KubeClient
internal import NIOCore
internal import NIOPosix

/// What needs more than one answer: sessions, forwarded ports, proxied requests.
extension APIServer {
    /// Who asks for a stream, and of what. Throws Forbidden and what admission says.
    private func admit(
        _ request: APIRequest, as caller: UserInfo, _ observer: RequestObserver
    ) async throws(APIStatus) -> ResourcePath {
        guard let segments = request.pathSegments else { throw .badRequest("the request path is malformed: \(request.path.prefix(200))") }
        guard case .resource(let path) = RequestPath(segments), let subresource = path.subresource,
            ConnectSubresource.names.contains(subresource) || subresource == "proxy"
        else { throw .badRequest("only exec, attach, portforward and proxy open a connection") }
        let user = try impersonated(request, caller, observer.notes)
        try core.authorizer.check(AccessAttributes(path, verb: path.verb(request)), user: user)
        // A WebSocket is opened by GET and does what POST does. Source: `pkg/registry/core/pod/rest/subresources.go`.
        if subresource != "proxy", request.method == .get { try core.authorizer.check(AccessAttributes(path, verb: "create"), user: user) }
        observer.notes.isAuthorized = true
        guard let endpoint = core.endpoints[path.group, path.version, path.resource] else { return path }
        try await ConnectAdmission.check(request, path, endpoint, user: user, observer.notes, core)
        return path
    }

    /// Opens something that is counted as one request. `use` gets what was opened and the notice to give when it is over.
    private func opening<Opened: Sendable, Used>(
        _ request: APIRequest, as caller: UserInfo, _ open: (ResourcePath) async throws(APIStatus) -> Opened,
        _ use: (Opened, EndNotice) -> Used
    ) async throws(APIStatus) -> Used {
        let observer = RequestObserver(core, request, caller)
        do throws(APIStatus) {
            let opened = try await open(try await admit(request, as: caller, observer))
            return use(opened, observer.upgraded())
        } catch {
            observer.refused(error)
            throw error
        }
    }

    package func connect(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> any StreamSession {
        try await opening(request, as: user) { (path) async throws(APIStatus) in
            try await ConnectSubresource.open(request, path, core)
        } _: {
            EndingSession($0, $1)
        }
    }

    func ports(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> PodPorts {
        try await opening(request, as: user) { (path) async throws(APIStatus) in
            try ConnectSubresource.ports(request, path, core)
        } _: { ports, end in
            var ports = ports
            ports.end = end
            return ports
        }
    }

    func proxy(
        _ proxied: ProxyRequest, _ request: APIRequest, body: any ByteSource, as user: UserInfo,
        reply: @escaping @Sendable (APIResponse) -> Void
    ) {
        core.tasks.perform { [self] in
            let observer = RequestObserver(core, request, user)
            do throws(APIStatus) {
                let path = try await admit(request, as: user, observer)
                reply(observer.answered(try await ProxySubresource.run(proxied, path, body: body, core)))
            } catch {
                reply(observer.answered(ResponseMaking.status(error)))
            }
        }
    }

    func proxyUpgrade(
        _ proxied: ProxyRequest, _ request: APIRequest, as user: UserInfo, on loop: any EventLoop
    ) async throws(APIStatus) -> Upgrade.Outcome {
        .upgrade(
            try await opening(request, as: user) { (path) async throws(APIStatus) in
                try await ProxySubresource.upgrade(proxied, path, on: loop, core)
            } _: { opened, end in
                opened.channel.closeFuture.whenComplete { _ in end.give() }
                return opened.upgrade
            })
    }
}
