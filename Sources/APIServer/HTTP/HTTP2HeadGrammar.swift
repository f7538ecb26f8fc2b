internal import KubeClient
internal import NIOHPACK

/// Turns the header list of an HTTP/2 request into an `HTTPRequestHead`. Source: RFC 9113 section 8.
enum HTTP2HeadGrammar {
    /// What a header list is.
    enum Outcome {
        case request(HTTPRequestHead)
        /// A request that gets an answer without being looked at.
        case refused(HTTPRequestHead, APIResponse)
        /// No request: the stream is reset.
        case malformed
    }

    private struct Pseudo {
        var method: String?
        var scheme: String?
        var path: String?
        var authority: String?

        /// False for a name that is unknown or was given before.
        mutating func set(_ name: String, _ value: String) -> Bool {
            switch name {
            case ":method": Self.set(&method, value)
            case ":scheme": Self.set(&scheme, value)
            case ":path": Self.set(&path, value)
            case ":authority": Self.set(&authority, value)
            default: false
            }
        }

        private static func set(_ field: inout String?, _ value: String) -> Bool {
            guard field == nil else { return false }
            field = value
            return true
        }
    }

    /// `endsStream` says that no body follows.
    static func parse(_ list: HPACKHeaders, endsStream: Bool) -> Outcome {
        var pseudo = Pseudo()
        var head = HTTPRequestHead(
            method: "", target: "", isVersion11: true, headers: [], body: .none, keepsAlive: true, expectsContinue: false)
        head.headers.reserveCapacity(list.count)
        var size = 0
        var count = 0
        for (name, value, _) in list {
            size += name.utf8.count + value.utf8.count + 4
            count += 1
            guard name.utf8.first != UInt8(ascii: ":") else {
                guard head.headers.isEmpty, pseudo.set(name, value) else { return .malformed }
                continue
            }
            guard HTTPHeadGrammar.isLowerCaseToken(name), HTTPHeadGrammar.isFieldValue(value) else { return .malformed }
            add(name, value, to: &head)
        }
        guard let method = pseudo.method, HTTPHeadGrammar.isToken(method), let target = target(pseudo, method) else { return .malformed }
        head.method = method
        head.target = target
        if let authority = pseudo.authority {
            guard HTTPHeadGrammar.isFieldValue(authority) else { return .malformed }
            // It stands for Host, whatever that says (section 8.3.1).
            head.headers.removeAll { $0.0 == "host" }
            head.headers.append(("host", authority))
        }
        guard setBody(&head, endsStream: endsStream) else { return .malformed }
        if target.utf8.count > HTTPRequestParser.Limits.target { return .refused(head, ResponseMaking.failure(.targetTooLong)) }
        if size > HTTPRequestParser.Limits.head || count > HTTPRequestParser.Limits.fields {
            return .refused(head, ResponseMaking.failure(.headTooLarge))
        }
        if let refusal = refusal(head) { return .refused(head, ResponseMaking.text("\(refusal)\n", status: 400)) }
        return .request(head)
    }

    private static func add(_ name: String, _ value: String, to head: inout HTTPRequestHead) {
        let value = String(value[...].trimmingSpaces())
        // Cookies come in crumbs (section 8.2.3), which a server of HTTP/1.1 behind a proxied request wants in one.
        if name == "cookie", let index = head.headers.firstIndex(where: { $0.0 == "cookie" }) {
            head.headers[index].1 += "; \(value)"
            return
        }
        if name == "expect" { head.expectsContinue = value.lowercased() == "100-continue" }
        head.headers.append((name, value))
    }

    private static func target(_ pseudo: Pseudo, _ method: String) -> String? {
        if method == "CONNECT" {
            guard pseudo.path == nil, pseudo.scheme == nil, let authority = pseudo.authority, !authority.isEmpty else { return nil }
            return authority
        }
        guard pseudo.scheme == "https" || pseudo.scheme == "http", let path = pseudo.path else { return nil }
        guard path.utf8.first == UInt8(ascii: "/") || path == "*" && method == "OPTIONS" else { return nil }
        return path.utf8.allSatisfy { $0 > 32 && $0 < 127 } ? path : nil
    }

    /// False when the lengths given contradict each other or the end of the stream.
    private static func setBody(_ head: inout HTTPRequestHead, endsStream: Bool) -> Bool {
        var length: Int?
        for (name, value) in head.headers where name == "content-length" {
            guard let number = HTTPHeadGrammar.contentLength(value), length ?? number == number else { return false }
            length = number
        }
        if endsStream { return length ?? 0 == 0 }
        head.body = length.map { .fixed($0) } ?? .chunked
        return true
    }

    /// In the words of golang.org/x/net `http2/server.go` checkValidHTTP2RequestHeaders.
    private static func refusal(_ head: HTTPRequestHead) -> String? {
        for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] where head.header(name) != nil {
            return "request header \"\(ResponseWriter.canonical(name))\" is not valid in HTTP/2"
        }
        let te = head.headers.filter { $0.0 == "te" }.map(\.1)
        guard te.isEmpty || te == ["trailers"] || te == [""] else {
            return "request header \"TE\" may only be \"trailers\" in HTTP/2"
        }
        return nil
    }
}
