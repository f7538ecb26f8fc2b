import APIMachinery
import JSONCore
import KubeClient
import ObjectStore
import TestSupport
import Testing

@testable import APIServer

struct ProxyTests {
    private static let links = ProxyLinks(prefix: "/api/v1/namespaces/d/services/web/proxy", host: "127.0.0.1:6443")

    @Test(arguments: [
        ("/a", "/api/v1/namespaces/d/services/web/proxy/a"), ("/", "/api/v1/namespaces/d/services/web/proxy/"), ("a/b", "a/b"),
        ("?q=1", "?q=1"), ("http://other/x", "http://other/x"), ("https://127.0.0.1:6443/x?y#z", "/api/v1/namespaces/d/services/web/proxy/x?y#z"),
        ("//127.0.0.1:6443/x", "/api/v1/namespaces/d/services/web/proxy/x"), ("//cdn/x", "//cdn/x"), ("mailto:a//b", "mailto:a//b"),
        ("http://127.0.0.1:6443", "/api/v1/namespaces/d/services/web/proxy/"), ("", ""), ("/a//b", "/api/v1/namespaces/d/services/web/proxy/a//b"),
        ("/api/v1/namespaces/d/services/web/proxy/a", "/api/v1/namespaces/d/services/web/proxy/a"),
    ])
    func `links to the server behind lead through the proxy`(link: String, expected: String) {
        #expect(Self.links.rewritten(link) == expected)
    }

    private static let page = """
        <!DOCTYPE html><html><head><title></a href="/t"></title><link rel=x href='/s.css'><script>var a = "<a href=\\"/no\\">";</script></head>
        <!-- <a href="/no"> --><body background=/bg><A HREF="/a?b=1&c" class="/no">x < y</A><img src=rel.png><img alt="a > b" src = "/i.png" />
        <form action="/f"><p title="/no"></form></body></html>
        """
    private static let rewritten = """
        <!DOCTYPE html><html><head><title></a href="/t"></title><link rel=x href='/P/s.css'><script>var a = "<a href=\\"/no\\">";</script></head>
        <!-- <a href="/no"> --><body background=/P/bg><A HREF="/P/a?b=1&c" class="/no">x < y</A><img src=rel.png><img alt="a > b" src = "/P/i.png" />
        <form action="/P/f"><p title="/no"></form></body></html>
        """

    @Test(arguments: [1, 2, 7, 10_000])
    func `the links of a page are rewritten, however it arrives`(size: Int) {
        var rewriter = HTMLLinkRewriter(ProxyLinks(prefix: "/P", host: "h"))
        var out: [UInt8] = []
        var rest = Array(Self.page.utf8)[...]
        while !rest.isEmpty {
            out += rewriter.rewrite(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        out += rewriter.finish()
        #expect(String(decoding: out, as: UTF8.self) == Self.rewritten)
    }

    @Test func `a tag without an end is not held for ever`() {
        var rewriter = HTMLLinkRewriter(ProxyLinks(prefix: "/P", host: "h"))
        var total = 0
        for _ in 0..<100 { total += rewriter.rewrite([UInt8](repeating: 97, count: 4096).enumerated().map { $0 == 0 && total == 0 ? 60 : $1 }).count }
        #expect(total + rewriter.finish().count == 409_600)
        #expect(total > 300_000)
    }

    @Test func `random markup never traps and keeps its length where nothing is rewritten`() {
        var random = SeededGenerator(seed: 3)
        let pieces = ["<", ">", "a", " href", "=", "\"", "'", "/", "<!--", "-->", "<script>", "</script>", "x", "\n", "<img src="]
        for _ in 0..<2000 {
            let text = (0..<Int(random.next() % 40)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            var rewriter = HTMLLinkRewriter(ProxyLinks(prefix: "", host: "h"))
            let out = rewriter.rewrite(Array(text.utf8)) + rewriter.finish()
            #expect(String(decoding: out, as: UTF8.self) == text)
        }
    }

    @Test(arguments: [
        ("web", false, "web", ""), ("web:80", false, "web", "80"), ("https:web:", true, "web", ""), (":web:p", false, "web", "p"),
        ("http:web:80", false, "web", "80"),
    ])
    func `the name in a path says scheme, object and port`(text: String, isTLS: Bool, name: String, port: String) {
        let parsed = ProxyTarget.Name(text)
        #expect(parsed?.isTLS == isTLS)
        #expect(parsed?.name == name)
        #expect(parsed?.port == port)
    }

    @Test(arguments: ["", ":", "ftp:web:80", "a:b:c:d", "http::80"])
    func `a name that says none of it is refused`(text: String) { #expect(ProxyTarget.Name(text) == nil) }

    @Test(
        arguments: [
            ("/api/v1/namespaces/d/pods/p/proxy", "/api/v1/namespaces/d/pods/p/proxy", "", nil),
            ("/api/v1/namespaces/d/services/https:w:1/proxy/?x=%20", "/api/v1/namespaces/d/services/https:w:1/proxy", "/", "x=%20"),
            ("/api/v1/nodes/n/proxy/a%2Fb//c", "/api/v1/nodes/n/proxy", "/a/b/c", nil),
            ("https://h/api/v1/nodes/n/proxy/a", "/api/v1/nodes/n/proxy", "/a", nil),
        ] as [(String, String, String, String?)])
    func `a target is cut at the proxy and passed on with its query as it was written`(target: String, prefix: String, path: String, query: String?) {
        #expect(ProxyRequest.isProxied(target))
        let request = ProxyRequest(Self.head(target), peer: "10.0.0.9")
        #expect(request.prefix == prefix)
        #expect(request.path == path)
        #expect(request.query == query)
    }

    @Test(arguments: [
        "/api/v1/namespaces/d/pods/proxy", "/api/v1/namespaces/proxy/pods/p", "/apis/v1/namespaces/d/pods/p/proxy", "/api/v1/pods/p/proxy/a",
        "/api/v1/namespaces/d/secrets/p/proxy", "/kdash/v1/images?x=/api/v1/nodes/n/proxy",
    ])
    func `other paths are not proxied`(target: String) { #expect(!ProxyRequest.isProxied(target)) }

    private static func head(_ target: String, _ headers: [(String, String)] = []) -> HTTPRequestHead {
        HTTPRequestHead(
            method: "GET", target: target, isVersion11: true, headers: headers, body: .none, keepsAlive: true, expectsContinue: false)
    }

    @Test(arguments: [
        ("", ""), ("/", "/"), ("/a%2Fb%20c", "/a/b%20c"), ("/a//b/", "/a/b/"), ("/a%2F..%2Fb", "/b"), ("/..%2F..", "/"), ("/a/./b", "/a/b"),
        ("/%C3%A4?", "/%C3%A4%3F"), ("/a%25b", "/a%25b"), ("/x(1)!", "/x%281%29%21"), ("/k=v;w,$&+:@~", "/k=v;w,$&+:@~"),
        ("/%CC%81x", "/%CC%81x"), ("/a/../%CC%81", "/%CC%81"),
    ])
    func `a server behind is asked for what a path means`(path: String, expected: String) {
        #expect(ProxyPath.location(path) == expected)
    }

    @Test func `who asked is not passed on, from where is`() {
        let request = ProxyRequest(
            Self.head(
                "/api/v1/nodes/n/proxy/a",
                [
                    ("host", "api:6443"), ("authorization", "Bearer secret"), ("impersonate-user", "x"), ("connection", "close, x-hop"),
                    ("x-hop", "1"), ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-uri", "forged"), ("accept", "*/*"), ("cookie", "c"),
                ]), peer: "10.0.0.9")
        let headers = request.forwardedHeaders()
        #expect(headers.map(\.0) == ["host", "accept", "cookie", "x-forwarded-for", "x-forwarded-uri", "x-forwarded-host", "x-forwarded-proto"])
        #expect(headers.first { $0.0 == "x-forwarded-for" }?.1 == "1.2.3.4, 10.0.0.9")
        #expect(headers.first { $0.0 == "x-forwarded-uri" }?.1 == "/api/v1/nodes/n/proxy/a")
    }

    @Test func `a service without ready endpoints, an unknown port and an unknown name say so`() async throws {
        try await TestServer.with { api async throws in
            let service = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\"},\"spec\":{\"ports\":[{\"port\":80}]}}"
            _ = try await api.call(.post, "/api/v1/namespaces/default/services", service)
            func get(_ name: String) async throws -> TestServer.Answer {
                try await api.call(.get, "/api/v1/namespaces/default/services/\(name)/proxy/")
            }
            let none = try await get("web")
            #expect(none.status == 503)
            #expect(none.message == "no endpoints available for service \"web\"")
            #expect(try await get("web:81").message == "no service port 81 found for service \"web\"")
            #expect(try await get("ftp:web:80").message == "invalid service request \"ftp:web:80\"")
            #expect(try await get("nosuch").status == 404)
            let root = try await api.call(.get, "/api/v1/namespaces/default/services/web/proxy?a=b")
            #expect(root.status == 503)
        }
    }

    @Test func `loopback and link-local endpoints are not reached`() async throws {
        try await TestServer.with { api async throws in
            let service = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\"},\"spec\":{\"ports\":[{\"port\":80}]}}"
            _ = try await api.call(.post, "/api/v1/namespaces/default/services", service)
            let slice = """
                {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4","metadata":{"name":"web-1",
                "labels":{"kubernetes.io/service-name":"web"}},"endpoints":[{"addresses":["169.254.169.254"]}],"ports":[{"name":"","port":80}]}
                """
            let refused = try await api.call(.post, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", slice)
            #expect(refused.status == 422, "\(refused.value)")
            // As an older program has left it: written past the server.
            var left = KubeObject(try JSON.parse(Array(slice.utf8)))
            left.value["metadata", "namespace"] = "default"
            left.uid = "u"
            let (bytes, splice) = ObjectCoding.encode(left)
            let write = ObjectWrite(
                key: ObjectKey(group: "discovery.k8s.io", resource: "endpointslices", namespace: "default", name: "web-1"), bytes: bytes,
                spliceOffset: splice, precondition: .mustNotExist, writer: "test")
            await withCheckedContinuation { done in api.store.submit([write]) { _ in done.resume() } }
            try #require(try await api.call(.get, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/web-1").status == 200)
            let answer = try await api.call(.get, "/api/v1/namespaces/default/services/web/proxy/")
            #expect(answer.message == "address not allowed")
        }
    }

    @Test func `a node's agent answers for itself, by its port too`() async throws {
        try await TestServer.with { api async throws in
            api.nodes.register("n1", FakeNode())
            _ = try await api.call(.post, "/api/v1/nodes", "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}")
            #expect(try await api.call(.get, "/api/v1/nodes/n1/proxy/healthz").value == "ok")
            let summary = try await api.call(.get, "/api/v1/nodes/n1:10250/proxy/stats/summary")
            #expect(summary.value["node", "nodeName"]?.stringValue == "n1")
            #expect(try await api.call(.post, "/api/v1/nodes/n1/proxy/healthz", "{}").status == 405)
        }
    }
}

extension ProxyRequest {
    /// A POST of a body of this length, or chunked.
    static func posted(_ length: Int?) -> ProxyRequest {
        ProxyRequest(
            HTTPRequestHead(
                method: "POST", target: "/api/v1/namespaces/d/services/https:w:1/proxy/a%20b?q=1", isVersion11: true,
                headers: [("host", "api:6443"), ("content-type", "text/x")], body: length.map { .fixed($0) } ?? .chunked, keepsAlive: true,
                expectsContinue: false), peer: "10.0.0.9")
    }
}
