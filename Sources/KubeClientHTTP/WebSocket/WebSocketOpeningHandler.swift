import APIMachinery
import KubeClient
import NIOCore
import NIOHTTP1

/// Sends the request to upgrade and, when the server refuses, reads why.
final class WebSocketOpeningHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    static let maximumRefusal = 64 << 10

    private let head: HTTPRequestHead
    private let subprotocols: [String]
    private let server: String
    private let patience: TimeAmount
    private let opened: EventLoopPromise<WebSocketSession>
    /// Set when the server agreed: the session is told of by the upgrade itself then.
    var isUpgrading = false
    private var refusal: (status: Int, body: [UInt8])?
    private var timer: Scheduled<Void>?

    init(head: HTTPRequestHead, subprotocols: [String], server: String, patience: TimeAmount, opened: EventLoopPromise<WebSocketSession>) {
        self.head = head
        self.subprotocols = subprotocols
        self.server = server
        self.patience = patience
        self.opened = opened
    }

    func channelActive(context: ChannelHandlerContext) {
        var head = head
        head.headers.add(name: "sec-websocket-protocol", value: subprotocols.joined(separator: ", "))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        let channel = context.channel
        let late = TransportFailure.timeout(server, after: patience.nanoseconds / 1_000_000_000)
        let opened = opened
        timer = context.eventLoop.scheduleTask(in: patience) {
            opened.fail(late)
            channel.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        if !isUpgrading { opened.fail(TransportFailure.lost(server)) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): refusal = (Int(head.status.code), [])
        case .body(let buffer):
            if let count = refusal?.body.count, count < Self.maximumRefusal { refusal?.body += buffer.readableBytesView }
        case .end:
            if let refusal { opened.fail(APIResponse.failure(status: refusal.status, body: refusal.body)) }
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        opened.fail(TransportFailure.lost(server))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        opened.fail(TransportFailure.status(error, server: server))
        context.close(promise: nil)
    }
}
