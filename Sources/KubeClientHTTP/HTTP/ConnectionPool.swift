import APIMachinery
import Glibc
import KubeClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Connections to one server: free ones are kept for the next request.
final class ConnectionPool: Sendable {
    private struct State {
        var free: [Connection] = []
        var isClosed = false
    }

    /// How many free connections are kept.
    static let maximumFree = 8

    let address: ServerAddress
    private let tlsName: String?
    private let group: any EventLoopGroup
    private let connectTimeout: TimeAmount
    private let state = Mutex(State())

    init(address: ServerAddress, tlsServerName: String?, group: any EventLoopGroup, connectTimeout: TimeAmount) {
        self.address = address
        self.group = group
        self.connectTimeout = connectTimeout
        let name = tlsServerName ?? address.host
        // An address is checked against the certificate's addresses, and never sent as a name.
        tlsName = (try? SocketAddress(ipAddress: name, port: 0)) == nil ? name : nil
    }

    /// A connection that was used before and is still open.
    func takeFree() -> Connection? {
        state.withLock { state in
            while let connection = state.free.popLast() {
                if connection.channel.isActive { return connection }
            }
            return nil
        }
    }

    /// A new connection. Throws why there is none.
    func connect(_ tls: NIOSSLContext?) async throws(APIStatus) -> Connection {
        do {
            return try await bootstrap.connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.addTLS(tls, to: channel)
                    let handler = ExchangeHandler(server: self.address.url) { [weak self] connection in self?.put(connection) }
                    let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)
                    try channel.pipeline.syncOperations.addHandlers([HTTPRequestEncoder(), ByteToMessageHandler(decoder)])
                    try channel.pipeline.syncOperations.addHandler(NIOHTTPRequestHeadersValidator())
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return Connection(channel: channel, handler: handler)
                }
            }
        } catch {
            throw TransportFailure.status(error, server: address.url)
        }
    }

    var bootstrap: ClientBootstrap {
        let plain = ClientBootstrap(group: group)
            .connectTimeout(connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
        return Self.keepAlive.reduce(plain) { $0.channelOption(.tcpOption($1.option), value: $1.value) }
    }

    /// A watch may be silent for minutes, so only the kernel can tell a server that has gone from one that has nothing to say: after 30
    /// seconds of silence it asks three times, 10 seconds apart. Its defaults are two hours.
    static let keepAlive: [(option: NIOBSDSocket.Option, value: Int)] = [
        (NIOBSDSocket.Option(rawValue: TCP_KEEPIDLE), 30), (NIOBSDSocket.Option(rawValue: TCP_KEEPINTVL), 10),
        (NIOBSDSocket.Option(rawValue: TCP_KEEPCNT), 3),
    ]

    /// Called on the channel's event loop.
    func addTLS(_ tls: NIOSSLContext?, to channel: any Channel) throws {
        guard let tls else { return }
        try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: tlsName))
    }

    /// Closes the free connections, and every other as soon as it is free.
    func close() {
        let free = state.withLock { state in
            state.isClosed = true
            defer { state.free = [] }
            return state.free
        }
        for connection in free { connection.channel.close(promise: nil) }
    }

    private func put(_ connection: Connection) {
        let surplus = state.withLock { state -> Connection? in
            if state.isClosed { return connection }
            state.free.append(connection)
            return state.free.count > Self.maximumFree ? state.free.removeFirst() : nil
        }
        surplus?.channel.close(promise: nil)
    }
}
