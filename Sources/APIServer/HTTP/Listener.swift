internal import LinuxKernel
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The server's sockets: accepts connections, puts TLS on each, and behind it what the client chooses to speak.
final class Listener: Sendable {
    private struct State {
        var tls: NIOSSLContext
        var channels: [any Channel] = []
        /// The one of them that listens in another network.
        var enclosed: (any Channel)?
        var children: ConnectionTable<ObjectIdentifier, any Channel>
        var loops: [ObjectIdentifier: LoopState] = [:]
        var isStopped = false
    }

    private static let backlog: Int32 = 1024

    private let group: MultiThreadedEventLoopGroup
    private let freed: FreedMemory
    private let state: Mutex<State>

    /// `openFiles` is how many the process may have; half of them are for connections.
    init(group: MultiThreadedEventLoopGroup, tls: NIOSSLContext, freed: FreedMemory, openFiles: Int) {
        self.group = group
        self.freed = freed
        let maximum = min(HTTPLimits.connections, openFiles / 2)
        let children = ConnectionTable<ObjectIdentifier, any Channel>(
            maximum: maximum, maximumUnproven: min(HTTPLimits.unprovenConnections, maximum / 2))
        state = Mutex(State(tls: tls, children: children))
    }

    /// Replaces the certificate for connections from now on.
    func reload(_ tls: NIOSSLContext) { state.withLock { $0.tls = tls } }

    /// Listens on an address; port 0 takes any free one. In another `network` it must be an IPv4 address, and takes the place of the one before
    /// in such a network, which would keep that alive. Returns the port.
    func bind(address: String, port: Int, in network: NetworkNamespace? = nil, service: any HTTPService) async throws -> Int {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in self.adopt(channel, service) }
        let channel: any Channel
        if let network, let inside = IPv4Address(address) {
            let socket = try network.listen(inside, port: UInt16(port), backlog: Self.backlog)
            channel = try await bootstrap.withBoundSocket(socket.release()).get()
        } else {
            channel = try await bootstrap.bind(host: address, port: port).get()
        }
        let isEnclosed = network != nil
        let former = state.withLock { state in
            state.channels.append(channel)
            guard isEnclosed else { return nil as (any Channel)? }
            defer { state.enclosed = channel }
            state.channels.removeAll { $0 === state.enclosed }
            return state.enclosed
        }
        // best effort: a listener that is closed already is what we want.
        try? await former?.close()
        return channel.localAddress?.port ?? port
    }

    private func adopt(_ channel: any Channel, _ service: any HTTPService) -> EventLoopFuture<Void> {
        let id = ObjectIdentifier(channel)
        let (admitted, instead) = state.withLock { state -> ((NIOSSLContext, LoopState)?, (any Channel)?) in
            guard !state.isStopped, case .admitted(let instead) = state.children.admit(id, channel) else { return (nil, nil) }
            let key = ObjectIdentifier(channel.eventLoop)
            if let loop = state.loops[key] { return ((state.tls, loop), instead) }
            let loop = LoopState(loop: channel.eventLoop)
            state.loops[key] = loop
            return ((state.tls, loop), instead)
        }
        if let instead { Self.end(instead) }
        guard let (tls, loopState) = admitted else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { $0.children.remove(id) }
            self.freed.add(FreedMemory.Weight.connection)
        }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: tls))
            try pipeline.addHandler(
                HandshakeHandler(service: service, loopState: loopState) {
                    self.state.withLock { $0.children.prove(id) }
                })
        }
    }

    /// Ends a connection at once, past TLS, which would wait for the client's farewell.
    private static func end(_ channel: any Channel) {
        channel.eventLoop.execute {
            if let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) {
                tls.close(promise: nil)
            } else {
                channel.close(promise: nil)
            }
        }
    }

    /// Stops accepting, then closes every connection, all at the same time; clients that do not answer are not waited for.
    func stop() async {
        let (channels, children) = state.withLock { state in
            defer { state.isStopped = true }
            // A second call comes when the event loops have ended, which would answer nothing any more.
            return state.isStopped ? ([], []) : (state.channels, state.children.connections)
        }
        guard !channels.isEmpty else { return }
        for channel in channels {
            // best effort: a listener that is closed already is what we want.
            try? await channel.close()
        }
        for channel in children { channel.close(promise: nil) }
        let loop = group.any()
        let impatience = loop.scheduleTask(in: HTTPLimits.farewell) {
            for channel in children { Self.end(channel) }
        }
        // best effort: there is nothing that a connection which ends could report.
        try? await EventLoopFuture.andAllComplete(children.map(\.closeFuture), on: loop).get()
        impatience.cancel()
    }
}
