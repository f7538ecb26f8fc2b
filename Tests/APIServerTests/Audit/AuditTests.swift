import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import Testing

@testable import APIServer

/// What the audit log says about requests beyond that there were any.
struct AuditTests {
    /// A server whose audit log is read by the second argument of the body.
    private static func with(_ body: (TestServer, _ events: () throws -> [JSONValue]) async throws -> Void) async throws {
        let directory = "/tmp/kdash-audit-\(SecureRandom.hex(8))"
        try FileSystem.makeDirectories(directory, mode: 0o700)
        defer { try? FileSystem.removeTree(directory) }  // best effort: the test has said what it had to say
        try await TestServer.with(auditLog: "\(directory)/audit.log") { api async throws in
            try await body(api) {
                api.server.core.audit?.flush()
                return try FileSystem.readText("\(directory)/audit.log").split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
            }
        }
    }

    @Test(
        arguments: [
            ([], "10.1.2.3", ["10.1.2.3"]), ([], "", []), ([("x-forwarded-for", "1.1.1.1, nonsense,2.2.2.2")], "10.1.2.3", ["1.1.1.1", "2.2.2.2", "10.1.2.3"]),
            ([("x-forwarded-for", "1.1.1.1"), ("x-real-ip", "1.1.1.1")], "1.1.1.1", ["1.1.1.1"]),
            ([("x-real-ip", "fd00::1")], "10.1.2.3", ["fd00::1", "10.1.2.3"]), ([("x-real-ip", "\"><script>")], "::1", ["::1"]),
        ] as [([(String, String)], String, [String])])
    func `a request comes from where its proxies and its connection say`(headers: [(String, String)], peer: String, expected: [String]) {
        var request = APIRequest(path: "/", headers: headers)
        request.peer = peer
        #expect(AuditSources.addresses(request) == expected)
    }

    @Test func `somebody else's name comes with groups and extra, once he may be`() async throws {
        try await Self.with { api, events in
            let headers = [
                ("impersonate-user", "ann"), ("impersonate-group", "devs"), ("impersonate-extra-scopes", "view"), ("impersonate-uid", "u1"),
            ]
            var request = api.request(.get, "/api/v1/namespaces/default/configmaps", headers: headers)
            request.userAgent = String(repeating: "a", count: 2000)
            request.peer = "10.9.8.7"
            _ = await api.raw(request)
            _ = try await api.call(.get, "/version", as: RBACTests.bob, headers: [("impersonate-user", "ann")])
            let found = try events()
            #expect(
                found[0]["impersonatedUser"] == [
                    "username": "ann", "uid": "u1", "groups": ["devs", "system:authenticated"], "extra": ["scopes": ["view"]],
                ])
            #expect(found[0]["user", "username"] == "tester")
            #expect(found[0]["sourceIPs"] == ["10.9.8.7"])
            #expect(found[0]["userAgent"]?.stringValue == "\(String(repeating: "a", count: 1024))...TRUNCATED")
            #expect(found[0]["annotations", "authorization.k8s.io/decision"] == "forbid")
            #expect(found[1]["impersonatedUser"] == nil)
            #expect(found[1]["responseStatus", "reason"] == "Forbidden")
            #expect(
                found[1]["responseStatus", "message"]
                    == "users \"ann\" is forbidden: User \"bob\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope")
        }
    }

    @Test func `a refusal says why, and who refused`() async throws {
        try await Self.with { api, events in
            _ = try await api.call(.get, "\(pods)/none")
            let spec = "\"serviceAccountName\":\"robot\",\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]"
            #expect(try await api.call(.post, pods, TestServer.pod("p", spec: spec)).status == 403)
            let found = try events()
            #expect(
                found[0]["responseStatus"] == [
                    "metadata": .object(JSONObject()), "status": "Failure", "message": "pods \"none\" not found", "reason": "NotFound",
                    "details": ["name": "none", "kind": "pods"], "code": 404,
                ])
            // Whatever the client wants to read it in.
            _ = try await api.call(.get, "\(pods)/none", accept: "application/vnd.kubernetes.protobuf")
            #expect(try events()[2]["responseStatus"] == found[0]["responseStatus"])
            // Admission refused what authorization had allowed.
            #expect(found[1]["responseStatus", "code"] == 403)
            #expect(found[1]["annotations", "authorization.k8s.io/decision"] == "allow")
        }
    }

    @Test func `a create names its object`() async throws {
        try await Self.with { api, events in
            _ = try await api.call(.post, configMaps, TestServer.configMap("a"))
            _ = try await api.call(.post, configMaps, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"generateName\":\"g-\"}}")
            let found = try events()
            #expect(found[0]["objectRef", "name"] == "a")
            #expect(found[1]["objectRef", "name"] == nil)
        }
    }

    @Test(arguments: [
        ("Bearer nonsense", "Authentication failed, attempted: bearer"), ("Basic YTpi", "Authentication failed, attempted: basic"),
    ])
    func `credentials that are not believed leave a line`(authorization: String, words: String) async throws {
        try await Self.with { api, events in
            let head = HTTPRequestHead(
                method: "GET", target: pods, isVersion11: true, headers: [("authorization", authorization)], body: .none, keepsAlive: true,
                expectsContinue: false)
            guard case .failure(let status) = api.server.authenticate(head, certificate: nil) else {
                Issue.record("\(authorization) was believed")
                return
            }
            let response = api.server.unauthenticated(head, peer: "10.9.8.7", status)
            #expect(response.status == 401)
            let found = try events()
            #expect(found.count == 1)
            #expect(found[0]["stage"] == "ResponseStarted")
            #expect(found[0]["user"] == .object(JSONObject()))
            #expect(found[0]["objectRef", "resource"] == "pods")
            #expect(found[0]["responseStatus", "code"] == 401)
            #expect(found[0]["responseStatus", "message"] == .string(words))
            #expect(found[0]["annotations"] == nil)
            #expect(response.headers.contains { $0.0 == "audit-id" && $0.1 == found[0]["auditID"]?.stringValue })
        }
    }

    @Test func `a watch is there when it begins and when it ends`() async throws {
        try await Self.with { api, events in
            let watch = try await api.watch("\(configMaps)?watch=true")
            #expect(try events().map { $0["stage"] } == ["ResponseStarted"])
            watch.cancel()
            let found = try events()
            #expect(found.map { $0["stage"] } == ["ResponseStarted", "ResponseComplete"])
            #expect(found[0]["auditID"] == found[1]["auditID"])
            #expect(found[1]["verb"] == "watch")
            watch.cancel()
            #expect(try events().count == 2)
            // One that runs into its time is over too.
            let short = try await api.watch("\(configMaps)?watch=true&timeoutSeconds=1")
            while try await short.next() != nil {}
            #expect(try events().count == 4)
        }
    }

    @Test func `a session is there from its opening to its result`() async throws {
        try await Self.with { api, events in
            api.nodes.register("n1", FakeNode())
            _ = try await api.call(.post, pods, TestServer.pod("p", spec: "\"nodeName\":\"n1\",\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]"))
            let request = api.request(.post, "\(pods)/p/exec?command=cat&stdin=true&stdout=true")
            let session = try await api.server.connect(request, as: TestServer.user)
            #expect(try events().dropFirst().map { $0["stage"] } == ["ResponseStarted"])
            await session.closeInput()
            _ = await session.result()
            session.cancel()
            let found = try events().dropFirst()
            #expect(found.map { $0["stage"] } == ["ResponseStarted", "ResponseComplete"])
            #expect(found.last?["objectRef", "subresource"] == "exec")
            #expect(found.last?["responseStatus", "code"] == 101)
            #expect(found.last?["verb"] == "create")
            do {
                let ports = try await api.server.ports(api.request(.post, "\(pods)/p/portforward"), as: TestServer.user)
                #expect(try events().last?["stage"] == "ResponseStarted")
                _ = ports
            }
            #expect(try events().last?["stage"] == "ResponseComplete")
            #expect(try events().last?["objectRef", "subresource"] == "portforward")
        }
    }

    @Test func `a proxied answer is over when it has been read`() async throws {
        try await Self.with { api, events in
            api.nodes.register("n1", FakeNode())
            _ = try await api.call(.post, "/api/v1/nodes", "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}")
            _ = try await api.call(.get, "/api/v1/nodes/n1/proxy/healthz")
            let found = try events().dropFirst()
            #expect(found.map { $0["stage"] } == ["ResponseStarted", "ResponseComplete"])
            #expect(found.last?["requestURI"] == "/api/v1/nodes/n1/proxy/healthz")
        }
    }

    @Test func `a request keeps the name that its client gave it`() async throws {
        try await Self.with { api, events in
            let answer = try await api.call(.post, configMaps, TestServer.configMap("c"), headers: [("audit-id", "trace-7")])
            #expect(answer.response.header("audit-id") == "trace-7")
            #expect(try events().last?["auditID"] == "trace-7")
        }
        try await TestServer.with { api async throws in
            let answer = try await api.call(.get, configMaps, headers: [("audit-id", "trace-8")])
            #expect(answer.response.headers.filter { $0.0 == "audit-id" }.map(\.1) == ["trace-8"])
        }
    }

    @Test(arguments: ["", "two words", "a\tb", "\u{e4}", "a\r\nx: y", String(repeating: "a", count: 257)])
    func `what is no name for a request is not taken for one`(text: String) async throws {
        #expect(AuditID.given(APIRequest(path: "/", headers: [("audit-id", text)])) == nil)
        try await Self.with { api, events in
            let answer = try await api.call(.get, "\(configMaps)?limit=1", headers: [("audit-id", text)])
            let given = try #require(answer.response.header("audit-id"))
            #expect(given.utf8.count == 36)
            #expect(try events().last?["auditID"] == .string(given))
        }
    }
}
