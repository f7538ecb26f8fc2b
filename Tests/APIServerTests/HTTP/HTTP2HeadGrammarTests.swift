import KubeClient
import NIOHPACK
import Testing

@testable import APIServer

struct HTTP2HeadGrammarTests {
    private static let plain = [(":method", "GET"), (":scheme", "https"), (":path", "/version"), (":authority", "kdash:6443")]

    private func parse(_ list: [(String, String)], endsStream: Bool = true) -> HTTP2HeadGrammar.Outcome {
        HTTP2HeadGrammar.parse(HPACKHeaders(list), endsStream: endsStream)
    }

    private func head(_ list: [(String, String)], endsStream: Bool = true) throws -> HTTPRequestHead {
        guard case .request(let head) = parse(list, endsStream: endsStream) else { throw Refused() }
        return head
    }

    private struct Refused: Error {}

    @Test func `a header list becomes the head that HTTP/1.1 would have`() throws {
        let head = try head(Self.plain + [("accept", " application/json "), ("x-a", "1"), ("cookie", "a=b"), ("cookie", "c=d")])
        #expect(head.method == "GET")
        #expect(head.target == "/version")
        #expect(head.header("host") == "kdash:6443")
        #expect(head.header("accept") == "application/json")
        #expect(head.header("cookie") == "a=b; c=d")
        #expect(head.body == .none)
        #expect(head.keepsAlive)
    }

    @Test func `the authority stands for Host`() throws {
        #expect(try head(Self.plain + [("host", "other")]).headers.filter { $0.0 == "host" }.map(\.1) == ["kdash:6443"])
        #expect(try head(Self.plain.filter { $0.0 != ":authority" } + [("host", "other")]).header("host") == "other")
    }

    @Test func `the body is as long as the head and the end of the stream say`() throws {
        #expect(try head(Self.plain, endsStream: false).body == .chunked)
        #expect(try head(Self.plain + [("content-length", "7")], endsStream: false).body == .fixed(7))
        #expect(try head(Self.plain + [("content-length", "0")]).body == .none)
        #expect(try head(Self.plain + [("expect", "100-continue")], endsStream: false).expectsContinue)
    }

    @Test(arguments: [
        [],
        [(":method", "GET"), (":scheme", "https")],
        [(":method", "GET"), (":path", "/version")],
        [(":scheme", "https"), (":path", "/version")],
        [(":method", "GET"), (":scheme", "gopher"), (":path", "/version")],
        [(":method", "GET"), (":scheme", "https"), (":path", "")],
        [(":method", "GET"), (":scheme", "https"), (":path", "version")],
        [(":method", "GET"), (":scheme", "https"), (":path", "*")],
        [(":method", "GET"), (":scheme", "https"), (":path", "/a b")],
        [(":method", "GET"), (":scheme", "https"), (":path", "/\u{e9}")],
        [(":method", "G T"), (":scheme", "https"), (":path", "/version")],
        [(":method", ""), (":scheme", "https"), (":path", "/version")],
        plain + [(":path", "/other")],
        plain + [(":status", "200")],
        plain + [(":protocol", "websocket")],
        plain + [("a", "b"), (":authority", "late")],
        [("a", "b")] + plain,
        plain + [("Accept", "x")],
        plain + [("a b", "x")],
        plain + [("", "x")],
        plain + [("a", "x\r\ny")],
        plain + [("a", "\0")],
        plain + [("content-length", "-1")],
        plain + [("content-length", "7")],
        plain + [("content-length", "99999999999999999999")],
        [(":method", "CONNECT"), (":scheme", "https"), (":path", "/"), (":authority", "a:1")],
        [(":method", "CONNECT")],
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a\nb")],
    ])
    func `what is no request is malformed`(list: [(String, String)]) {
        guard case .malformed = parse(list) else {
            Issue.record("\(list) was taken for a request")
            return
        }
    }

    @Test func `two lengths that differ are malformed`() {
        guard case .malformed = parse(Self.plain + [("content-length", "7"), ("content-length", "8")], endsStream: false) else {
            Issue.record("taken for a request")
            return
        }
    }

    @Test(arguments: [
        ([("connection", "Upgrade"), ("upgrade", "websocket")], 400, "request header \"Connection\" is not valid in HTTP/2\n"),
        ([("upgrade", "SPDY/3.1")], 400, "request header \"Upgrade\" is not valid in HTTP/2\n"),
        ([("transfer-encoding", "chunked")], 400, "request header \"Transfer-Encoding\" is not valid in HTTP/2\n"),
        ([("te", "gzip")], 400, "request header \"TE\" may only be \"trailers\" in HTTP/2\n"),
        ([("a", String(repeating: "x", count: 70_000))], 431, nil), (Array(repeating: ("a", "b"), count: 201), 431, nil),
    ])
    func `what no apiserver looks at is refused`(more: [(String, String)], status: Int, text: String?) throws {
        guard case .refused(_, let response) = parse(Self.plain + more), case .bytes(let bytes) = response.body else {
            Issue.record("not refused")
            return
        }
        #expect(response.status == status)
        if let text { #expect(String(decoding: bytes, as: UTF8.self) == text) }
    }

    @Test func `a path that is too long is refused`() {
        let list = [(":method", "GET"), (":scheme", "https"), (":path", "/\(String(repeating: "a", count: 40_000))")]
        guard case .refused(_, let response) = parse(list) else {
            Issue.record("not refused")
            return
        }
        #expect(response.status == 414)
    }

    @Test func `trailers may be asked for`() throws { #expect(try head(Self.plain + [("te", "trailers")]).header("te") == "trailers") }

    @Test func `an answer has the headers that HTTP/1.1 sends, and none that end a line`() {
        let response = APIResponse(
            status: 200, contentType: "application/json",
            headers: [("Retry-After", "1"), ("connection", "close"), ("x-bad", "a\r\nb"), ("x bad", "y"), ("audit-id", "7")], body: .bytes([]))
        let list = HTTP2ResponseHead.list(response, .known(3), isGzipped: true, date: "now")
        let found = list.map { "\($0.name): \($0.value)" }
        #expect(
            found == [
                ":status: 200", "audit-id: 7", "content-type: application/json", "retry-after: 1", "cache-control: no-cache, private",
                "date: now", "content-encoding: gzip", "vary: Accept-Encoding", "content-length: 3",
            ])
    }
}
