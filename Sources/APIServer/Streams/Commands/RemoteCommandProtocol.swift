/// The WebSocket subprotocols of exec and attach: each message is one channel byte and its data.
/// Source: apiserver `pkg/util/proxy/streamtranslator.go`, cri-streaming `remotecommand/websocket.go`.
enum RemoteCommandProtocol: String, Sendable, CaseIterable {
    /// Binary; the client may close its input with `ff 00`.
    case v5 = "v5.channel.k8s.io"
    /// Binary; the end is a Status on channel 3.
    case v4 = "v4.channel.k8s.io"
    /// As `v4`, data in base 64 and the channel as a digit.
    case v4Base64 = "v4.base64.channel.k8s.io"
    /// As `v2` with the size of the terminal on channel 4.
    case v3 = "v3.channel.k8s.io"
    /// As `v1`.
    case v2 = "v2.channel.k8s.io"
    /// Binary; a failure is plain text on channel 3.
    case v1 = "channel.k8s.io"
    /// As `v1` in base 64.
    case v1Base64 = "base64.channel.k8s.io"

    /// The channels.
    enum Channel {
        static let stdin: UInt8 = 0
        static let stdout: UInt8 = 1
        static let stderr: UInt8 = 2
        static let error: UInt8 = 3
        static let resize: UInt8 = 4
        static let close: UInt8 = 255
    }

    /// The first offered protocol that is spoken here; a client that offers none speaks `v1`.
    static func choose(_ offered: [String]) -> RemoteCommandProtocol? {
        guard !offered.isEmpty else { return .v1 }
        for name in offered {
            if let known = RemoteCommandProtocol(rawValue: name) { return known }
        }
        return nil
    }

    /// The versions spoken over SPDY, the newest first.
    static let overSPDY: [RemoteCommandProtocol] = [.v4, .v3, .v2, .v1]

    /// Whether data travels as base 64 text.
    var isBase64: Bool { self == .v4Base64 || self == .v1Base64 }
    /// Whether the end is reported as a Status object rather than as text.
    var reportsStatus: Bool { self == .v5 || self == .v4 || self == .v4Base64 }
    /// Whether the client can close one channel.
    var closesChannels: Bool { self == .v5 }

    /// One message for a channel.
    func message(_ channel: UInt8, _ data: [UInt8]) -> [UInt8] {
        isBase64 ? [channel + UInt8(ascii: "0")] + Array(Base64.encode(data).utf8) : [channel] + data
    }

    /// The channel and data of one message; nil when it is neither.
    func parse(_ message: [UInt8]) -> (channel: UInt8, data: [UInt8])? {
        guard let first = message.first else { return nil }
        guard isBase64 else { return (first, Array(message.dropFirst())) }
        guard first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9"), let data = Base64.decode(message.dropFirst()) else { return nil }
        return (first - UInt8(ascii: "0"), data)
    }
}
