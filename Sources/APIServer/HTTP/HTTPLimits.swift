internal import NIOCore

/// Bounds of what a client may send, and how long it may take, whichever protocol it speaks.
enum HTTPLimits {
    /// The largest request body, compressed or not. Source: apiserver `pkg/server/config.go` MaxRequestBodyBytes.
    static let body = 3 << 20
    /// How much a client may send ahead of the answer it waits for, on a connection that answers one request at a time.
    static let ahead = 256 << 10
    /// How long the TLS handshake may take.
    static let handshake: TimeAmount = .seconds(15)
    /// How long the head of a request may take to arrive. Source: apiserver `pkg/server/secure_serving.go` ReadHeaderTimeout, 32 s.
    static let head: TimeAmount = .seconds(30)
    /// How long a client may take nothing of a large answer that is held for it.
    static let stalled: TimeAmount = .seconds(60)
    /// Connections of one listener. Beyond it, those nobody has shown credentials on make room; a full house of others is closed to new ones.
    static let connections = 4096
    /// Connections nobody has shown credentials on; the oldest makes room for a new one.
    static let unprovenConnections = 1024
    /// How long the clients of a server that stops have to take what was sent.
    static let farewell: TimeAmount = .milliseconds(250)
    /// How long a request may take to arrive.
    static let request: TimeAmount = .seconds(60)
    /// How long a client may pause inside a body that is passed on as it arrives.
    static let upload: TimeAmount = .seconds(60)
    /// How long a connection may stay without a request.
    static let idle: TimeAmount = .seconds(180)
    /// How much an upload may hold that its reader has not taken.
    static let waitingUpload = 1 << 20
    /// An answer up to this size is written at once.
    static let atOnce = 256 << 10
    /// Streamed bytes written to one client before the others of its event loop have their turn.
    static let turn = 512 << 10
    /// Streamed bytes taken from a source at a time.
    static let piece = 64 << 10
}

/// When a body is worth compressing.
enum Compression {
    /// Source: apiserver `responsewriters/writers.go` defaultGzipThresholdBytes.
    static let threshold = 128 << 10
}
