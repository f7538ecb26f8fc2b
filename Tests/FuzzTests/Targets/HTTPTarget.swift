import APIMachinery
import KubeClient
import NIOCore

@testable import APIServer

extension FuzzTarget {
    static let httpTokens = [
        "\r\n", "\r\n\r\n", "\n", "\r", " ", "\t", ":", "GET", "POST", "PUT", "HEAD", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", " / HTTP/1.1\r\n", "Host: x\r\n",
        "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
        "Expect: 100-continue\r\n", "Content-Encoding: gzip\r\n", "Content-Type: application/json\r\n", "Accept: */*\r\n", "0\r\n\r\n", "5\r\nabcde\r\n",
        "fffffffffffffff\r\n", ";x=y", "Trailer: a\r\n", "%2F", "%", "%00", "?", "&", "=", "+", "http://h/", "é",
    ]

    static let http = FuzzTarget("http", tokens: httpTokens, nesting: [("A: b\r\n", ""), ("1\r\na\r\n", ""), ("GET / HTTP/1.1\r\n\r\n", "")]) {
        { input, seen in try HTTPRules.check(input, &seen) }
    }
}

/// What holds for all bytes that arrive on an HTTP/1.1 connection.
enum HTTPRules {
    /// Source: apiserver `pkg/server/config.go` MaxRequestBodyBytes.
    private static let largestBody = 3 << 20

    /// What a parser finds in bytes that arrive in pieces of one size.
    struct Reading: Equatable {
        var requests: [(head: HTTPRequestHead, body: [UInt8])] = []
        var isComplete = true
        var failure: HTTPParseFailure?

        init(_ input: [UInt8], pieces: Int) throws(Violation) {
            var parser = HTTPRequestParser()
            var buffer = ByteBuffer()
            var rest = input[...]
            while !rest.isEmpty {
                buffer.writeBytes(rest.prefix(pieces))
                rest = rest.dropFirst(pieces)
                do throws(HTTPParseFailure) {
                    while try take(&parser, &buffer) {}
                } catch {
                    failure = error
                    return
                }
                try Violation.unless(
                    buffer.readableBytes <= HTTPRequestParser.Limits.head + pieces, "a parser holds no more than a head", "\(buffer.readableBytes) bytes")
            }
        }

        private mutating func take(_ parser: inout HTTPRequestParser, _ buffer: inout ByteBuffer) throws(HTTPParseFailure) -> Bool {
            switch try parser.next(&buffer) {
            case .needsMore: return false
            case .head(let head):
                requests.append((head, []))
                isComplete = false
            case .body(let piece): requests[requests.count - 1].body += piece.readableBytesView
            case .end: isComplete = true
            }
            return true
        }

        static func == (left: Reading, right: Reading) -> Bool {
            // What is at fault in several ways is refused for what is seen first.
            (left.failure == nil) == (right.failure == nil) && left.isComplete == right.isComplete
                && left.requests.elementsEqual(right.requests) { text($0.head) == text($1.head) && $0.body == $1.body }
        }
    }

    static func check(_ input: [UInt8], _ seen: inout Observation) throws {
        let whole = try Reading(input, pieces: max(1, input.count))
        seen.note("requests", whole.requests.count)
        if let failure = whole.failure {
            seen.note(message: failure.message)
            try Violation.unlessClean(failure.message)
            try Violation.unless([400, 414, 431, 501, 505].contains(failure.status), "a refusal has one of the codes for it", "\(failure)")
        }
        for size in input.count < 2000 ? [1, 7] : [97] {
            let pieces = try Reading(input, pieces: size)
            try Violation.unless(pieces == whole, "pieces make the same requests", "\(pieces)\nin place of \(whole)")
        }
        for (head, body) in whole.requests {
            try self.check(head, &seen)
            seen.note("body", body.count)
            if case .fixed(let count) = head.body, whole.isComplete {
                try Violation.unless(body.count == count, "a body has the length it announces", "\(body.count), not \(count)")
            }
            switch RequestAssembly.request(head, body: body) {
            case .success(let request):
                seen.note("query", request.query.count)
                try Violation.unless(request.body.count <= largestBody, "a body is no larger than its limit")
                let query = QueryItem.encode(request.query)
                try Violation.unless(QueryItem.parse(query) == request.query, "a query reads back as itself", query)
                seen.note("segments", request.path.split(separator: "/").count)
            case .failure(let status): try Refusal.check(status, &seen, codes: [400, 405, 413])
            }
        }
    }

    /// A head whose text is parsed differently by the next one in line lets requests be smuggled.
    private static func check(_ head: HTTPRequestHead, _ seen: inout Observation) throws {
        seen.note("headers", head.headers.count)
        seen.note("\(head.isVersion11) \(head.keepsAlive) \(head.expectsContinue)")
        try Violation.unless(head.headers.count <= HTTPRequestParser.Limits.fields, "a head has no more headers than its limit")
        try Violation.unless(head.target.utf8.count <= HTTPRequestParser.Limits.target, "a target is no longer than its limit")
        let isClean = head.headers.allSatisfy { name, value in
            name == name.lowercased() && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }
        }
        try Violation.unless(isClean, "headers have names in lower case and values without control characters")
        // Bytes that are no UTF-8 grow when they are replaced, so that a head at its limits may not fit again.
        guard text(head).utf8.count < HTTPRequestParser.Limits.target else { return }
        let again = try Reading(Array(text(head).utf8), pieces: HTTPRequestParser.Limits.target)
        try Violation.unless(again.requests.first.map { text($0.head) } == text(head), "a head reads back as itself", text(head))
    }

    static func text(_ head: HTTPRequestHead) -> String {
        let fields = head.headers.map { "\($0): \($1)\r\n" }.joined()
        return "\(head.method) \(head.target) HTTP/1.\(head.isVersion11 ? 1 : 0)\r\n\(fields)\r\n"
    }
}
