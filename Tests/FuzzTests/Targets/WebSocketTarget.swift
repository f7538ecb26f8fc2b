import NIOCore
import NIOEmbedded
import NIOWebSocket

@testable import APIServer

extension FuzzTarget {
    static let webSocket = FuzzTarget(
        "web-socket", tokens: ["{\"Width\":80,\"Height\":24}", "0", "4", "aGk="],
        bytes: [
            [0x81], [0x82], [0x80], [0x00], [0x01], [0x02], [0x88], [0x89], [0x8A], [0x83], [0xC2], [0x80, 1, 2, 3, 4], [0xFE, 0xFF, 0xFF],
            [0xFF, 0, 0, 0, 0, 0, 0, 1, 0],
            [0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x82, 0x80, 0, 0, 0, 0], [0x89, 0x80, 0, 0, 0, 0], [0x88, 0x82, 0, 0, 0, 0, 3, 232],
            [0xFF, 0],
        ]
    ) { { input, seen in try WebSocketRules.check(input, &seen) } }
}

/// What holds for all bytes that arrive on a WebSocket.
private enum WebSocketRules {
    /// Keeps the messages, and answers none.
    private final class Application: WebSocketApplication {
        var messages: [[UInt8]] = []
        var stops = 0

        func start(_ socket: WebSocketMessageHandler) {}
        func received(_ message: [UInt8]) { messages.append(message) }
        func roomAppeared() {}
        func stop() { stops += 1 }
    }

    private struct Session: Equatable {
        var messages: [[UInt8]]
        var stops: Int
        var output: [UInt8]

        init(_ input: [UInt8], pieces: Int) throws {
            let application = Application()
            let channel = EmbeddedChannel()
            try channel.pipeline.syncOperations.addHandlers([
                WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: WebSocketMessageHandler.largestMessage)),
                WebSocketMessageHandler(application),
            ])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            var rest = input[...]
            while !rest.isEmpty, channel.isActive {
                // A peer that breaks the framing is closed on, which is all that is asked for.
                _ = try? channel.writeInbound(ByteBuffer(bytes: rest.prefix(pieces)))  // best effort: as said
                rest = rest.dropFirst(pieces)
            }
            var output: [UInt8] = []
            while case .byteBuffer(let data)? = try channel.readOutbound(as: IOData.self) { output += data.readableBytesView }
            _ = try? channel.finish()  // best effort: it may be closed already
            (messages, stops, self.output) = (application.messages, application.stops, output)
        }
    }

    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        let session = try Session(input, pieces: max(1, input.count))
        seen.note("messages", session.messages.count)
        seen.note("output", session.output.count)
        try Violation.unless(session.stops == 1, "a session ends once", "\(session.stops) times")
        try Violation.unless(session.output.count <= input.count + 8, "answers are no more than what was asked", "\(session.output.count) bytes")
        for message in session.messages {
            seen.note("message", message.count)
            try Violation.unless(message.count <= WebSocketMessageHandler.largestMessage, "a message is no larger than its limit")
            for spoken in RemoteCommandProtocol.allCases {
                guard let (channel, data) = spoken.parse(message) else { continue }
                seen.note(spoken.rawValue, Int(channel))
                let back = spoken.parse(spoken.message(channel, data))
                try Violation.unless(back?.channel == channel && back?.data == data, "a message reads back as itself", "\(message)")
            }
        }
        for size in input.count < 2000 ? [1, 13] : [251] {
            let pieces = try Session(input, pieces: size)
            try Violation.unless(pieces == session, "pieces make the same session", "\(pieces)\nin place of \(session)")
        }
    }
}
