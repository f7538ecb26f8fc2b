internal import KubeClient

/// The path that a server behind a proxy is asked for: what a client's path means, not how it is written.
/// Source: apimachinery `pkg/util/net/http.go` JoinPreservingTrailingSlash, Go's `net/url` EscapedPath.
enum ProxyPath {
    /// A path, percent-encoded, decoded once, without empty and dot segments, and encoded as Go does; empty stays empty.
    static func location(_ path: String) -> String {
        guard !path.isEmpty, let decoded = PercentEncoding.decode(path) else { return path }
        var segments: [Substring] = []
        for segment in decoded.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        guard !segments.isEmpty else { return "/" }
        let joined = segments.map { "/\($0)" }.joined()
        return encoded(decoded.hasSuffix("/") ? "\(joined)/" : joined)
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~$&+,/:;=@".utf8)
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func encoded(_ path: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.utf8.count)
        for byte in path.utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
