import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import NIOCore
import Testing

@testable import APIServer

struct AgentTests {
    private static let target = AgentRoute.Target(namespace: "d", pod: "p", uid: nil, container: "c")

    @Test(
        arguments: [
            ("GET", "/healthz", .health), ("HEAD", "/healthz/syncloop", .health), ("GET", "/pods/", .pods), ("GET", "/runningpods/", .runningPods),
            ("GET", "/stats/summary", .summary), ("GET", "/configz", .settings), ("GET", "/metrics", .metrics(.agent)),
            ("GET", "/metrics/cadvisor", .metrics(.cadvisor)), ("GET", "/metrics/probes", .metrics(.probes)),
            ("GET", "/containerLogs/d/p/c", .log(target)), ("POST", "/run/d/p/c", .run(target)), ("POST", "/exec/d/p/c", .exec(target)),
            ("GET", "/attach/d/p/u/c", .attach(AgentRoute.Target(namespace: "d", pod: "p", uid: "u", container: "c"))),
            ("GET", "/portForward/d/p", .ports(AgentRoute.Target(namespace: "d", pod: "p"))),
            ("POST", "/portForward/d/p/u", .ports(AgentRoute.Target(namespace: "d", pod: "p", uid: "u"))),
        ] as [(String, String, AgentRoute)])
    func `a path of an agent means what it means to a kubelet`(method: String, path: String, expected: AgentRoute) {
        #expect(AgentRoute(method, path.split(separator: "/").map(String.init)) == expected)
    }

    @Test(
        arguments: [
            ("GET", "/", 404, "404 page not found\n", nil), ("GET", "/nosuch", 404, "404 page not found\n", nil),
            ("GET", "/metrics/agent", 404, "404 page not found\n", nil), ("GET", "/metrics/resource/x", 404, "404 page not found\n", nil),
            ("GET", "/pods/x", 404, "404: Page Not Found", nil), ("GET", "/exec/d/p", 404, "404: Page Not Found", nil),
            ("GET", "/containerLogs/d/p/u/c", 404, "404: Page Not Found", nil), ("GET", "/portForward/d", 404, "404: Page Not Found", nil),
            ("GET", "/run/d/p/c", 405, "405: Method Not Allowed", "POST"), ("POST", "/pods", 405, "405: Method Not Allowed", "GET"),
            ("PUT", "/exec/d/p/c", 405, "405: Method Not Allowed", "GET, POST"), ("DELETE", "/configz", 405, "405: Method Not Allowed", "GET, HEAD"),
            ("GET", "/logs/", 405, "logs endpoint is disabled.\n", nil), ("GET", "/logs/kern.log", 405, "logs endpoint is disabled.\n", nil),
        ] as [(String, String, Int, String, String?)])
    func `other paths and methods are refused in a kubelet's words`(method: String, path: String, status: Int, text: String, allowed: String?) {
        let expected = AgentRoute.refused(AgentRoute.Refusal(status: status, text: text, allowed: allowed))
        #expect(AgentRoute(method, path.split(separator: "/").map(String.init)) == expected)
    }

    @Test(arguments: [("n1", true), ("n1:10250", true), ("https:n1:10250", true), ("n1:10255", false), ("a:b:c:d", false)])
    func `only a node without a port or with the agent's own means the agent`(name: String, isAgent: Bool) {
        var path = ResourcePath(group: "", version: "v1", resource: "nodes")
        (path.name, path.subresource, path.rest) = (name, "proxy", ["pods"])
        #expect((AgentRoute(path, method: "GET") != nil) == isAgent)
    }

    /// A node `n1` with one pod, `p`, of one container, `a`.
    private static func withPod(_ body: (TestServer, _ base: String) async throws -> Void) async throws {
        try await TestServer.with { api async throws in
            api.nodes.register("n1", CountingNode())
            _ = try await api.call(.post, "/api/v1/nodes", "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}")
            let spec = "\"nodeName\":\"n1\",\"containers\":[{\"name\":\"a\",\"image\":\"img\"}]"
            let made = try await api.call(.post, pods, TestServer.pod("p", spec: spec))
            try #require(made.status == 201)
            try await body(api, "/api/v1/nodes/n1/proxy")
        }
    }

    @Test func `logs are read with the options of the query, and mistakes are told in words`() async throws {
        try await Self.withPod { api, base async throws in
            func get(_ path: String) async throws -> TestServer.Answer { try await api.call(.get, "\(base)/containerLogs/\(path)") }
            #expect(try await get("default/p/a?tailLines=5&previous=true").value == "a tail=5 previous=true\n")
            #expect(try await get("default/p/a?tail=7").value == "a tail=7 previous=false\n")
            #expect(try await get("default/p/a?tail=all&tailLines=3").value == "a tail=-1 previous=false\n")
            for (path, status, text) in [
                ("default/q/a", 404, "pod \"q\" does not exist"), ("default/p/b", 404, "container \"b\" not found in pod \"p\""),
                ("default/p/a?tailLines=x", 400, "{\"message\": \"Unable to decode query.\"}"),
                ("default/p/a?limitBytes=0", 422, "{\"message\": \"Invalid request.\"}"),
            ] {
                let answer = try await get(path)
                #expect(answer.status == status)
                #expect(answer.value == (try? JSON.parse(Array(text.utf8))) ?? .string(text))
            }
        }
    }

    @Test func `a command is run and answered with what it wrote`() async throws {
        try await Self.withPod { api, base async throws in
            func run(_ path: String) async throws -> TestServer.Answer { try await api.call(.post, "\(base)/run/\(path)") }
            let good = try await run("default/p/a?cmd=date+-u")
            #expect(good.status == 200)
            #expect(good.value == "ran date -u\n")
            let bad = try await run("default/p/a?cmd=fail+now")
            #expect(bad.status == 500)
            #expect(bad.value == "command 'fail now' exited with 3: ran fail now\n")
            #expect(try await run("default/p/a").status == 500)
            #expect(try await run("default/q/a?cmd=x").value == "pod does not exist")
            #expect(try await run("default/p/nosuchuid/a?cmd=x").status == 404)
            #expect(try await run("default/p/b?cmd=x").value == "container not found (\"b\")")
        }
    }

    @Test func `metrics tell pods and containers apart`() async throws {
        try await Self.withPod { api, base async throws in
            func lines(_ path: String) async throws -> [Substring] {
                (try await api.call(.get, "\(base)/metrics\(path)").value.stringValue ?? "").split(separator: "\n")
            }
            #expect(try await lines("").contains("kubelet_running_pods 1"))
            #expect(try await lines("/resource").contains("container_cpu_usage_seconds_total{container=\"a\",namespace=\"default\",pod=\"p\"} 1.5"))
            let cadvisor = try await lines("/cadvisor")
            #expect(
                cadvisor.contains {
                    $0.hasPrefix("container_cpu_usage_seconds_total{container=\"a\",id=\"/podu1/a\"") && $0.hasSuffix("cpu=\"total\"} 1.5")
                })
            #expect(cadvisor.contains { $0.hasPrefix("container_memory_working_set_bytes{container=\"\",id=\"/\",") })
            #expect(try await lines("/probes").last?.hasSuffix("probe_type=\"Readiness\",result=\"failed\"} 4") == true)
            let running = try await api.call(.get, "\(base)/runningpods/").value["items"]?.arrayValue ?? []
            #expect(running.map { $0["metadata", "name"] } == ["p"])
            #expect(try await api.call(.get, "\(base)/configz").value["kubeletconfig", "port"] == 10250)
        }
    }

    @Test func `what needs an upgrade says so, and refusals name what is allowed`() async throws {
        try await Self.withPod { api, base async throws in
            #expect(try await api.call(.get, "\(base)/exec/default/p/a?command=x&output=1").value == "Upgrade request required\n")
            let refused = try await api.call(.put, "\(base)/pods", "{}")
            #expect(refused.status == 405)
            #expect(refused.response.headers.contains { $0 == ("allow", "GET") })
            #expect(try await api.call(.get, "\(base)/nosuch").value == "404 page not found\n")
        }
    }

    // MARK: Upgrades

    private static func with(_ body: (TLSServer) async throws -> Void) async throws {
        try await StreamTests.with { server async throws in
            let node = "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}"
            let length = "Content-Type: application/json\r\nContent-Length: \(node.utf8.count)"
            let client = try await StreamClient.connect(server)
            try await client.send("POST /api/v1/nodes HTTP/1.1\r\nConnection: close\r\n\(length)\r\n\r\n\(node)")
            let answer = try await client.received()
            try #require(answer.head.hasPrefix("HTTP/1.1 201"))
            try await body(server)
        }
    }

    private static func upgrade(_ method: String, _ path: String, _ headers: [String]) -> String {
        "\(method) /api/v1/nodes/n1:10250/proxy/\(path) HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\(headers.map { "\($0)\r\n" }.joined())\r\n"
    }

    private static let webSocket = [
        "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: v4.channel.k8s.io",
    ]

    @Test(arguments: ["GET", "POST"])
    func `a program runs over SPDY through its node`(method: String) async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            let headers = ["Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: v4.channel.k8s.io"]
            try await client.send(Self.upgrade(method, "exec/default/p/a?command=cat&input=1&output=1", headers))
            try await client.send(
                StreamTests.bytes([
                    StreamTests.open(1, ("streamtype", "error"), isFinal: true), StreamTests.open(3, ("streamtype", "stdin")),
                    StreamTests.open(5, ("streamtype", "stdout")), .data(id: 3, Array("hello".utf8), isFinal: true),
                ]))
            let answer = try await client.received { StreamTests.hasEnded($0.afterHead.frames, 1) }
            #expect(answer.head.hasPrefix("HTTP/1.1 101"))
            #expect(StreamTests.data(answer.afterHead.frames, 5) == Array("HELLO".utf8))
            try await client.close()
        }
    }

    @Test func `a WebSocket attaches and forwards ports through the node`() async throws {
        try await Self.with { server async throws in
            let attached = try await StreamClient.connect(server)
            try await attached.send(Self.upgrade("GET", "attach/default/p/a?input=1&output=1", Self.webSocket))
            try await attached.send(([0] + Array("typed".utf8)).message())
            let output = try await attached.received { $0.afterHead.messages.contains { $0.data == [1] + Array("TYPED".utf8) } }
            #expect(output.head.hasPrefix("HTTP/1.1 101"))
            try await attached.close()
            let forwarded = try await StreamClient.connect(server)
            try await forwarded.send(Self.upgrade("GET", "portForward/default/p?port=80", Self.webSocket))
            try await forwarded.send(([0] + Array("plain".utf8)).message())
            let echo = try await forwarded.received { $0.afterHead.messages.contains { $0.data == [0] + Array("plain".utf8) } }
            #expect(echo.head.hasPrefix("HTTP/1.1 101"))
            try await forwarded.close()
        }
    }

    @Test(arguments: [
        ("exec/default/p/a?command=x", 400), ("exec/default/p/a?output=1", 400), ("exec/default/q/a?command=x&output=1", 404),
        ("exec/default/p/b?command=x&output=1", 404), ("attach/default/p/nosuchuid/a?output=1", 404), ("portForward/default/p", 400),
        ("portForward/default/p?port=0", 400), ("portForward/default/p/nosuchuid?port=80", 404),
    ])
    func `a session that cannot be is refused before the upgrade`(path: String, status: Int) async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.upgrade("GET", path, Self.webSocket))
            #expect(try await client.received { $0.afterHead.count > 10 }.head.hasPrefix("HTTP/1.1 \(status)"))
            try await client.close()
        }
    }
}

/// A node with one pod that has used something, and whose probe has failed.
private final class CountingNode: NodeConnection {
    private let fake = FakeNode()

    func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource { try await fake.logs(request) }
    func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { try await fake.exec(request) }
    func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { try await fake.attach(request) }
    func keptLogs() async -> [KeptLog] { [] }
    func logInstances(_ request: LogRequest) async -> [LogInstance] { [] }

    func portForward(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession { throw .internalError("not here") }

    func stats() async -> NodeStats {
        let usage = UsageSample(cpuNanoseconds: 1_500_000_000, workingSet: ByteCount(4096))
        let pod = PodStats(
            namespace: "default", name: "p", uid: "u1", usage: usage, containers: [ContainerStats(name: "a", usage: usage)])
        return NodeStats(node: "n1", sampledAt: Timestamp(seconds: 0), usage: usage, pods: [pod])
    }

    func probeCounts() async -> [ProbeCount] {
        [ProbeCount(namespace: "default", pod: "p", podUID: "u1", container: "a", probe: "Readiness", result: .failed, tries: 4)]
    }
}
