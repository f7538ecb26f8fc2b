import APIMachinery
import KubeClient
import KubeClientHTTP
import LinuxKernel
import NIOHTTP1
import Synchronization
import Testing

private func transport(
    _ server: TestServer, scheme: String = "http", user: KubeconfigUser = KubeconfigUser(), runsPlugins: Bool = false,
    timeouts: HTTPTransport.Timeouts = HTTPTransport.Timeouts()
) throws -> HTTPTransport {
    let cluster = KubeconfigCluster(server: "\(scheme)://127.0.0.1:\(server.port)/prefix/")
    return try HTTPTransport(
        context: KubeconfigContext(name: "test", cluster: cluster, user: user), runsPlugins: runsPlugins, timeouts: timeouts)
}

@Suite(.timeLimit(.minutes(5))) struct HTTPTransportTests {
    @Test func `a request arrives as it was made and its answer comes back`() async throws {
        let server = try await TestServer.start { _ in .whole(201, [("content-type", "application/json"), ("X-Test", "yes")], "{\"a\":1}") }
        let transport = try transport(server, user: KubeconfigUser(token: "secret"))
        let request = APIRequest(
            .post, path: "/api/v1/pods", query: [QueryItem("dryRun", "All"), QueryItem("x", "a b&c")], contentType: "application/json",
            body: Array("{}".utf8),
            userAgent: "test/1")
        let response = try await transport.send(request)
        #expect(response.status == 201)
        #expect(response.contentType == "application/json")
        #expect(response.header("x-test") == "yes")
        guard case .bytes(let body) = response.body else {
            Issue.record("a stream came back")
            return
        }
        #expect(body == Array("{\"a\":1}".utf8))
        let seen = try #require(server.requests.withLock { $0.first })
        #expect(seen.head.uri == "/prefix/api/v1/pods?dryRun=All&x=a%20b%26c")
        #expect(seen.head.headers["authorization"] == ["Bearer secret"])
        #expect(seen.head.headers["user-agent"] == ["test/1"])
        #expect(seen.head.headers["content-length"] == ["2"])
        #expect(seen.body == Array("{}".utf8))
        transport.close()
        await server.stop()
    }

    @Test func `a connection is kept for the next request`() async throws {
        let server = try await TestServer.start { _ in .whole(200, [], "{}") }
        let transport = try transport(server)
        for _ in 0..<5 { _ = try await transport.send(APIRequest(path: "/version")) }
        #expect(server.requests.withLock { Set($0.map(\.connection)) } == [1])
        transport.close()
        await server.stop()
    }

    @Test func `a read on a connection that was given up meanwhile is sent again, a write is not`() async throws {
        let server = try await TestServer.start { request in
            request.connection == 1 && request.head.uri.hasSuffix("second") ? .hangUp : .whole(200, [], "{}")
        }
        let transport = try transport(server)
        _ = try await transport.send(APIRequest(path: "/first"))
        #expect(try await transport.send(APIRequest(path: "/second")).status == 200)
        #expect(server.requests.withLock { $0.map(\.connection) } == [1, 1, 2])
        transport.close()
        await server.stop()

        let other = try await TestServer.start { request in request.head.method == .POST ? .hangUp : .whole(200, [], "{}") }
        let writing = try HTTPTransport(
            context: KubeconfigContext(name: "x", cluster: KubeconfigCluster(server: "http://127.0.0.1:\(other.port)")), runsPlugins: false)
        _ = try await writing.send(APIRequest(path: "/first"))
        let error = await #expect(throws: APIStatus.self) {
            _ = try await writing.send(APIRequest(.post, path: "/second", body: [0x7B, 0x7D]))
        }
        #expect(error?.message.contains("closed the connection before it answered") == true)
        #expect(other.requests.withLock { $0.count } == 2)
        writing.close()
        await other.stop()
    }

    @Test func `a watch delivers events as they come and ends the connection when it is cancelled`() async throws {
        let lines = [
            "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}}\n{\"type\":\"MODI",
            "FIED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\"}}}\n",
        ]
        let server = try await TestServer.start { _ in .open(lines) }
        let client = KubeClient(transport: try transport(server))
        let stream = try await client.watch(
            GroupVersionResource(group: "", version: "v1", resource: "pods"), namespace: "default", from: "5")
        var events = stream.makeAsyncIterator()
        #expect(try await events.next()?.object?.name == "a")
        #expect(try await events.next()?.object?.name == "b")
        stream.cancel()
        #expect(try await events.next() == nil)
        #expect(
            server.requests.withLock { $0.first?.head.uri }
                == "/prefix/api/v1/namespaces/default/pods?resourceVersion=5&watch=true&allowWatchBookmarks=true")
        await server.stop()
    }

    @Test func `a body that breaks off is an error, not an end`() async throws {
        let server = try await TestServer.start { _ in .broken(["half"]) }
        let source = try await transport(server).stream(APIRequest(path: "/log"))
        #expect(try await source.next() == Array("half".utf8))
        let error = await #expect(throws: APIStatus.self) { _ = try await source.next() }
        #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
        await server.stop()
    }

    @Test func `a reader that does not read stops the sender`() async throws {
        let size = 64 << 20
        let server = try await TestServer.start { _ in .flood(size) }
        let source = try await transport(server).stream(APIRequest(path: "/log"))
        var total = 0
        var most = 0
        while let bytes = try await source.next(maximum: 1 << 20) {
            total += bytes.count
            // Far less than the whole may wait in this process at any moment.
            if let channel = source as? ByteChannel { most = max(most, channel.waitingBytes) }
        }
        #expect(most < 4 << 20)
        #expect(total == size)
        await server.stop()
    }

    @Test func `a refusal is thrown as its status, also when it is no JSON`() async throws {
        let server = try await TestServer.start { request in
            request.head.uri.hasSuffix("json")
                ? .whole(403, [], "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"no\",\"reason\":\"Forbidden\",\"code\":403}")
                : .whole(502, [], "<html>bad gateway</html>")
        }
        let transport = try transport(server)
        let json = await #expect(throws: APIStatus.self) { _ = try await transport.stream(APIRequest(path: "/json")) }
        #expect(json?.reason == .forbidden)
        #expect(json?.message == "no")
        let html = await #expect(throws: APIStatus.self) { _ = try await transport.stream(APIRequest(path: "/html")) }
        #expect(html?.code == 502)
        #expect(html?.message.contains("bad gateway") == true)
        transport.close()
        await server.stop()
    }

    @Test func `a server that says nothing is given up after the timeout`() async throws {
        let server = try await TestServer.start { _ in .silence }
        let transport = try transport(server, timeouts: HTTPTransport.Timeouts(response: 1))
        let error = await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: "/version")) }
        #expect(error?.code == 504)
        #expect(error?.message == "http://127.0.0.1:\(server.port)/prefix/ did not answer within 1 seconds")
        await server.stop()
    }

    @Test func `a port nobody listens on is named with the remedy`() async throws {
        let server = try await TestServer.start { _ in .silence }
        await server.stop()
        let transport = try transport(server)
        let error = await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: "/version")) }
        #expect(error?.code == 503)
        #expect(error?.message == "cannot reach http://127.0.0.1:\(server.port)/prefix/: connection refused; is the cluster running?")
    }

    @Test func `TLS to a server that speaks none says so`() async throws {
        let server = try await TestServer.start { _ in .whole(200, [], "{}") }
        let transport = try transport(server, scheme: "https", timeouts: HTTPTransport.Timeouts(response: 20))
        let error = await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: "/version")) }
        #expect(error?.code == 503)
        #expect(error?.message.contains("https://127.0.0.1:\(server.port)") == true, "\(error?.message ?? "")")
        await server.stop()
    }

    @Test(arguments: [
        "", "ftp://x", "https://", "https://host:0", "https://host:99999", "https://host:x", "https://[::1", "https://u@host",
    ])
    func `a server address that is none is refused`(url: String) {
        let error = #expect(throws: APIStatus.self) {
            try HTTPTransport(context: KubeconfigContext(name: "x", cluster: KubeconfigCluster(server: url)), runsPlugins: false)
        }
        #expect(error?.message.contains("kubeconfig") == true)
    }

    @Test(arguments: ["/a b", "/a\r\nx: y", "a", "/a?b", "/a#b", "/é"])
    func `a path that would break the request line is refused`(path: String) async throws {
        let server = try await TestServer.start { _ in .whole(200, [], "{}") }
        let transport = try transport(server)
        await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: path)) }
        #expect(server.requests.withLock { $0.isEmpty })
        await server.stop()
    }
}

@Suite(.timeLimit(.minutes(5))) struct CredentialPluginTests {
    private static func withScript(_ text: String, _ body: (String, String) async throws -> Void) async throws {
        let directory = "/tmp/kdash-plugin-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: it is under /tmp
        try FileSystem.writeAtomically("\(directory)/login", Array("#!/bin/sh\necho run >> \(directory)/runs\n\(text)\n".utf8), mode: 0o600)
        try await body(directory, "\(directory)/login")
    }

    private static let token =
        "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"'$PREFIX'-token\"}}'"

    @Test func `a plugin of a context that was not chosen never runs`() async throws {
        try await Self.withScript(Self.token) { directory, program in
            let server = try await TestServer.start { _ in .whole(200, [], "{}") }
            let transport = try transport(server, user: KubeconfigUser(exec: ExecCredentialPlugin(command: "/bin/sh", arguments: [program])))
            let error = await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: "/version")) }
            #expect(error?.message.contains("--context") == true)
            #expect(!FileSystem.exists("\(directory)/runs"))
            #expect(server.requests.withLock { $0.isEmpty })
            await server.stop()
        }
    }

    @Test func `a chosen one runs once, and again after a 401`() async throws {
        try await Self.withScript(Self.token) { directory, program in
            let server = try await TestServer.start { request in
                request.head.uri.hasSuffix("denied") ? .whole(401, [], "") : .whole(200, [], "{}")
            }
            let plugin = ExecCredentialPlugin(command: "/bin/sh", arguments: [program], environment: [.init(name: "PREFIX", value: "my")])
            let transport = try transport(server, user: KubeconfigUser(exec: plugin), runsPlugins: true)
            for _ in 0..<3 { #expect(try await transport.send(APIRequest(path: "/version")).status == 200) }
            #expect(try FileSystem.readText("\(directory)/runs").split(separator: "\n").count == 1)
            #expect(
                server.requests.withLock { $0.map { $0.head.headers["authorization"] } } == [
                    ["Bearer my-token"], ["Bearer my-token"], ["Bearer my-token"],
                ])
            #expect(try await transport.send(APIRequest(path: "/denied")).status == 401)
            #expect(try FileSystem.readText("\(directory)/runs").split(separator: "\n").count == 2)
            transport.close()
            await server.stop()
        }
    }

    @Test(arguments: ["exit 3", "echo hello", "echo '{\"kind\":\"ExecCredential\",\"status\":{}}'"])
    func `a plugin that fails is named`(script: String) async throws {
        try await Self.withScript(script) { _, program in
            let server = try await TestServer.start { _ in .whole(200, [], "{}") }
            let transport = try transport(server, user: KubeconfigUser(exec: ExecCredentialPlugin(command: "/bin/sh", arguments: [program])), runsPlugins: true)
            let error = await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: "/version")) }
            #expect(error?.code == 401)
            #expect(error?.message.contains("\"/bin/sh\"") == true, "\(error?.message ?? "")")
            await server.stop()
        }
    }

    @Test func `a missing plugin comes with its hint`() async throws {
        let server = try await TestServer.start { _ in .whole(200, [], "{}") }
        let plugin = ExecCredentialPlugin(command: "kdash-no-such-login", installHint: "install it with apt")
        let transport = try transport(server, user: KubeconfigUser(exec: plugin), runsPlugins: true)
        let error = await #expect(throws: APIStatus.self) { _ = try await transport.send(APIRequest(path: "/version")) }
        #expect(error?.message.contains("not installed; install it with apt") == true)
        await server.stop()
    }
}
