/// The answer to one request.
package struct APIResponse: Sendable {
    /// The body: all of it, or bytes still to come.
    package enum Body: Sendable {
        /// A complete body.
        case bytes([UInt8])
        /// A body that arrives over time: a watch, a followed log.
        case stream(any ByteSource)
    }

    /// The HTTP status code.
    package var status: Int
    /// The body's media type; empty for none.
    package var contentType: String
    /// The other headers, names in lower case.
    package var headers: [(String, String)]
    /// The body.
    package var body: Body

    /// A response.
    package init(status: Int = 200, contentType: String = "application/json", headers: [(String, String)] = [], body: Body) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    /// The first header of a lower-case name.
    package func header(_ name: String) -> String? {
        headers.first { $0.0 == name }?.1
    }
}
