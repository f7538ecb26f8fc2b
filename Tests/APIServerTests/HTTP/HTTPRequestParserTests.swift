import NIOCore
import Testing

@testable import APIServer

struct HTTPRequestParserTests {
    /// Everything the parser finds in `text`, fed in pieces of `size` bytes.
    private func parse(_ text: String, pieces size: Int = .max) throws -> [String] {
        var parser = HTTPRequestParser()
        var buffer = ByteBuffer()
        var found: [String] = []
        var rest = Array(text.utf8)[...]
        repeat {
            let piece = rest.prefix(size)
            rest = rest.dropFirst(piece.count)
            buffer.writeBytes(piece)
            loop: while true {
                switch try parser.next(&buffer) {
                case .needsMore: break loop
                case .head(let head): found.append("\(head.method) \(head.target) \(head.keepsAlive)")
                case .body(let body): found.append("body:\(String(buffer: body))")
                case .end: found.append("end")
                }
            }
        } while !rest.isEmpty
        return found
    }

    @Test func `two pipelined requests come out in order`() throws {
        let text = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        #expect(try parse(text) == ["GET /a true", "end", "POST /b false", "body:abc", "end"])
    }

    @Test func `bytes that arrive one at a time make the same request`() throws {
        let found = try parse(
            "POST /b?x=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n", pieces: 1)
        #expect(found.filter { $0.hasPrefix("body") }.map { $0.dropFirst(5) }.joined() == "abcde")
        #expect(found.first == "POST /b?x=1 true")
        #expect(found.last == "end")
    }

    @Test(arguments: [
        "GET  /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/2.0\r\n\r\n",
        "GET /a\r\n\r\n",
        "G<T /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /a HTTP/1.1\r\nA: x\r\n folded\r\n\r\n",
        "GET /a HTTP/1.1\r\nA: \u{1}\r\n\r\n",
        "POST /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        "POST /a HTTP/1.1\r\nContent-Length: -3\r\n\r\n",
        "POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
    ])
    func `what is not a well-formed request is refused`(text: String) {
        #expect(throws: HTTPParseFailure.self) { try parse(text) }
    }

    @Test func `a request line and a head have a limit`() {
        let path = String(repeating: "a", count: HTTPRequestParser.Limits.target)
        #expect(throws: HTTPParseFailure.targetTooLong) { try parse("GET /\(path)") }
        let header = "A: \(String(repeating: "a", count: 30_000))\r\n"
        #expect(throws: HTTPParseFailure.headTooLarge) { try parse("GET / HTTP/1.1\r\n\(header)\(header)\(header)\r\n") }
    }
}
