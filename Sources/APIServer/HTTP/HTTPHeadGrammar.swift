internal import APIMachinery
internal import JSONCore

/// Turns the bytes of a complete head into an `HTTPRequestHead`. Source: RFC 9112.
enum HTTPHeadGrammar {
    /// `bytes` end with the empty line.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(HTTPParseFailure) -> HTTPRequestHead {
        guard let lineEnd = bytes.firstIndex(of: 13), lineEnd + 1 < bytes.count, bytes[lineEnd + 1] == 10 else {
            throw .malformed("the request line does not end with CRLF")
        }
        if lineEnd > HTTPRequestParser.Limits.target { throw .targetTooLong }
        guard let firstSpace = bytes[..<lineEnd].firstIndex(of: 32), firstSpace > 0, firstSpace <= 20,
            let secondSpace = bytes[(firstSpace + 1)..<lineEnd].firstIndex(of: 32), secondSpace > firstSpace + 1
        else { throw .malformed("the request line is not METHOD TARGET VERSION") }
        let version = String(decoding: bytes[(secondSpace + 1)..<lineEnd], as: UTF8.self)
        guard version.hasPrefix("HTTP/") else { throw .malformed("the request line names no HTTP version") }
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else { throw .unsupportedVersion }
        guard bytes[..<firstSpace].allSatisfy(isTokenByte) else { throw .malformed("the method is not a token") }
        guard bytes[(firstSpace + 1)..<secondSpace].allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw .malformed("the request target has characters that must be percent-encoded")
        }
        var head = HTTPRequestHead(
            method: String(decoding: bytes[..<firstSpace], as: UTF8.self),
            target: String(decoding: bytes[(firstSpace + 1)..<secondSpace], as: UTF8.self),
            isVersion11: version == "HTTP/1.1", headers: [], body: .none, keepsAlive: version == "HTTP/1.1", expectsContinue: false)
        head.headers.reserveCapacity(8)
        try parseFields(bytes, from: lineEnd + 2, into: &head)
        try interpret(&head)
        return head
    }

    private static func parseFields(
        _ bytes: UnsafeRawBufferPointer, from start: Int, into head: inout HTTPRequestHead
    ) throws(HTTPParseFailure) {
        var position = start
        while position < bytes.count {
            guard let end = bytes[position...].firstIndex(of: 13), end + 1 < bytes.count, bytes[end + 1] == 10 else {
                throw .malformed("a header does not end with CRLF")
            }
            if end == position { return }
            guard let colon = bytes[position..<end].firstIndex(of: 58), colon > position,
                bytes[position..<colon].allSatisfy(isTokenByte)
            else { throw .malformed("a header name is missing, folded or not a token") }
            guard head.headers.count < HTTPRequestParser.Limits.fields else { throw .headTooLarge }
            var first = colon + 1
            var last = end
            while first < last, bytes[first] == 32 || bytes[first] == 9 { first += 1 }
            while last > first, bytes[last - 1] == 32 || bytes[last - 1] == 9 { last -= 1 }
            guard bytes[first..<last].allSatisfy(isFieldByte) else {
                throw .malformed("a header value has control characters")
            }
            head.headers.append((lowerCased(bytes[position..<colon]), String(decoding: bytes[first..<last], as: UTF8.self)))
            position = end + 2
        }
    }

    /// Body framing, persistence and expectation from the headers.
    private static func interpret(_ head: inout HTTPRequestHead) throws(HTTPParseFailure) {
        var length: Int?
        var isChunked = false
        for (name, value) in head.headers {
            switch name {
            case "content-length":
                guard let number = contentLength(value) else { throw .malformed("Content-Length \(value.goQuoted) is not a number") }
                if let length, length != number { throw .malformed("Content-Length is given twice with different values") }
                length = number
            case "transfer-encoding":
                guard value.lowercased() == "chunked", !isChunked else { throw .unsupportedTransferCoding(value) }
                isChunked = true
            case "connection":
                for part in value.split(separator: ",") {
                    switch part.trimmingSpaces().lowercased() {
                    case "close": head.keepsAlive = false
                    case "keep-alive": head.keepsAlive = true
                    default: break
                    }
                }
            case "expect":
                head.expectsContinue = value.lowercased() == "100-continue"
            default: break
            }
        }
        if isChunked, length != nil { throw .malformed("both Content-Length and Transfer-Encoding are given") }
        if isChunked, !head.isVersion11 { throw .malformed("HTTP/1.0 has no chunked bodies") }
        if isChunked { head.body = .chunked } else if let length, length > 0 { head.body = .fixed(length) }
    }

    private static func lowerCased(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(unsafeUninitializedCapacity: bytes.count) { out in
            var index = 0
            for byte in bytes {
                out[index] = byte >= 65 && byte <= 90 ? byte | 0x20 : byte
                index += 1
            }
            return index
        }
    }

    /// The number of a Content-Length; nil when it is none.
    static func contentLength(_ value: String) -> Int? {
        guard let number = Int(value), number >= 0, value.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return number
    }

    static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isTokenByte) }

    /// Whether this may be the name of a header in HTTP/2.
    static func isLowerCaseToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isTokenByte($0) && !($0 >= 65 && $0 <= 90) }
    }

    static func isFieldValue(_ text: String) -> Bool { text.utf8.allSatisfy(isFieldByte) }

    private static func isFieldByte(_ byte: UInt8) -> Bool { byte >= 32 && byte != 127 || byte == 9 }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 33, 35, 36, 37, 38, 39, 42, 43, 45, 46, 94, 95, 96, 124, 126: true
        default: false
        }
    }
}
