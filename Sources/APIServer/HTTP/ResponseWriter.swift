internal import KubeClient
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
        ResponseFields.visit(response, isGzipped: isGzipped, date: date) { name, value in
            out.writeStaticString("\r\n")
            out.writeCanonical(name)
            out.writeStaticString(": ")
            out.writeString(value)
        }
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

    /// `retry-after` as `Retry-After`.
    static func canonical(_ name: String) -> String {
        String(unsafeUninitializedCapacity: name.utf8.count) { canonical(name, into: UnsafeMutableRawBufferPointer($0)) }
    }

    /// Writes a header's name, which fits, and returns its length.
    fileprivate static func canonical(_ name: String, into space: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        var startsWord = true
        for byte in name.utf8 {
            space[count] = startsWord && byte >= 97 && byte <= 122 ? byte - 32 : byte
            startsWord = byte == UInt8(ascii: "-")
            count += 1
        }
        return count
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

extension ByteBuffer {
    /// Writes a header's name, in lower case, as it is written in HTTP/1.1.
    fileprivate mutating func writeCanonical(_ name: String) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: name.utf8.count) { ResponseWriter.canonical(name, into: $0) }
    }
}
