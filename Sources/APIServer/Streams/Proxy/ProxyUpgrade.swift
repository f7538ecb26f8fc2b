internal import APIMachinery
internal import NIOCore

/// An upgraded connection to a server behind the proxy: after its head everything passes both ways as it is.
enum ProxyUpgrade {
    /// The largest head of a response.
    static let largestHead = 64 << 10

    /// Sends the request to upgrade and waits for the head of the answer. A refusal passes on as it is, and is the last thing
    /// on the connection: the client's next request is ours. The channel is the connection to the server behind.
    static func open(_ request: ProxyRequest, to connector: ProxyConnector) async throws(APIStatus) -> (upgrade: Upgrade, channel: any Channel) {
        guard request.body == .none else { throw .badRequest("a request to upgrade has no body") }
        let promise = connector.loop.makePromise(of: [UInt8].self)
        let waiting = NIOLoopBoundBox.makeBoxSendingValue(ProxyHeadHandler(promise), eventLoop: connector.loop)
        let channel: any Channel
        do throws(APIStatus) {
            channel = try await connector.connect { try $0.pipeline.syncOperations.addHandler(waiting.value) }
        } catch {
            promise.fail(error)
            throw error
        }
        request.life.whenOver { channel.close(promise: nil) }
        var text = "\(request.method) \(request.forwardedTarget) HTTP/1.1\r\n"
        for (name, value) in request.forwardedHeaders(isUpgrade: true) { text += "\(ResponseWriter.canonical(name)): \(value)\r\n" }
        channel.writeAndFlush(ByteBuffer(string: "\(text)\r\n"), promise: nil)
        let head: [UInt8]
        do {
            head = try await promise.futureResult.get()
        } catch {
            channel.close(promise: nil)
            throw ProxyConnector.failure("the connection ended before a response: \(error)")
        }
        let isSwitched = String(decoding: head.prefix(13), as: UTF8.self).hasSuffix(" 101 ")
        let upgrade = Upgrade(response: isSwitched ? head : closing(head)) { handler, pipeline in
            let (ours, theirs) = GlueHandler.pair(takesFromFirst: isSwitched)
            try pipeline.addHandler(ours, position: .after(handler))
            try channel.pipeline.syncOperations.addHandler(theirs, position: .after(waiting.value))
            waiting.value.release()
        } cancel: {
            channel.close(promise: nil)
        }
        return (upgrade, channel)
    }

    /// A head that says the connection closes after it.
    private static func closing(_ head: [UInt8]) -> [UInt8] {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: true)
        let kept = lines.filter { !$0.lowercased().hasPrefix("connection:") && !$0.lowercased().hasPrefix("keep-alive:") }
        return Array("\(kept.joined(separator: "\r\n"))\r\nConnection: close\r\n\r\n".utf8)
    }
}

/// Collects the head of the answer and holds back what follows until somebody takes it.
final class ProxyHeadHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let head: EventLoopPromise<[UInt8]>
    private var buffer = ByteBuffer()
    private var isComplete = false
    private var isReleased = false
    private var context: ChannelHandlerContext?

    init(_ head: EventLoopPromise<[UInt8]>) { self.head = head }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isReleased else { return context.fireChannelRead(data) }
        buffer.writeBuffer(&bytes)
        guard !isComplete else { return }
        guard let end = Self.end(buffer.readableBytesView) else {
            if buffer.readableBytes > ProxyUpgrade.largestHead { context.close(promise: nil) }
            return
        }
        isComplete = true
        // Nothing more until the other side is ready for it.
        _ = context.channel.setOption(.autoRead, value: false)
        head.succeed(buffer.readBytes(length: end) ?? [])
    }

    func channelInactive(context: ChannelHandlerContext) {
        head.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        head.fail(error)
        context.close(promise: nil)
    }

    /// Passes on what was held back, and everything from now on.
    func release() {
        guard let context, !isReleased else { return }
        isReleased = true
        if buffer.readableBytes > 0 { context.fireChannelRead(NIOAny(buffer)) }
        context.fireChannelReadComplete()
        buffer = ByteBuffer()
        let channel = context.channel
        guard channel.isActive else { return context.fireChannelInactive() }
        channel.setOption(.autoRead, value: true).whenSuccess { channel.read() }
    }

    private static func end(_ bytes: ByteBufferView) -> Int? {
        var matched = 0
        for (index, byte) in bytes.enumerated() {
            matched = byte == (matched % 2 == 0 ? 13 : 10) ? matched + 1 : byte == 13 ? 1 : 0
            if matched == 4 { return index + 1 }
        }
        return nil
    }
}

/// Passes bytes between two channels of one event loop, each no faster than the other takes them.
final class GlueHandler: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny
    typealias OutboundOut = NIOAny

    private weak var partner: GlueHandler?
    private var context: ChannelHandlerContext?
    private var isReadWanted = false
    private let takes: Bool

    private init(takes: Bool) { self.takes = takes }

    /// Two ends. Without `takesFromFirst` what the first channel brings is dropped.
    static func pair(takesFromFirst: Bool) -> (GlueHandler, GlueHandler) {
        let first = GlueHandler(takes: takesFromFirst)
        let second = GlueHandler(takes: true)
        first.partner = second
        second.partner = first
        return (first, second)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner?.close()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if takes { partner?.context?.write(data, promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partner?.context?.flush()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        partner?.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func read(context: ChannelHandlerContext) {
        if partner?.context?.channel.isWritable ?? true { context.read() } else { isReadWanted = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.readAgain() }
        context.fireChannelWritabilityChanged()
    }

    private func readAgain() {
        guard isReadWanted, let context else { return }
        isReadWanted = false
        context.read()
    }

    private func close() {
        guard let context else { return }
        context.flush()
        LingeringClose.close(context)
    }
}
