internal import Crypto

/// The key exchange of a WebSocket upgrade. Source: RFC 6455 section 4.2.2.
enum WebSocketHandshake {
    /// The value of Sec-WebSocket-Accept.
    static func accept(key: String) -> String {
        let text = "\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        return Base64.encode(Array(Insecure.SHA1.hash(data: Array(text.utf8))))
    }
}
