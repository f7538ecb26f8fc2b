import JSONCore

/// The messages of the `channel.k8s.io` protocols: a channel number, then its bytes. Source: client-go remotecommand v4 and v5.
enum RemoteCommandFrame {
    /// The channels of one session.
    enum Channel: UInt8 {
        case stdin = 0
        case stdout = 1
        case stderr = 2
        case error = 3
        case resize = 4
        case close = 255
    }

    static let subprotocol = "v5.channel.k8s.io"
    /// The same without a word for the end of the input: all that servers before Kubernetes 1.29 know.
    static let olderSubprotocol = "v4.channel.k8s.io"
    /// Of a forwarded port: channel 0 carries its data, channel 1 what went wrong, and the first message of each is the port's number.
    static let portSubprotocol = "v4.channel.k8s.io"
    /// The same, and the end of the input is told as in `v5`. Only kdash's server knows it; others take the one above.
    static let closingPortSubprotocol = "portforward.kdash.dev"

    /// Standard input is sent in pieces of this many bytes at most: with the channel's byte 16 KiB, the smallest limit of common servers.
    static let maximumPayload = (16 << 10) - 1

    static func stdin(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        [Channel.stdin.rawValue] + bytes
    }

    static func resize(columns: Int, rows: Int) -> [UInt8] {
        let size: JSONValue = ["Width": .integer(Int64(columns)), "Height": .integer(Int64(rows))]
        return [Channel.resize.rawValue] + JSON.encode(size)
    }

    static let closeInput: [UInt8] = [Channel.close.rawValue, Channel.stdin.rawValue]
}
