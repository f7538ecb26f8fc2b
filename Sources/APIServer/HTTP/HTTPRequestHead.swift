/// The request line and headers of one HTTP/1 request.
struct HTTPRequestHead: Sendable {
    /// The method as sent, for example `GET`.
    var method: String
    /// The target as sent: path and query, still percent-encoded.
    var target: String
    /// Whether the version is 1.1; otherwise it is 1.0.
    var isVersion11: Bool
    /// Names in lower case with their trimmed values, in order.
    var headers: [(String, String)]
    /// How the body is delimited.
    var body: BodyKind
    /// Whether the connection stays open after the response.
    var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool

    /// How a body is delimited.
    enum BodyKind: Sendable, Equatable {
        case none
        case fixed(Int)
        case chunked
    }

    /// The first value of a header given in lower case.
    func header(_ name: String) -> String? {
        for (key, value) in headers where key == name { return value }
        return nil
    }

    /// Whether a comma-separated header lists `token`, without regard to case.
    func header(_ name: String, lists token: String) -> Bool {
        for (key, value) in headers where key == name {
            for part in value.split(separator: ",") where part.trimmingSpaces().lowercased() == token { return true }
        }
        return false
    }
}

extension Substring {
    /// Without leading and trailing spaces and tabs.
    func trimmingSpaces() -> Substring {
        var result = self
        while let first = result.utf8.first, first == 32 || first == 9 { result = result.dropFirst() }
        while let last = result.utf8.last, last == 32 || last == 9 { result = result.dropLast() }
        return result
    }
}
