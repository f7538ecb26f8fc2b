internal import KubeClient
internal import LinuxKernel
internal import NIOCore

/// Writes response heads and chunk frames as bytes.
enum ResponseWriter {
    /// How a body is delimited on the wire.
    enum Framing: Equatable {
        case length(Int)
        case chunked
        case untilClose
        case none
    }

    /// Appends the status line and headers of `response`.
    static func writeHead(
        _ response: APIResponse, framing: Framing, closes: Bool, isGzipped: Bool, date: String, into out: inout ByteBuffer
    ) {
        out.writeStaticString("HTTP/1.1 ")
        out.writeString(String(response.status))
        out.writeStaticString(" ")
        out.writeStaticString(reasonPhrase(response.status))
        out.writeStaticString("\r\nAudit-Id: ")
        out.writeString(response.header("audit-id") ?? SecureRandom.uuidV4())
        var hasCacheControl = false
        if !response.contentType.isEmpty {
            out.writeStaticString("\r\nContent-Type: ")
            out.writeString(response.contentType)
        }
        for (name, value) in response.headers {
            if name == "cache-control" { hasCacheControl = true }
            guard name != "audit-id", isSafe(name), isSafe(value) else { continue }
            out.writeStaticString("\r\n")
            out.writeString(canonical(name))
            out.writeStaticString(": ")
            out.writeString(value)
        }
        if !hasCacheControl { out.writeStaticString("\r\nCache-Control: no-cache, private") }
        out.writeStaticString("\r\nDate: ")
        out.writeString(date)
        if isGzipped { out.writeStaticString("\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding") }
        switch framing {
        case .length(let count):
            out.writeStaticString("\r\nContent-Length: ")
            out.writeString(String(count))
        case .chunked: out.writeStaticString("\r\nTransfer-Encoding: chunked")
        case .untilClose, .none: break
        }
        if closes { out.writeStaticString("\r\nConnection: close") }
        out.writeStaticString("\r\n\r\n")
    }

    /// Appends one chunk.
    static func writeChunk(_ bytes: [UInt8], into out: inout ByteBuffer) {
        out.writeString(String(bytes.count, radix: 16))
        out.writeStaticString("\r\n")
        out.writeBytes(bytes)
        out.writeStaticString("\r\n")
    }

    /// A header whose text would end its line is dropped: it can only come from data.
    static func isSafe(_ text: String) -> Bool { !text.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 } }

    /// `retry-after` as `Retry-After`.
    static func canonical(_ name: String) -> String {
        var startsWord = true
        return String(
            decoding: name.utf8.map { byte -> UInt8 in
                defer { startsWord = byte == UInt8(ascii: "-") }
                return startsWord && byte >= 97 && byte <= 122 ? byte - 32 : byte
            }, as: UTF8.self)
    }

    static func reasonPhrase(_ status: Int) -> StaticString {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Request Entity Too Large"
        case 414: "Request URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 418: "I'm a teapot"
        case 422: "Unprocessable Entity"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
