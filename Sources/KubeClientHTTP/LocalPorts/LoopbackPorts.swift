package import APIMachinery
import Glibc
package import KubeClient
import NIOCore
import NIOPosix
import Synchronization

/// Accepts connections on ports of 127.0.0.1, each as a session: its output is what the local program sends.
package struct LoopbackPorts: LocalPorts {
    /// The ports of 127.0.0.1.
    package init() {}

    /// Listens on a port; 0 for any that is free. Throws BadRequest when it is in use or may not be used.
    package func listen(_ port: UInt16) async throws(APIStatus) -> LocalListener {
        let (connections, arriving) = AsyncStream.makeStream(of: (any StreamSession).self, bufferingPolicy: .bufferingOldest(64))
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let session = LocalPortSession(channel: channel)
                    try channel.pipeline.syncOperations.addHandler(LocalPortHandler(session))
                    if case .enqueued = arriving.yield(session) {} else { channel.close(promise: nil) }
                }
            }
        do {
            let channel = try await bootstrap.bind(host: "127.0.0.1", port: Int(port)).get()
            channel.closeFuture.whenComplete { _ in arriving.finish() }
            guard let bound = channel.localAddress?.port.flatMap({ UInt16(exactly: $0) }) else {
                throw APIStatus.internalError("127.0.0.1 has no port after binding")
            }
            return LocalListener(port: bound, connections: connections) { channel.close(promise: nil) }
        } catch {
            throw Self.refusal(error, port)
        }
    }

    private static func refusal(_ error: any Error, _ port: UInt16) -> APIStatus {
        if let status = error as? APIStatus { return status }
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: return .badRequest("port \(port) of 127.0.0.1 is in use: choose another one, or 0 for any")
        case EACCES: return .badRequest("port \(port) of 127.0.0.1 is for root only: choose one above 1023, or 0 for any")
        default: return .badRequest("port \(port) of 127.0.0.1 cannot be opened: \(error)")
        }
    }
}

/// One local connection.
final class LocalPortSession: StreamSession {
    let bytes = ByteChannel()
    private let channel: any Channel

    init(channel: any Channel) { self.channel = channel }

    var output: any ByteSource { bytes }
    var errorOutput: (any ByteSource)? { nil }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        do {
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        } catch {
            throw .serviceUnavailable("the local program closed its connection: \(error)")
        }
    }

    func closeInput() async {
        // best effort: a connection that is over has nothing to close.
        try? await channel.close(mode: .output).get()
    }

    func resize(columns: Int, rows: Int) {}

    func result() async -> APIStatus {
        // best effort: however it closed, it is closed.
        try? await channel.closeFuture.get()
        return APIStatus(code: 200, reason: nil, message: "", isFailure: false)
    }

    func cancel() { channel.close(promise: nil) }
}

/// Feeds a session no faster than it is read.
final class LocalPortHandler: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let session: LocalPortSession
    private var isPaused = false
    private var wantsRead = false
    private var context: ChannelHandlerContext?

    init(_ session: LocalPortSession) { self.session = session }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            wantsRead = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !session.bytes.send(Array(unwrapInboundIn(data).readableBytesView)) else { return }
        isPaused = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        session.bytes.whenDrained { loop.execute { handler.value.resume() } }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The local program has sent everything, and may wait for an answer.
        if case .inputClosed? = event as? ChannelEvent { session.bytes.finish() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        session.bytes.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func resume() {
        isPaused = false
        guard wantsRead, let context else { return }
        wantsRead = false
        context.read()
    }
}
