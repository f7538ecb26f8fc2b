internal import APIMachinery
internal import KubeClient
internal import NIOCore

/// Decides what a request to upgrade becomes.
struct UpgradeNegotiation: Sendable {
    let head: HTTPRequestHead
    let request: APIRequest
    let user: UserInfo
    /// The client's address.
    let peer: String
    /// Ends when the client has gone before the answer.
    let life: RequestLife
    let loop: any EventLoop
    let service: any HTTPService

    /// What may be upgraded.
    private enum Kind { case command, ports, proxy, document }

    private var kind: Kind {
        guard let segments = request.pathSegments, case .resource(let path) = RequestPath(segments) else { return .document }
        return switch path.subresource {
        case "exec", "attach": .command
        case "portforward": .ports
        case "proxy": proxied(path)
        default: .document
        }
    }

    /// What a node's agent opens is opened here; everything else is passed on.
    private func proxied(_ path: ResourcePath) -> Kind {
        switch AgentRoute(path, method: head.method) {
        case .exec, .attach: .command
        case .ports: .ports
        default: .proxy
        }
    }

    private var query: StreamQuery { ProxyRequest.isProxied(head.target) ? .agent : .api }

    /// Whether a head asks for an upgrade that is known here; others are ignored, as HTTP allows. What a proxied server
    /// knows is its own affair.
    static func isWanted(_ head: HTTPRequestHead) -> Bool {
        guard head.header("connection", lists: "upgrade"), let wanted = head.header("upgrade") else { return false }
        return head.header("upgrade", lists: "websocket") || wanted.lowercased() == "spdy/3.1" || ProxyRequest.isProxied(head.target)
    }

    /// Opens what the upgraded connection will carry.
    func outcome() async -> Upgrade.Outcome {
        do throws(APIStatus) {
            if kind == .proxy { return try await service.proxyUpgrade(ProxyRequest(head, peer: peer, life: life), request, as: user, on: loop) }
            return head.header("upgrade", lists: "websocket") ? try await webSocket() : try await spdy()
        } catch {
            return .response(ResponseMaking.status(error))
        }
    }

    private func values(_ name: String) -> [String] {
        head.headers.filter { $0.0 == name }.flatMap { $0.1.split(separator: ",").map { String($0.trimmingSpaces()) } }
    }

    // MARK: WebSocket

    private func webSocket() async throws(APIStatus) -> Upgrade.Outcome {
        guard let key = head.header("sec-websocket-key"), head.header("sec-websocket-version") == "13", head.method == "GET" else {
            throw .badRequest("a WebSocket handshake needs GET, Sec-WebSocket-Key and Sec-WebSocket-Version: 13")
        }
        let offered = values("sec-websocket-protocol")
        switch kind {
        case .command: return .upgrade(try await command(offered, key))
        case .ports: return .upgrade(try await ports(offered, key))
        case .document, .proxy: return try await document(offered, key)
        }
    }

    private func command(_ offered: [String], _ key: String) async throws(APIStatus) -> Upgrade {
        let chosen = try choose(offered)
        let session = try await service.connect(request, as: user)
        let (options, service) = (RemoteCommandOptions(request, query), service)
        return .webSocket(
            key: key, protocolName: offered.isEmpty ? nil : chosen.rawValue, cancel: { session.cancel() },
            make: { RemoteCommandHandler(session, options, chosen, service: service) })
    }

    private func choose(_ offered: [String]) throws(APIStatus) -> RemoteCommandProtocol {
        if let chosen = RemoteCommandProtocol.choose(offered) { return chosen }
        let known = RemoteCommandProtocol.allCases.map(\.rawValue).joined(separator: ", ")
        throw .badRequest("none of the WebSocket subprotocols \(offered.joined(separator: ", ")) is supported; supported: \(known)")
    }

    private static let tunnelled = "SPDY/3.1+\(PortForwardSPDY.version)"

    private func ports(_ offered: [String], _ key: String) async throws(APIStatus) -> Upgrade {
        let service = service
        if offered.contains(Self.tunnelled) {
            let ports = try await service.ports(request, as: user)
            return .tunnel(key: key, protocolName: Self.tunnelled) { PortForwardSPDY(ports, service: service) }
        }
        let tellsEnds = offered.contains(PortForwardWebSocket.closing)
        let chosen = offered.isEmpty || tellsEnds ? .v4 : RemoteCommandProtocol.choose(offered)
        guard let chosen, chosen == .v4 || chosen == .v4Base64 else {
            throw .badRequest(
                "none of the WebSocket subprotocols \(offered.joined(separator: ", ")) is supported; supported: \(Self.tunnelled), v4.channel.k8s.io, v4.base64.channel.k8s.io"
            )
        }
        let wanted = try PortForwardWebSocket.wanted(request, chosen, query)
        let ports = try await service.ports(request, as: user)
        let name = tellsEnds ? PortForwardWebSocket.closing : chosen.rawValue
        return .webSocket(key: key, protocolName: offered.isEmpty ? nil : name) {
            PortForwardWebSocket(ports, wanted, chosen, tellsEnds: tellsEnds, service: service)
        }
    }

    /// Anything else that answers with a stream.
    private func document(_ offered: [String], _ key: String) async throws(APIStatus) -> Upgrade.Outcome {
        let (service, request, user) = (service, request, user)
        let response = await withCheckedContinuation { continuation in
            service.handle(request, as: user) { continuation.resume(returning: $0) }
        }
        guard response.status == 200, case .stream(let source) = response.body else { return .response(response) }
        let isJSON = response.contentType.hasPrefix("application/json")
        guard let (framing, name) = WebSocketResponse.Framing.choose(offered, isJSON: isJSON) else {
            source.cancel()
            throw .badRequest(
                "none of the WebSocket subprotocols \(offered.joined(separator: ", ")) is supported; supported: binary.k8s.io, base64.binary.k8s.io")
        }
        return .upgrade(.webSocket(key: key, protocolName: name, cancel: { source.cancel() }, make: { WebSocketResponse(source, framing) }))
    }

    // MARK: SPDY

    private func spdy() async throws(APIStatus) -> Upgrade.Outcome {
        let offered = values("x-stream-protocol-version")
        let service = service
        switch kind {
        case .command:
            let known = RemoteCommandProtocol.overSPDY
            // A client that offers none speaks the first version. Source: apimachinery `pkg/util/httpstream/httpstream.go` Handshake.
            let chosen = offered.isEmpty ? .v1 : offered.lazy.compactMap { name in known.first { $0.rawValue == name } }.first
            guard let chosen else { return refusal(offered, known.map(\.rawValue)) }
            let session = try await service.connect(request, as: user)
            let options = RemoteCommandOptions(request, query)
            return .upgrade(
                .spdy(
                    version: offered.isEmpty ? nil : chosen.rawValue, cancel: { session.cancel() },
                    make: { RemoteCommandSPDY(session, options, chosen, service: service) }))
        case .ports:
            guard offered.isEmpty || offered.contains(PortForwardSPDY.version) else { return refusal(offered, [PortForwardSPDY.version]) }
            let ports = try await service.ports(request, as: user)
            return .upgrade(.spdy(version: offered.isEmpty ? nil : PortForwardSPDY.version) { PortForwardSPDY(ports, service: service) })
        case .document, .proxy: throw .badRequest("only exec, attach and portforward speak SPDY")
        }
    }

    private func refusal(_ offered: [String], _ known: [String]) -> Upgrade.Outcome {
        let status = APIStatus(
            code: 403, reason: .forbidden,
            message:
                "unable to upgrade: unable to negotiate protocol: client supports [\(offered.joined(separator: " "))], server accepts [\(known.joined(separator: " "))]"
        )
        var response = ResponseMaking.status(status)
        response.headers += known.map { ("x-accepted-stream-protocol-versions", $0) }
        return .response(response)
    }
}
