import APIMachinery
import KubeClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Opens sessions: a connection of its own, upgraded from HTTP.
struct WebSocketConnector: Sendable {
    let pool: ConnectionPool
    let head: HTTPRequestHead
    let patience: TimeAmount

    func connect(_ tls: NIOSSLContext?) async throws(APIStatus) -> any StreamSession {
        let server = pool.address.url
        do {
            let opened = try await pool.bootstrap.connect(host: pool.address.host, port: pool.address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.pool.addTLS(tls, to: channel)
                    return try self.configure(channel, server)
                }
            }
            return try await opened.get()
        } catch {
            throw TransportFailure.status(error, server: server)
        }
    }

    /// Called on the event loop. The result arrives with the server's answer.
    private func configure(_ channel: any Channel, _ server: String) throws -> EventLoopFuture<WebSocketSession> {
        let opened = channel.eventLoop.makePromise(of: WebSocketSession.self)
        let isPort = head.uri.contains("/portforward?")
        let wanted =
            isPort
            ? [RemoteCommandFrame.closingPortSubprotocol, RemoteCommandFrame.portSubprotocol]
            : [RemoteCommandFrame.subprotocol, RemoteCommandFrame.olderSubprotocol]
        let opening = WebSocketOpeningHandler(head: head, subprotocols: wanted, server: server, patience: patience, opened: opened)
        let hasErrorOutput = head.uri.contains("stderr=true") && !head.uri.contains("tty=true")
        let upgrader = NIOWebSocketClientUpgrader(maxFrameSize: 16 << 20) { channel, response in
            channel.eventLoop.makeCompletedFuture {
                let agreed = response.headers.first(name: "sec-websocket-protocol")
                guard let agreed, wanted.contains(agreed) else {
                    throw APIStatus.badRequest(
                        "\(server) \(isPort ? "does not forward ports" : "opens no exec") over WebSocket (\(wanted.joined(separator: ", ")))")
                }
                let session = WebSocketSession(
                    channel: channel, server: server, hasErrorOutput: hasErrorOutput, tellsInputEnd: agreed == wanted.first)
                // Messages may come in fragments, each channel byte stands in the first only.
                try channel.pipeline.syncOperations.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: 16 << 20))
                try channel.pipeline.syncOperations.addHandler(WebSocketHandler(session: session, server: server, isPort: isPort))
                opened.succeed(session)
            }.flatMapErrorThrowing { error in
                opened.fail(error)
                throw error
            }
        }
        let box = NIOLoopBound(opening, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    box.value.isUpgrading = true
                    context.pipeline.syncOperations.removeHandler(box.value, promise: nil)
                }
            ))
        try channel.pipeline.syncOperations.addHandler(opening)
        return opened.futureResult
    }
}
