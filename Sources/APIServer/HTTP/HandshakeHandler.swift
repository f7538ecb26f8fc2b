internal import NIOCore
internal import NIOHTTP2
internal import NIOSSL
internal import NIOTLS

/// Waits for TLS, then puts what the client has chosen to speak in its place.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, TimedConnection, @unchecked Sendable {
    // Safe because its state is touched on its event loop only.
    typealias InboundIn = ByteBuffer

    /// The protocols offered, the preferred one first.
    static let protocols = ["h2", "http/1.1"]

    private let service: any HTTPService
    private let loopState: LoopState
    private let onProof: () -> Void
    private var context: ChannelHandlerContext?
    private var deadline = NIODeadline.now() + HTTPLimits.handshake

    /// `onProof` is called on the event loop when somebody has shown credentials on the connection.
    init(service: any HTTPService, loopState: LoopState, onProof: @escaping () -> Void) {
        self.service = service
        self.loopState = loopState
        self.onProof = onProof
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loopState.register(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loopState.unregister(self)
        self.context = nil
    }

    var hasDeadline: Bool { true }

    func closeIfOverdue(_ now: NIODeadline) {
        if deadline <= now { context?.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that breaks TLS or vanishes is its own affair: the connection ends, nothing else.
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted(let chosen) = event else { return context.fireUserInboundEventTriggered(event) }
        let pipeline = context.pipeline.syncOperations
        do {
            let certificate = try pipeline.handler(type: NIOSSLHandler.self).peerCertificate
            let client = ConnectionClient(
                channel: context.channel, pumps: loopState.pumps, certificate: certificate.flatMap(ClientCertificate.identity), onProof: onProof)
            if chosen == "h2" {
                let resets = HTTP2FrameWatcher()
                let connection = HTTP2Connection(service: service, loopState: loopState, client: client, sent: resets)
                try pipeline.addHandler(connection, position: .after(self))
                try pipeline.addHandler(HTTP2Limits.makeHandler(resets), position: .after(self))
            } else {
                try pipeline.addHandler(HTTP1Connection(service: service, loopState: loopState, client: client), position: .after(self))
            }
        } catch {
            return context.close(promise: nil)
        }
        pipeline.removeHandler(self, promise: nil)
    }
}
