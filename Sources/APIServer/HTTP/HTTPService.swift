internal import APIMachinery
internal import KubeClient
internal import LinuxKernel
internal import NIOCore

/// What a connection needs from the server behind it.
protocol HTTPService: AnyObject, Sendable {
    /// Who sends a request: by bearer token, else by the client certificate of the connection, else nobody.
    func authenticate(_ head: HTTPRequestHead, certificate: CertificateIdentity?) -> Result<UserInfo, APIStatus>

    /// Answers a request whose credentials are not believed.
    func unauthenticated(_ head: HTTPRequestHead, peer: String, _ status: APIStatus) -> APIResponse

    /// Whether a user may do what a request asks, which its head says.
    func allows(_ request: APIRequest, as user: UserInfo) -> Bool

    /// Answers a complete request; `reply` is called once, here or later on any thread.
    func handle(_ request: APIRequest, as user: UserInfo, reply: @escaping @Sendable (APIResponse) -> Void)

    /// Opens an exec or attach session.
    func connect(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> any StreamSession

    /// The ports of a pod that a user may forward.
    func ports(_ request: APIRequest, as user: UserInfo) async throws(APIStatus) -> PodPorts

    /// Hands a request on to a pod, service or node; its body may still be arriving.
    func proxy(
        _ proxied: ProxyRequest, _ request: APIRequest, body: any ByteSource, as user: UserInfo,
        reply: @escaping @Sendable (APIResponse) -> Void)

    /// Hands a request to upgrade on; the connection to the server behind belongs to `loop`.
    func proxyUpgrade(
        _ proxied: ProxyRequest, _ request: APIRequest, as user: UserInfo, on loop: any EventLoop
    ) async throws(APIStatus) -> Upgrade.Outcome

    /// Whether requests below this path take their body as a stream, of any length.
    func takesStreamedBody(path: String) -> Bool

    /// Answers a request whose body is still arriving.
    func handleStreamed(
        _ request: APIRequest, body: any ByteSource, as user: UserInfo, reply: @escaping @Sendable (APIResponse) -> Void)

    /// Where connections and requests are counted.
    var traffic: TrafficMetrics { get }

    /// Runs work that waits, as part of the server's own tree of tasks.
    func perform(_ work: @escaping @Sendable () async -> Void)

    /// Runs work that would hold up an event loop for milliseconds, and calls `then` with its result on a thread of the pool.
    func offload<Result: Sendable>(_ work: @escaping @Sendable () -> Result, then: @escaping @Sendable (Result) -> Void)
}

/// The subject of a verified client certificate.
struct CertificateIdentity: Sendable, Hashable {
    /// CN.
    var commonName: String
    /// Every O.
    var organizations: [String]
    /// SHA-256 of the whole certificate, in hexadecimal; empty for a subject without one.
    var fingerprint = ""
}
