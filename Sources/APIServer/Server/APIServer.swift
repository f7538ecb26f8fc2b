package import APIMachinery
internal import JSONCore
package import KubeClient
package import LinuxKernel
internal import Logging
internal import NIOCore
internal import NIOPosix
package import ObjectStore
internal import Synchronization

/// The API server: everything between a request and the store, reachable by TLS and, for clients in this process, by function call.
package final class APIServer: RequestPipeline, Sendable {
    private struct State {
        var pki: ClusterPKI?
        var listener: Listener?
        var ports: [Int] = []
        var renewal: Scheduled<Void>?
    }

    let core: ServerCore
    private let extensions: [any ExtensionEndpoint]
    private let documents: ServerDocuments
    private let state = Mutex(State())

    /// A server over a store; nothing listens and nothing is written before ``start()``.
    package init(
        configuration: APIServerConfiguration, store: ObjectStore, nodes: NodeDirectory, extensions: [any ExtensionEndpoint] = []
    ) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.eventLoops))
        core = ServerCore(configuration: configuration, store: store, nodes: nodes, group: group)
        self.extensions = extensions
        documents = ServerDocuments(configuration)
    }

    /// The certificates, once ``start()`` has loaded them.
    package var pki: ClusterPKI? { state.withLock { $0.pki } }

    /// The ports listened on, in the order of the configuration.
    package var boundPorts: [Int] { state.withLock { $0.ports } }

    /// Has `relief` called when a burst of work is over, before memory is given back to the system: it drops what can be made again.
    package func onQuiet(_ relief: @escaping @Sendable () -> Void) { core.freed.onQuiet(relief) }

    /// Has that done once the work that goes on now is over, however little it was: what a start needed.
    package func giveBackWhenQuiet() { core.freed.ask() }

    /// Writes what a new cluster starts with; harmless when it is there. In-process clients may be used afterwards.
    /// Throws an `APIStatus` when the store cannot be written or the authority's certificate cannot be read.
    package func bootstrap() async throws(APIStatus) {
        let authority: String?
        do throws(PKIError) { authority = try pki?.authorityPEM() } catch { throw .internalError("\(error)") }
        try await Bootstrap.run(core, authority: authority)
        let definitions = DefinitionKeeper(core)
        let own = BootstrapKeeper(core, authority: authority)
        core.tasks.perform { await definitions.run() }
        core.tasks.perform { await own.run() }
        let schemas = FlowSchemaKeeper(core)
        core.tasks.perform { await schemas.run() }
        let ranges = ServiceRangeKeeper(core)
        core.tasks.perform { await ranges.run() }
        core.health.started()
    }

    /// Loads or makes the certificates, bootstraps and listens. Throws `PKIError`, `APIStatus` or NIO's error for a busy port.
    package func start() async throws {
        let configuration = core.configuration
        let pki = try ClusterPKI.loadOrCreate(
            directory: configuration.pkiDirectory, time: configuration.time,
            names: .standard(hostName: configuration.hostName, serviceAddress: configuration.serviceAddress))
        let listener = Listener(
            group: core.group, tls: try pki.makeTLSContext(), freed: core.freed, openFiles: OwnProcess.openFilesLimit)
        state.withLock { state in
            state.pki = pki
            state.listener = listener
        }
        try await bootstrap()
        for listen in configuration.listen { try await add(listen) }
        scheduleRenewal()
    }

    /// Listens on one more address, for example the service address once the node's link exists, in this process's network or another.
    /// Returns the port.
    @discardableResult
    package func add(_ listen: APIServerConfiguration.Listen, in network: NetworkNamespace? = nil) async throws -> Int {
        guard let listener = state.withLock({ $0.listener }) else {
            throw APIStatus.serviceUnavailable("the API server has not been started")
        }
        let port: Int
        do {
            port = try await listener.bind(address: listen.address, port: listen.port, in: network, service: self)
        } catch let error as IOError {
            throw SystemError(call: "bind", errno: error.errnoCode, arguments: "\(listen.address):\(listen.port)")
        }
        state.withLock { $0.ports.append(port) }
        core.logger.info("listening", metadata: ["address": "\(listen.address)", "port": "\(port)"])
        return port
    }

    /// Stops listening, closes every connection and ends what still runs. The store stays open.
    package func stop() async {
        core.health.stopping()
        core.freed.stop()
        let (listener, renewal) = state.withLock { ($0.listener, $0.renewal) }
        renewal?.cancel()
        await listener?.stop()
        core.tasks.stop()
        core.audit?.flush()
        do {
            try await core.group.shutdownGracefully()
        } catch {
            core.logger.warning("stopping the event loops failed", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Certificates

    /// Looks at the certificates again when the next one is due, at the latest in a week, as the wall clock may have been moved.
    private func scheduleRenewal() {
        guard let pki else { return }
        let left = pki.nextRenewal - core.time.now()
        let wait = min(max(left, .seconds(60)), .seconds(7 * 86400))
        let scheduled = core.group.any().scheduleTask(in: TimeAmount(wait)) { [weak self] () -> Void in self?.renew() }
        state.withLock { $0.renewal = scheduled }
    }

    private func renew() {
        guard let pki, let listener = state.withLock({ $0.listener }) else { return }
        do throws(PKIError) {
            if try pki.renewIfDue() {
                listener.reload(try pki.makeTLSContext())
                core.logger.info("certificates renewed", metadata: ["expiry": "\(pki.servingExpiry.rfc3339)"])
            }
        } catch {
            core.logger.error("certificates cannot be renewed", metadata: ["error": "\(error)"])
        }
        scheduleRenewal()
    }

    // MARK: RequestPipeline

    package func handle(_ request: APIRequest, as user: UserInfo, reply: @escaping @Sendable (APIResponse) -> Void) {
        answer(request, user, body: nil, reply)
    }

    /// Routes an observed request; what admission may wait for is handled on a thread that may block.
    private func answer(
        _ request: APIRequest, _ user: UserInfo, body: (any ByteSource)?, _ reply: @escaping @Sendable (APIResponse) -> Void
    ) {
        let observer = RequestObserver(core, request, user)
        let registry = core.registry
        let encoded: @Sendable (APIResponse) -> Void = { reply(DocumentEncoding.encoded(observer.answered($0), for: request, registry)) }
        let isPretty = PrettyForm.isWanted(request)
        let observed: @Sendable (APIResponse) -> Void = { if isPretty { PrettyForm.reply($0, to: request, encoded) } else { encoded($0) } }
        let work: @Sendable () -> Void = { [self] in
            do throws(APIStatus) {
                try route(request, user, body: body, observer, observed)
            } catch {
                observed(ResponseMaking.status(error, warnings: observer.notes.get()))
            }
        }
        guard request.method != .get, case .resource(let path)? = observer.target,
            core.admission.waits(group: path.group, resource: path.resource, subresource: path.subresource)
        else { return work() }
        NIOThreadPool.singleton.submit { _ in work() }
    }

    private func route(
        _ request: APIRequest, _ caller: UserInfo, body: (any ByteSource)?, _ observer: RequestObserver,
        _ reply: @escaping @Sendable (APIResponse) -> Void
    ) throws(APIStatus) {
        guard let target = observer.target else { throw .badRequest("the request path is malformed: \(request.path.prefix(200))") }
        try RequestTimeout.check(request, observer.kind)
        let user = try impersonated(request, caller, observer.notes)
        try core.authorizer.check(AccessAttributes(target, request), user: user)
        observer.notes.isAuthorized = true
        switch target {
        case .resource(let path):
            guard let endpoint = try core.endpoint(path) else {
                let groupVersion = GroupVersion(group: path.group, version: path.version)
                throw .unserved(groupVersion, resource: path.resource, try core.customs.current().registry)
            }
            guard request.method != .options else {
                throw endpoint.custom == nil ? .methodNotAllowed : .methodNotAllowed(endpoint.descriptor.groupResource, "")
            }
            if let refusal = endpoint.custom?.refusal { throw refusal }
            let deprecation = endpoint.custom?.warning ?? DeprecatedKinds.warning(endpoint.descriptor)
            let context = RequestContext(
                core: core, request: request, path: path, user: user, endpoint: endpoint, now: core.time.now(),
                reply: deprecation.map { WarningHeader.adding($0, to: reply) } ?? reply,
                notes: observer.notes)
            try ResourceRouter.run(context, verb: path.verb(request))
        case .other(let segments):
            let path = "/\(segments.joined(separator: "/"))"
            if let endpoint = extensionEndpoint(path) { return run(endpoint, request, body, user, reply) }
            if HealthChecks.serves(segments) { return reply(try core.health.answer(request, segments, core)) }
            switch path {
            case "/metrics": reply(try MetricsEndpoint.answer(core))
            case "/openid/v1/jwks", "/.well-known/openid-configuration": reply(try TokenDocuments.answer(path, core))
            default: reply(try documents.answer(request, segments, core))
            }
        }
    }

    /// Whom a request is made as; the audit log is told when it is not who sent it.
    func impersonated(_ request: APIRequest, _ caller: UserInfo, _ notes: WarningBox) throws(APIStatus) -> UserInfo {
        guard request.headers.contains(where: { $0.0.hasPrefix("impersonate-") }) else { return caller }
        let user = try Impersonation.user(request, as: caller, core.authorizer)
        notes.impersonated = user
        return user
    }

    private func extensionEndpoint(_ path: String) -> (any ExtensionEndpoint)? {
        extensions.filter { path == $0.path || path.hasPrefix("\($0.path)/") }.max { $0.path.utf8.count < $1.path.utf8.count }
    }

    private func run(
        _ endpoint: any ExtensionEndpoint, _ request: APIRequest, _ body: (any ByteSource)?, _ user: UserInfo,
        _ reply: @escaping @Sendable (APIResponse) -> Void
    ) {
        let source: any ByteSource = body ?? ByteChannel(request.body)
        core.tasks.perform {
            do throws(APIStatus) {
                reply(try await endpoint.handle(request, body: source, as: user))
            } catch {
                reply(ResponseMaking.status(error))
            }
        }
    }
}

extension APIServer: HTTPService {
    var traffic: TrafficMetrics { core.traffic }

    func authenticate(_ head: HTTPRequestHead, certificate: CertificateIdentity?) -> Result<UserInfo, APIStatus> {
        Authenticator(tokens: core.tokens).user(head, certificate: certificate)
    }

    func unauthenticated(_ head: HTTPRequestHead, peer: String, _ status: APIStatus) -> APIResponse {
        guard case .success(let request) = RequestAssembly.request(head, body: [], peer: peer) else { return ResponseMaking.status(status) }
        return RequestObserver(core, request, nil).unauthenticated(status, Authenticator.methods(head))
    }

    func allows(_ request: APIRequest, as user: UserInfo) -> Bool {
        guard let segments = request.pathSegments else { return false }
        do throws(APIStatus) {
            try core.authorizer.check(AccessAttributes(RequestPath(segments), request), user: user)
            return true
        } catch {
            return false
        }
    }

    func takesStreamedBody(path: String) -> Bool { path.hasPrefix("/kdash/v1/") }

    func handleStreamed(
        _ request: APIRequest, body: any ByteSource, as user: UserInfo, reply: @escaping @Sendable (APIResponse) -> Void
    ) {
        answer(request, user, body: body, reply)
    }

    func perform(_ work: @escaping @Sendable () async -> Void) { core.tasks.perform(work) }

    func offload<Result: Sendable>(_ work: @escaping @Sendable () -> Result, then: @escaping @Sendable (Result) -> Void) {
        NIOThreadPool.singleton.submit { state in
            guard case .active = state else { return }
            then(work())
        }
    }
}
