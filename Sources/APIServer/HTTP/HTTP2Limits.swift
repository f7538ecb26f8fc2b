internal import NIOCore
internal import NIOHTTP2

/// Bounds of one HTTP/2 connection, beside those of `HTTPLimits`.
enum HTTP2Limits {
    /// Requests at a time. Source: golang.org/x/net `http2/server.go` defaultMaxStreams; an apiserver says 100, which only makes its
    /// clients open more connections.
    static let streams = 250
    /// How much of a body a client may send before it is asked for more.
    /// Source: apiserver `pkg/server/secure_serving.go` resourceBody99Percentile.
    static let streamWindow = 256 << 10
    /// The same for all bodies of a connection together.
    static let connectionWindow = 4 << 20
    /// Bodies that are collected hold at most about this much together; above it only the oldest grows.
    static let collected = 32 << 20
    /// How much of an answer may be written that the client has not taken yet.
    static let unsent = 64 << 10
    /// How much of an answer is written between two looks at what the client has taken.
    static let counted = 8 << 10
    /// How much of all bodies of a connection is written between two flushes.
    static let unflushed = 64 << 10
    /// Heads larger than `HTTPRequestParser.Limits.head` get an answer up to this size; beyond it the connection ends.
    static let headerList = 2 * HTTPRequestParser.Limits.head
    /// A header list of that size in frames of 16 KiB.
    static let continuations = 8
    /// Resets, and pings and settings, in half a minute. All streams may be reset at once a few times.
    static let resets = 1000
    static let controls = 1000
    /// Answers to pings and settings that wait for a client that does not read.
    static let waitingControls = 1000

    /// The framing of a connection. What heads and lengths say is checked by `HTTP2HeadGrammar` and `HTTP2Stream`, which answer as an
    /// apiserver does.
    static func makeHandler(_ watcher: HTTP2FrameWatcher) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streams), HTTP2Setting(parameter: .maxHeaderListSize, value: headerList),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
        ]
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        connection.maximumSequentialContinuationFrames = continuations
        connection.maximumRecentlyResetStreams = streams
        connection.maximumBufferedControlFrames = waitingControls
        connection.controlFrameRateLimit.maximumCount = controls
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = resets
        return NIOHTTP2Handler(mode: .server, frameDelegate: watcher, connectionConfiguration: connection, streamConfiguration: stream)
    }
}

/// Sees which frames the framing sends by itself, which is how its errors of a stream and of the connection are told apart.
final class HTTP2FrameWatcher: NIOHTTP2FrameDelegate, @unchecked Sendable {
    // Safe because it is used on its connection's event loop only.
    private var hasReset = false
    private var hasGoneAway = false

    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .rstStream: hasReset = true
        case .goAway: hasGoneAway = true
        default: break
        }
    }

    /// The reset that was just written was ours.
    func forgetReset() { hasReset = false }

    /// Whether the error that is reported now concerns one stream only, which has been reset.
    func takeStreamError() -> Bool {
        defer { hasReset = false }
        return hasReset && !hasGoneAway
    }
}
