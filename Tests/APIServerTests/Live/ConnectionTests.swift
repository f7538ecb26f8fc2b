import APIMachinery
import Crypto
import JSONCore
import KubeClient
import LinuxKernel
import NIOSSL
import ObjectStore
import Testing

@testable import APIServer

struct ConnectionTests {
    @Test func `requests on one connection are answered in order, pipelined or not`() async throws {
        try await TLSServer.with { server async throws in
            let text = "GET /version HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let answer = try await server.exchange(text)
            #expect(answer.split(separator: "HTTP/1.1 200 OK", omittingEmptySubsequences: false).count == 3)
            #expect(answer.contains("Audit-Id: "))
            #expect(answer.contains("Cache-Control: no-cache, private"))
            #expect(answer.contains("Content-Length: 2\r\nConnection: close\r\n\r\nok"))
        }
    }

    @Test(arguments: [
        ("GET /\(String(repeating: "a", count: 40_000)) HTTP/1.1\r\n\r\n", "HTTP/1.1 414"),
        ("GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 70_000))\r\n\r\n", "HTTP/1.1 431"),
        ("nonsense\r\n\r\n", "HTTP/1.1 400"), ("GET / HTTP/3.0\r\n\r\n", "HTTP/1.1 505"),
        ("BREW /version HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405"),
        ("POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "HTTP/1.1 413"),
        ("GET /version HTTP/1.1\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"),
    ])
    func `a request that breaks the rules gets one answer`(text: String, status: String) async throws {
        try await TLSServer.with { server async throws in
            let answer = try await server.exchange(text)
            #expect(answer.hasPrefix(status), "\(answer.prefix(300))")
        }
    }

    @Test func `a certificate is known by its digest`() async throws {
        try await TLSServer.with { server async throws in
            let body = "{\"kind\":\"SelfSubjectReview\",\"apiVersion\":\"authentication.k8s.io/v1\"}"
            let answer = try await server.exchange(
                "POST /apis/authentication.k8s.io/v1/selfsubjectreviews HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let certificate = try NIOSSLCertificate.fromPEMFile("\(server.directory)/pki/admin.crt")[0]
            let hex = SHA256.hash(data: try certificate.toDERBytes()).map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
            #expect(answer.contains("\"authentication.kubernetes.io/credential-id\":[\"X509SHA256=\(hex)\"]"), "\(answer)")
        }
    }

    @Test func `without a certificate one is nobody, and a bearer token is refused`() async throws {
        try await TLSServer.with { server async throws in
            let nobody = try await server.exchange("GET /api/v1/pods HTTP/1.1\r\nConnection: close\r\n\r\n", withCertificate: false)
            #expect(nobody.hasPrefix("HTTP/1.1 403"))
            #expect(nobody.contains("system:anonymous"))
            let bearer = "GET /api/v1/pods HTTP/1.1\r\nAuthorization: Bearer abc\r\nConnection: close\r\n\r\n"
            #expect(try await server.exchange(bearer, withCertificate: false).hasPrefix("HTTP/1.1 401"))
        }
    }

    @Test func `who may not send a body is told so before it comes`() async throws {
        try await TLSServer.with { server async throws in
            let head = "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
            for length in ["Content-Length: 3000000", "Transfer-Encoding: chunked"] {
                let nobody = try await server.exchange("\(head)\(length)\r\n\r\n", withCertificate: false)
                #expect(nobody.hasPrefix("HTTP/1.1 403"), "\(nobody)")
                let token = try await server.exchange("\(head)\(length)\r\nAuthorization: Bearer abc\r\n\r\n", withCertificate: false)
                #expect(token.hasPrefix("HTTP/1.1 401"), "\(token)")
            }
        }
    }

    @Test func `bodies may be chunked, and 100 is sent to who waits for it`() async throws {
        try await TLSServer.with { server async throws in
            let text = """
                POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\
                Content-Type: application/json\r\nConnection: close\r\n\r\n\
                8\r\n{"metada\r\n15\r\nta":{"name":"chunk"}}\r\n0\r\n\r\n
                """
            let answer = try await server.exchange(text)
            #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created"), "\(answer)")
        }
    }

    @Test func `a large answer is compressed for who accepts it`() async throws {
        try await TLSServer.with { server async throws in
            let text = "GET /openapi/v3/api/v1 HTTP/1.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
            let answer = try await server.exchange(text)
            #expect(answer.contains("Content-Encoding: gzip"))
        }
    }

    @Test func `an upload of any size reaches an extension while it arrives`() async throws {
        struct Count: ExtensionEndpoint {
            let path = "/kdash/v1/count"
            func handle(_ request: APIRequest, body: any ByteSource, as user: UserInfo) async throws(APIStatus) -> APIResponse {
                var total = 0
                while let bytes = try await body.next() { total += bytes.count }
                return APIResponse(contentType: "text/plain", body: .bytes(Array("\(total)".utf8)))
            }
        }
        try await TLSServer.with(extensions: [Count()]) { server async throws in
            let size = 8 << 20
            let body = String(repeating: "x", count: size)
            let answer = try await server.exchange(
                "POST /kdash/v1/count HTTP/1.1\r\nContent-Length: \(size)\r\nConnection: close\r\n\r\n\(body)")
            #expect(answer.hasSuffix("\(size)"), "\(answer.suffix(300))")
        }
    }

    @Test func `exec runs over a WebSocket and reports the exit code`() async throws {
        try await TLSServer.with { server async throws in
            server.nodes.register("n1", FakeNode())
            let api = TestServerCalls(server.server)
            try await api.create(
                "/api/v1/namespaces/default/pods",
                TestServer.pod("p", spec: "\"nodeName\":\"n1\",\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]"))
            let text = """
                GET /api/v1/namespaces/default/pods/p/exec?command=fail&stdout=true&stderr=true HTTP/1.1\r\nHost: x\r\n\
                Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n
                """
            let answer = try await server.exchange(text, until: "ExitCode")
            #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols"))
            #expect(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            #expect(answer.contains("ran fail"))
            #expect(answer.contains("NonZeroExitCode"))
        }
    }
}

/// In-process calls to a server that listens.
struct TestServerCalls {
    let server: APIServer
    init(_ server: APIServer) { self.server = server }

    func create(_ path: String, _ body: String) async throws {
        let request = APIRequest(.post, path: path, contentType: "application/json", body: Array(body.utf8))
        let response = await withCheckedContinuation { continuation in
            server.handle(request, as: TestServer.user) { continuation.resume(returning: $0) }
        }
        #expect(response.status == 201)
    }
}
