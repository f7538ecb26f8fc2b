internal import NIOCore
internal import NIOWebSocket

/// A stream of bytes in the binary messages of a WebSocket, whose borders mean nothing.
/// Source: client-go `tools/portforward/tunneling_connection.go`.
final class WebSocketTunnelHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    private var budget = AnswerBudget()
    private var isClosed = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed else { return }
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .ping:
            guard budget.spend(frame.length + 16, isWritable: context.channel.isWritable) else { return context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)), promise: nil)
        case .connectionClose:
            sendClose(context)
            context.close(promise: nil)
        case .binary, .text, .continuation:
            if frame.length > 0 { context.fireChannelRead(wrapInboundOut(frame.unmaskedData)) }
        default: break
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let frame = WebSocketFrame(fin: true, opcode: .binary, data: unwrapOutboundIn(data))
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        sendClose(context)
        context.close(mode: mode, promise: promise)
    }

    private func sendClose(_ context: ChannelHandlerContext) {
        guard !isClosed else { return }
        isClosed = true
        var payload = context.channel.allocator.buffer(capacity: 2)
        payload.write(webSocketErrorCode: .normalClosure)
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: payload)), promise: nil)
    }
}
