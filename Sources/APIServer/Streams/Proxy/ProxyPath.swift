internal import KubeClient

/// The path that a server behind a proxy is asked for: what a client's path means, not how it is written.
/// Source: apimachinery `pkg/util/net/http.go` JoinPreservingTrailingSlash, Go's `net/url` EscapedPath.
enum ProxyPath {
    /// A path, percent-encoded, decoded once, without empty and dot segments, and encoded as Go does; empty stays empty.
    static func location(_ path: String) -> String {
        guard !path.isEmpty, let decoded = PercentEncoding.decode(path) else { return path }
        // By bytes: a mark that follows a slash makes one character of both.
        let slash = UInt8(ascii: "/")
        var segments: [Substring.UTF8View] = []
        for segment in decoded.utf8.split(separator: slash) where !segment.elementsEqual(".".utf8) {
            if segment.elementsEqual("..".utf8) { _ = segments.popLast() } else { segments.append(segment) }
        }
        guard !segments.isEmpty else { return "/" }
        let joined = segments.flatMap { [slash] + $0 }
        return encoded(decoded.utf8.last == slash ? joined + [slash] : joined)
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~$&+,/:;=@".utf8)
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func encoded(_ path: [UInt8]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.count)
        for byte in path {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
