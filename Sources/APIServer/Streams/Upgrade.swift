internal import APIMachinery
internal import KubeClient
internal import NIOCore
internal import NIOWebSocket

/// What a connection becomes after its 101.
struct Upgrade: Sendable {
    /// The bytes of the response that announces it.
    let response: [UInt8]
    /// Puts the new handlers behind the connection's own. Called on the event loop.
    let install: @Sendable (HTTP1Connection, ChannelPipeline.SynchronousOperations) throws -> Void
    /// Gives up what was opened for it.
    let cancel: @Sendable () -> Void

    /// How a request to upgrade ends.
    enum Outcome: Sendable {
        case upgrade(Upgrade)
        /// An ordinary response: a refusal, or the resource itself.
        case response(APIResponse)

        /// Gives up what nobody waits for any more.
        func cancel() {
            switch self {
            case .upgrade(let upgrade): upgrade.cancel()
            case .response(let response): if case .stream(let source) = response.body { source.cancel() }
            }
        }
    }

    /// A 101 with the given headers beside those that every upgrade has.
    static func switching(to name: String, _ headers: [(String, String)]) -> [UInt8] {
        var text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: \(name)\r\nConnection: Upgrade\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return Array("\(text)\r\n".utf8)
    }

    /// Messages over a WebSocket.
    static func webSocket(
        key: String, protocolName: String?, cancel: @escaping @Sendable () -> Void = {},
        make: @escaping @Sendable () -> any WebSocketApplication
    ) -> Upgrade {
        Upgrade(response: webSocketResponse(key, protocolName)) { handler, pipeline in
            let framing = try addFraming(after: handler, pipeline)
            try pipeline.addHandler(WebSocketMessageHandler(make()), position: .after(framing))
        } cancel: {
            cancel()
        }
    }

    /// SPDY in the binary messages of a WebSocket.
    static func tunnel(
        key: String, protocolName: String, cancel: @escaping @Sendable () -> Void = {}, make: @escaping @Sendable () -> any SPDYApplication
    ) -> Upgrade {
        Upgrade(response: webSocketResponse(key, protocolName)) { handler, pipeline in
            let tunnel = WebSocketTunnelHandler()
            try pipeline.addHandler(tunnel, position: .after(addFraming(after: handler, pipeline)))
            try pipeline.addHandler(SPDYHandler(make()), position: .after(tunnel))
        } cancel: {
            cancel()
        }
    }

    /// SPDY right on the connection.
    static func spdy(version: String?, cancel: @escaping @Sendable () -> Void = {}, make: @escaping @Sendable () -> any SPDYApplication) -> Upgrade {
        Upgrade(response: switching(to: "SPDY/3.1", version.map { [("X-Stream-Protocol-Version", $0)] } ?? [])) { handler, pipeline in
            try pipeline.addHandler(SPDYHandler(make()), position: .after(handler))
        } cancel: {
            cancel()
        }
    }

    private static func webSocketResponse(_ key: String, _ protocolName: String?) -> [UInt8] {
        switching(
            to: "websocket",
            [("Sec-WebSocket-Accept", WebSocketHandshake.accept(key: key))] + (protocolName.map { [("Sec-WebSocket-Protocol", $0)] } ?? []))
    }

    /// One by one, the application last: it writes as soon as it is added, and the framing must be there by then.
    private static func addFraming(
        after handler: HTTP1Connection, _ pipeline: ChannelPipeline.SynchronousOperations
    ) throws -> any ChannelHandler {
        let encoder = WebSocketFrameEncoder()
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: WebSocketMessageHandler.largestMessage))
        try pipeline.addHandler(encoder, position: .after(handler))
        try pipeline.addHandler(decoder, position: .after(encoder))
        return decoder
    }
}
