import APIMachinery
import JSONCore
import KubeClient
import NIOCore
import Testing

@testable import APIServer

struct StreamTests {
    /// A server with one pod, `p`, on a node that echoes.
    static func with<Result>(_ body: (TLSServer) async throws -> Result) async throws -> Result {
        try await TLSServer.with { server async throws in
            server.nodes.register("n1", EchoNode())
            let spec = "\"nodeName\":\"n1\",\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]"
            let client = try await StreamClient.connect(server)
            let pod = TestServer.pod("p", spec: spec)
            try await client.send(
                "POST \(pods) HTTP/1.1\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: \(pod.utf8.count)\r\n\r\n\(pod)")
            let answer = try await client.received()
            try #require(answer.head.hasPrefix("HTTP/1.1 201"), "\(String(decoding: answer, as: UTF8.self))")
            return try await body(server)
        }
    }

    private static func upgrade(_ path: String, to name: String, _ headers: [String] = []) -> String {
        "POST \(pods)/p/\(path) HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: \(name)\r\n\(headers.map { "\($0)\r\n" }.joined())\r\n"
    }

    private static func webSocket(_ path: String, _ protocols: String?) -> String {
        let offer = protocols.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? ""
        return """
            GET \(pods)/p/\(path) HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(offer)\r\n
            """
    }

    static func bytes(_ frames: [SPDYFrame]) -> [UInt8] {
        var writer = SPDYFrameWriter()
        var out = ByteBuffer()
        for frame in frames { writer.write(frame, into: &out) }
        return Array(out.readableBytesView)
    }

    static func open(_ id: UInt32, _ headers: (String, String)..., isFinal: Bool = false) -> SPDYFrame {
        .synStream(id: id, headers: SPDYHeaders(headers.map { (name: $0.0, value: $0.1) }), isFinal: isFinal, isUnidirectional: false)
    }

    static func data(_ frames: [SPDYFrame], _ stream: UInt32) -> [UInt8] {
        frames.flatMap { if case .data(stream, let bytes, _) = $0 { bytes } else { [] as [UInt8] } }
    }

    static func hasEnded(_ frames: [SPDYFrame], _ stream: UInt32) -> Bool {
        frames.contains { if case .data(stream, _, isFinal: true) = $0 { true } else { false } }
    }

    @Test(arguments: [
        ("v4.channel.k8s.io", true), ("v3.channel.k8s.io", false), ("v2.channel.k8s.io", false), ("channel.k8s.io", false),
    ])
    func `exec over SPDY carries every stream and tells the end as its version does`(version: String, isObject: Bool) async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            // Everything at once, also what a client sends before it has seen the 101.
            try await client.send(
                Self.upgrade(
                    "exec?command=fail&command=now&stdin=true&stdout=true&stderr=true", to: "SPDY/3.1",
                    ["X-Stream-Protocol-Version: v9.channel.k8s.io", "X-Stream-Protocol-Version: \(version)"]))
            try await client.send(
                Self.bytes([
                    Self.open(1, ("streamtype", "error"), isFinal: true), Self.open(3, ("streamtype", "stdin")), Self.open(5, ("streamtype", "stdout")),
                    Self.open(7, ("streamtype", "stderr")), .data(id: 3, Array("hello".utf8), isFinal: true), .ping(1),
                ]))
            let answer = try await client.received { Self.hasEnded($0.afterHead.frames, 1) }
            #expect(answer.head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n"))
            #expect(answer.head.contains("X-Stream-Protocol-Version: \(version)"))
            let frames = answer.afterHead.frames
            #expect(frames.contains(.ping(1)))
            #expect(Self.data(frames, 5) == Array("HELLO".utf8))
            #expect(Self.data(frames, 7) == Array("ran fail now\n".utf8))
            #expect(Self.hasEnded(frames, 5) && Self.hasEnded(frames, 7))
            let report = Self.data(frames, 1)
            if isObject {
                let value = try JSON.parse(report)
                #expect(value["details", "causes"]?.arrayValue?.first?["message"] == "3")
                #expect(value["reason"] == "NonZeroExitCode")
            } else {
                #expect(String(decoding: report, as: UTF8.self) == "command terminated with non-zero exit code: 3")
            }
            try await client.close()
        }
    }

    @Test func `a client that knows none of the versions is told which there are`() async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.upgrade("exec?command=x&stdout=true", to: "SPDY/3.1", ["X-Stream-Protocol-Version: v9", "Connection: close"]))
            let answer = try await client.received { $0.afterHead.count > 10 }
            #expect(answer.head.hasPrefix("HTTP/1.1 403"))
            #expect(answer.head.contains("X-Accepted-Stream-Protocol-Versions: v4.channel.k8s.io"))
        }
    }

    @Test(arguments: ["", "\u{80}\u{3}", "GET / HTTP/1.1\r\n\r\n"])
    func `a connection that is no SPDY after all ends, and the server goes on`(text: String) async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.upgrade("exec?command=x&stdout=true", to: "SPDY/3.1"))
            _ = try await client.received { $0.head.contains("101") && $0.count > $0.head.utf8.count }
            try await client.send([0x80, 3, 0, 6, 0, 0, 0, 9] + Array(text.utf8))
            try await client.close()
            #expect(try await server.exchange("GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n").hasSuffix("ok"))
        }
    }

    @Test func `ports are forwarded over SPDY, each connection for itself, half by half`() async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.upgrade("portforward", to: "SPDY/3.1", ["X-Stream-Protocol-Version: portforward.k8s.io"]))
            func pair(_ id: UInt32, _ port: String, _ request: String) -> [SPDYFrame] {
                [
                    Self.open(id, ("streamtype", "error"), ("port", port), ("requestid", request), isFinal: true),
                    Self.open(id + 2, ("streamtype", "data"), ("port", port), ("requestid", request)),
                ]
            }
            try await client.send(
                Self.bytes(
                    pair(1, "80", "0") + pair(5, "81", "1") + pair(9, "80", "2") + [
                        .data(id: 11, Array("second".utf8), isFinal: true), .data(id: 3, Array("first".utf8), isFinal: true),
                        Self.open(13, ("streamtype", "data"), ("port", "0"), ("requestid", "3")),
                        Self.open(15, ("streamtype", "strange"), ("port", "80"), ("requestid", "4")),
                    ]))
            let answer = try await client.received { bytes in
                let frames = bytes.afterHead.frames
                return [1, 3, 5, 7, 9, 11].allSatisfy { Self.hasEnded(frames, $0) }
            }
            let frames = answer.afterHead.frames
            #expect(Self.data(frames, 3) == Array("first".utf8))
            #expect(Self.data(frames, 11) == Array("second".utf8))
            #expect(Self.data(frames, 1).isEmpty)
            let refusal = String(decoding: Self.data(frames, 5), as: UTF8.self)
            #expect(refusal.hasPrefix("error forwarding port 81 to pod p_default, uid "), "\(refusal)")
            #expect(refusal.hasSuffix(": connection refused"))
            #expect(frames.contains(.reset(id: 13, status: .refused)) && frames.contains(.reset(id: 15, status: .refused)))
            try await client.close()
        }
    }

    @Test func `SPDY is tunnelled through a WebSocket, in messages of any size`() async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.webSocket("portforward", "SPDY/3.1+portforward.k8s.io"))
            let bytes = Self.bytes([
                Self.open(1, ("streamtype", "error"), ("port", "80"), ("requestid", "0"), isFinal: true),
                Self.open(3, ("streamtype", "data"), ("port", "80"), ("requestid", "0")), .data(id: 3, Array("tunnel".utf8), isFinal: true),
            ])
            for start in stride(from: 0, to: bytes.count, by: 7) { try await client.send(Array(bytes[start..<min(start + 7, bytes.count)]).message()) }
            try await client.send([1, 2].message(opcode: 9))
            let answer = try await client.received { all in
                let frames = all.afterHead.messages.filter { $0.opcode == 2 }.flatMap(\.data).frames
                return Self.hasEnded(frames, 1) && Self.hasEnded(frames, 3) && all.afterHead.messages.contains { $0.opcode == 10 }
            }
            #expect(answer.head.contains("Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io"))
            let frames = answer.afterHead.messages.filter { $0.opcode == 2 }.flatMap(\.data).frames
            #expect(Self.data(frames, 3) == Array("tunnel".utf8))
            #expect(answer.afterHead.messages.first { $0.opcode == 10 }?.data == [1, 2])
            try await client.close()
        }
    }

    @Test func `ports are forwarded over plain messages, their numbers first`() async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.webSocket("portforward?ports=80,81", "v4.channel.k8s.io"))
            try await client.send(([0] + Array("plain".utf8)).message())
            let answer = try await client.received { all in
                let messages = all.afterHead.messages
                return messages.contains { $0.data.first == 0 && $0.data.count > 3 } && messages.contains { $0.data.first == 3 && $0.data.count > 3 }
            }
            let messages = answer.afterHead.messages.map(\.data)
            #expect(Set(messages.filter { $0.count == 3 }) == [[0, 80, 0], [1, 80, 0], [2, 81, 0], [3, 81, 0]])
            #expect(messages.contains([0] + Array("plain".utf8)))
            #expect(messages.contains { $0.first == 3 && String(decoding: $0, as: UTF8.self).contains("connection refused") })
            try await client.close()
        }
    }

    @Test func `who has sent everything to a port may say so and wait for the answer`() async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.webSocket("portforward?ports=80", "portforward.kdash.dev, v4.channel.k8s.io"))
            try await client.send(([0] + Array("half".utf8)).message())
            try await client.send([255, 2].message())
            try await client.send([255, 0].message())
            let answer = try await client.received { $0.afterHead.messages.contains { $0.opcode == 8 } }
            #expect(answer.head.hasSuffix("\r\nSec-WebSocket-Protocol: portforward.kdash.dev"))
            #expect(answer.afterHead.messages.map(\.data).contains([0] + Array("half".utf8)))
        }
    }

    @Test(arguments: ["ports=0", "ports=x", "", "ports=80,,81", "ports=+80"])
    func `a request for no port or an impossible one is refused`(query: String) async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.webSocket("portforward?\(query)", "v4.channel.k8s.io"))
            #expect(try await client.received { $0.afterHead.count > 10 }.head.hasPrefix("HTTP/1.1 400"))
            try await client.close()
        }
    }

    @Test(arguments: [("base64.channel.k8s.io", true), ("channel.k8s.io", false), ("v3.channel.k8s.io", false), (nil, false)] as [(String?, Bool)])
    func `older WebSocket protocols tell the end as text`(name: String?, isBase64: Bool) async throws {
        try await Self.with { server async throws in
            let client = try await StreamClient.connect(server)
            try await client.send(Self.webSocket("exec?command=fail&stdout=true", name))
            let answer = try await client.received { $0.afterHead.messages.contains { $0.opcode == 8 } }
            #expect(answer.head.contains("Sec-WebSocket-Protocol") == (name != nil))
            let messages = answer.afterHead.messages.filter { $0.opcode != 8 }
            let text = "command terminated with non-zero exit code: 3"
            #expect(messages.first?.data == (isBase64 ? [UInt8(ascii: "1")] : [1]))
            #expect(messages.last?.data == (isBase64 ? Array("3Y29tbWFuZCB0ZXJtaW5hdGVkIHdpdGggbm9uLXplcm8gZXhpdCBjb2RlOiAz".utf8) : [3] + Array(text.utf8)))
        }
    }

    @Test func `a log and a watch come as messages to who asks by WebSocket`() async throws {
        try await Self.with { server async throws in
            let log = try await StreamClient.connect(server)
            try await log.send(Self.webSocket("log?tailLines=7", "base64.binary.k8s.io"))
            let lines = try await log.received { $0.afterHead.messages.contains { $0.opcode == 8 } }
            #expect(lines.afterHead.messages.first?.data == Array("YSB0YWlsPTcgcHJldmlvdXM9ZmFsc2UK".utf8))
            let watch = try await StreamClient.connect(server)
            try await watch.send(Self.webSocket("", nil).replacing("/pods/p/", with: "/pods?watch=1"))
            let event = try await watch.received { !$0.afterHead.messages.isEmpty }.afterHead.messages[0]
            #expect(event.opcode == 1)
            #expect(try JSON.parse(event.data)["object", "metadata", "name"] == "p")
            try await watch.close()
        }
    }

    @Test func `an upgrade that nobody knows is ignored`() async throws {
        try await Self.with { server async throws in
            let answer = try await server.exchange("GET /version HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }
}

/// A node whose pods echo on every port but 81, where nobody listens.
final class EchoNode: NodeConnection {
    private let fake = FakeNode()

    func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource { try await fake.logs(request) }
    func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { try await fake.exec(request) }
    func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { try await fake.attach(request) }
    func stats() async -> NodeStats { await fake.stats() }
    func keptLogs() async -> [KeptLog] { await fake.keptLogs() }
    func logInstances(_ request: LogRequest) async -> [LogInstance] { await fake.logInstances(request) }

    func portForward(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession {
        if port == 81 { throw .badRequest("dial tcp4 127.0.0.1:81: connect: connection refused") }
        return EchoSession()
    }

    private final class EchoSession: StreamSession {
        private let channel = ByteChannel()
        var output: any ByteSource { channel }
        let errorOutput: (any ByteSource)? = nil
        func write(_ bytes: [UInt8]) async throws(APIStatus) { channel.send(bytes) }
        func closeInput() async { channel.finish() }
        func resize(columns: Int, rows: Int) {}
        func result() async -> APIStatus { APIStatus(code: 200, reason: nil, message: "", isFailure: false) }
        func cancel() { channel.cancel() }
    }
}
