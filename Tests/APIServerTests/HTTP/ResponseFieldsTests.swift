import KubeClient
import NIOCore
import NIOHPACK
import Testing

@testable import APIServer

struct ResponseFieldsTests {
    private static let response = APIResponse(
        status: 200, contentType: "application/json",
        headers: [("Retry-After", "1"), ("x-bad", "a\r\nb"), ("x bad", "y"), ("", "z"), ("etag", "\"t\""), ("audit-id", "7")], body: .bytes([]))

    private func head(_ response: APIResponse, isGzipped: Bool = false, closes: Bool = false) -> String {
        var out = ByteBuffer()
        ResponseWriter.writeHead(response, framing: .length(3), closes: closes, isGzipped: isGzipped, date: "now", into: &out)
        return String(buffer: out)
    }

    @Test func `a head of HTTP/1.1 has its names in capitals and nothing that ends a line`() {
        #expect(
            head(Self.response, isGzipped: true, closes: true) == """
                HTTP/1.1 200 OK\r
                Audit-Id: 7\r
                Content-Type: application/json\r
                Retry-After: 1\r
                Etag: "t"\r
                Cache-Control: no-cache, private\r
                Date: now\r
                Content-Encoding: gzip\r
                Vary: Accept-Encoding\r
                Content-Length: 3\r
                Connection: close\r
                \r

                """)
    }

    @Test(arguments: [[], [("cache-control", "public")], [("cache-control", "a\nb")], [("a", "1"), ("a", "2")]])
    func `both protocols send the same fields`(headers: [(String, String)]) {
        let response = APIResponse(headers: headers + [("audit-id", "7")], body: .bytes([]))
        let first = head(response).split(separator: "\r\n").dropFirst().map { $0.split(separator: ": ", maxSplits: 1) }
        let second = HTTP2ResponseHead.list(response, .known(3), isGzipped: false, date: "now").dropFirst()
        #expect(first.map { "\($0[0].lowercased()): \($0[1])" } == second.map { "\($0.name): \($0.value)" })
    }
}
