internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The server's sockets: accepts connections, puts TLS and a `ConnectionHandler` on each.
final class Listener: Sendable {
    private struct State {
        var tls: NIOSSLContext
        var channels: [any Channel] = []
        var children: [ObjectIdentifier: any Channel] = [:]
        var loops: [ObjectIdentifier: LoopState] = [:]
        var isStopped = false
    }

    private let group: MultiThreadedEventLoopGroup
    private let state: Mutex<State>

    /// Connections beyond this are closed at once, so that a runaway client cannot use up the descriptors of the whole program.
    static let maximumConnections = 4096

    init(group: MultiThreadedEventLoopGroup, tls: NIOSSLContext) {
        self.group = group
        state = Mutex(State(tls: tls))
    }

    /// Replaces the certificate for connections from now on.
    func reload(_ tls: NIOSSLContext) { state.withLock { $0.tls = tls } }

    /// Listens on an address; port 0 takes any free one. Returns the port.
    func bind(address: String, port: Int, service: any HTTPService) async throws -> Int {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in self.adopt(channel, service) }
        let channel = try await bootstrap.bind(host: address, port: port).get()
        state.withLock { $0.channels.append(channel) }
        return channel.localAddress?.port ?? port
    }

    private func adopt(_ channel: any Channel, _ service: any HTTPService) -> EventLoopFuture<Void> {
        let id = ObjectIdentifier(channel)
        let admitted = state.withLock { state -> (NIOSSLContext, LoopState)? in
            guard state.children.count < Self.maximumConnections, !state.isStopped else { return nil }
            state.children[id] = channel
            let key = ObjectIdentifier(channel.eventLoop)
            if let loop = state.loops[key] { return (state.tls, loop) }
            let loop = LoopState(loop: channel.eventLoop)
            state.loops[key] = loop
            return (state.tls, loop)
        }
        guard let (tls, loopState) = admitted else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.children[id] = nil } }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: tls))
            try pipeline.addHandler(ConnectionHandler(service: service, loopState: loopState))
        }
    }

    /// Stops accepting, then closes every connection.
    func stop() async {
        let (channels, children) = state.withLock { state in
            state.isStopped = true
            return (state.channels, Array(state.children.values))
        }
        for channel in channels {
            // best effort: a listener that is closed already is what we want.
            try? await channel.close()
        }
        for channel in children {
            // best effort: the same for connections.
            try? await channel.close()
        }
    }
}
