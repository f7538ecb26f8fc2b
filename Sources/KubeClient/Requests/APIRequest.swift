/// One request to an API server, whatever carries it.
package struct APIRequest: Sendable {
    /// The HTTP methods of the API.
    package enum Method: String, Sendable, Hashable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case head = "HEAD"
        case options = "OPTIONS"
    }

    /// The HTTP method.
    package var method: Method
    /// The absolute path, percent-encoded as on the wire, without the query. Decide by ``pathSegments``, never by this text.
    package var path: String
    /// The query's items in order, decoded.
    package var query: [QueryItem]
    /// The body's media type; nil without a body.
    package var contentType: String?
    /// The media types wanted back; nil for the server's default, JSON.
    package var accept: String?
    /// The body; empty for none.
    package var body: [UInt8]
    /// The calling program, for the server's log.
    package var userAgent: String?
    /// The other headers, names in lower case.
    package var headers: [(String, String)]
    /// The client's address; empty for a client in this process.
    package var peer = ""
    /// Whether a session only looks, for the command log; gates do not ask.
    package var isLook = false

    /// A request.
    package init(
        _ method: Method = .get, path: String, query: [QueryItem] = [], contentType: String? = nil, accept: String? = nil,
        body: [UInt8] = [], userAgent: String? = nil, headers: [(String, String)] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.contentType = contentType
        self.accept = accept
        self.body = body
        self.userAgent = userAgent
        self.headers = headers
    }

    /// The path's segments, decoded, without empty ones; nil when the percent-encoding is broken or decodes to something
    /// that is not UTF-8, or when a segment is `.` or `..`.
    package var pathSegments: [String]? {
        var segments: [String] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            guard let segment = PercentEncoding.decode(part), segment != ".", segment != ".." else { return nil }
            segments.append(segment)
        }
        return segments
    }

    /// The first value of a query item; nil when there is none.
    package func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// All values of a query item, in order.
    package func queryValues(_ name: String) -> [String] {
        query.filter { $0.name == name }.map(\.value)
    }

    /// A query item read as a boolean: present and neither `false` in any case nor `0`. Source: apimachinery's
    /// Convert_Slice_string_To_bool.
    package func queryFlag(_ name: String) -> Bool {
        guard let value = queryValue(name) else { return false }
        return value != "0" && value.lowercased() != "false"
    }

    /// Path and query as they stand in an HTTP request line.
    package var target: String {
        query.isEmpty ? path : "\(path)?\(QueryItem.encode(query))"
    }
}
