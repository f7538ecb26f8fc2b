import APIMachinery
import JSONCore
import KubeClient
import NIOCore
import NIOWebSocket

/// Sorts a session's frames to its streams, no faster than they are read.
final class WebSocketHandler: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let session: WebSocketSession
    private let server: String
    private let isPort: Bool
    /// The channels of a port whose first message, the port's number, has come.
    private var begunChannels: Set<UInt8> = []
    private var status: APIStatus?
    /// The streams whose readers have enough. One read may bring several messages for one of them, which waits once.
    private var pausedStreams: Set<ObjectIdentifier> = []
    private var wantsRead = false
    private var context: ChannelHandlerContext?

    init(session: WebSocketSession, server: String, isPort: Bool = false) {
        self.session = session
        self.server = server
        self.isPort = isPort
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        if !pausedStreams.isEmpty {
            wantsRead = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text, .continuation: receive(Array(frame.unmaskedData.readableBytesView), context)
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            let close = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(close), promise: nil)
            context.close(promise: nil)
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let closed = isPort ? APIStatus(code: 200, reason: nil, message: "", isFailure: false) : TransportFailure.brokenOff(server)
        session.finish(status ?? closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if status == nil { status = TransportFailure.status(error, server: server) }
        context.close(promise: nil)
    }

    private func receive(_ message: [UInt8], _ context: ChannelHandlerContext) {
        guard let number = message.first, message.count > 1 else { return }
        let payload = Array(message.dropFirst())
        if isPort { return receive(payload, ofPort: number, context) }
        switch RemoteCommandFrame.Channel(rawValue: number) {
        case .stdout: deliver(payload, to: session.standardOutput, context)
        case .stderr: deliver(payload, to: session.standardError, context)
        case .error: end(payload, context)
        default: break
        }
    }

    private func receive(_ payload: [UInt8], ofPort channel: UInt8, _ context: ChannelHandlerContext) {
        guard !begunChannels.insert(channel).inserted else { return }
        if channel == 0 {
            deliver(payload, to: session.standardOutput, context)
        } else {
            status = .serviceUnavailable(String(decoding: payload.prefix(500), as: UTF8.self))
            context.close(promise: nil)
        }
    }

    /// The error channel carries how the program ended, as a metav1.Status; nothing comes after it.
    private func end(_ payload: [UInt8], _ context: ChannelHandlerContext) {
        let value = try? JSON.parse(payload)
        let parsed = value.flatMap { APIStatus(value: $0) }
        status = parsed ?? APIStatus.internalError(String(decoding: payload.prefix(500), as: UTF8.self))
        if let status { session.finish(status) }
    }

    private func deliver(_ payload: [UInt8], to stream: ByteChannel, _ context: ChannelHandlerContext) {
        let id = ObjectIdentifier(stream)
        guard !stream.send(payload), pausedStreams.insert(id).inserted else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        stream.whenDrained { loop.execute { handler.value.resume(id) } }
    }

    private func resume(_ stream: ObjectIdentifier) {
        pausedStreams.remove(stream)
        guard pausedStreams.isEmpty, wantsRead, let context else { return }
        wantsRead = false
        context.read()
    }
}
