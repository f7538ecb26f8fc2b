internal import APIMachinery
internal import Glibc
internal import LinuxKernel
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Connects to what a request is proxied to.
struct ProxyConnector: Sendable {
    /// How long a connection may take to stand.
    static let patience: TimeAmount = .seconds(10)

    let loop: any EventLoop
    let host: String
    let port: Int
    let isTLS: Bool
    /// Where it is connected from; nil is this process's own network.
    var network: NetworkNamespace?

    /// A channel whose handlers `configure` has added behind TLS. Throws ServiceUnavailable in the API server's words.
    func connect(_ configure: @escaping @Sendable (any Channel) throws -> Void) async throws(APIStatus) -> any Channel {
        do {
            let tls = isTLS ? try Self.unverified() : nil
            let bootstrap = ClientBootstrap(group: loop)
                .connectTimeout(Self.patience)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let tls { try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: nil)) }
                        try configure(channel)
                    }
                }
            guard let network, let address = IPv4Address(host) else {
                return try await bootstrap.connect(to: try SocketAddress(ipAddress: host, port: port)).get()
            }
            let socket = try await network.dial(address, port: UInt16(clamping: port), within: .nanoseconds(Self.patience.nanoseconds))
            return try await bootstrap.withConnectedSocket(socket.release()).get()
        } catch {
            throw Self.failure("dial tcp \(host.contains(":") ? "[\(host)]" : host):\(port): \(Self.words(error))")
        }
    }

    /// Source: apimachinery `pkg/util/proxy/transport.go` RoundTrip.
    static func failure(_ why: String) -> APIStatus { .serviceUnavailable("error trying to reach service: \(why)") }

    private static func words(_ error: any Error) -> String {
        if let error = error as? IOError { return "connect: \(words(error.errnoCode))" }
        if let error = error as? SystemError { return error.errno == ETIMEDOUT ? "i/o timeout" : "connect: \(words(error.errno))" }
        if case .connectTimeout = error as? ChannelError { return "i/o timeout" }
        return "\(error)"
    }

    private static func words(_ number: CInt) -> String {
        switch number {
        case ECONNREFUSED: "connection refused"
        case EHOSTUNREACH: "no route to host"
        case ENETUNREACH: "network is unreachable"
        case ETIMEDOUT: "connection timed out"
        default: "error \(number)"
        }
    }

    /// Pods have certificates of their own making. Source: `pkg/registry/core/rest/storage_core.go`, its proxy transport.
    private static func unverified() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }
}
