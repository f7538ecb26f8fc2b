import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

/// A node that answers logs and exec from memory.
final class FakeNode: NodeConnection {
    func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource {
        ByteChannel(Array("\(request.container) tail=\(request.tailLines ?? -1) previous=\(request.previous)\n".utf8))
    }

    func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession {
        FakeSession(request)
    }

    func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession { FakeSession(request) }

    func portForward(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession {
        throw .internalError("not here")
    }

    func stats() async -> NodeStats { NodeStats(node: "n1", sampledAt: Timestamp(seconds: 0)) }

    func keptLogs() async -> [KeptLog] { [] }
    func logInstances(_ request: LogRequest) async -> [LogInstance] { [] }
}

/// Echoes its input in upper case, says its command on standard error, and exits with 3 when the command is `fail`.
final class FakeSession: StreamSession {
    private let out = ByteChannel()
    private let errors = ByteChannel()
    private let request: ExecRequest

    init(_ request: ExecRequest) {
        self.request = request
        if request.stderr { errors.send(Array("ran \(request.command.joined(separator: " "))\n".utf8)) }
        errors.finish()
        if !request.stdin { out.finish() }
    }

    var output: any ByteSource { out }
    var errorOutput: (any ByteSource)? { request.stderr ? errors : nil }

    func write(_ bytes: [UInt8]) async throws(APIStatus) {
        out.send(bytes.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 })
    }

    func closeInput() async { out.finish() }
    func resize(columns: Int, rows: Int) { out.send(Array("\(columns)x\(rows)\n".utf8)) }

    func result() async -> APIStatus {
        guard request.command.first == "fail" else { return APIStatus(code: 0, reason: nil, message: "", isFailure: false) }
        return APIStatus(
            code: 0, reason: APIStatus.Reason(rawValue: "NonZeroExitCode"), message: "command terminated with non-zero exit code: 3",
            details: APIStatus.Details(causes: [APIStatus.Cause(reason: "ExitCode", message: "3")]))
    }

    func cancel() { out.cancel() }
}

struct NodeStreamTests {
    @Test func `a log is asked from the pod's node with all its options`() async throws {
        try await TestServer.with { api async throws in
            api.nodes.register("n1", FakeNode())
            let two = "\"nodeName\":\"n1\",\"containers\":[{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"b\",\"image\":\"x\"}]"
            _ = try await api.call(.post, pods, TestServer.pod("p", spec: two))
            let log = try await api.call(.get, "\(pods)/p/log?container=a&tailLines=5&previous=true")
            #expect(log.value == "a tail=5 previous=true\n")
            #expect(log.response.contentType == "text/plain")
            let unnamed = try await api.call(.get, "\(pods)/p/log")
            #expect(unnamed.status == 400)
            #expect(unnamed.message == "a container name must be specified for pod p, choose one of: [a b]")
            #expect(try await api.call(.get, "\(pods)/p/log?container=z").message == "container z is not valid for pod p")
            #expect(try await api.call(.get, "\(pods)/p/log?container=a&tailLines=-1").status == 422)
            #expect(try await api.call(.get, "\(pods)/none/log").status == 404)
        }
    }

    @Test func `a pod without a node has no log yet`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            let answer = try await api.call(.get, "\(pods)/p/log")
            #expect(answer.status == 400)
            #expect(answer.message.hasPrefix("container \"c\" in pod \"p\" is waiting to start"))
        }
    }

    @Test func `exec opens a session for who may`() async throws {
        try await TestServer.with { api async throws in
            api.nodes.register("n1", FakeNode())
            let spec = "\"nodeName\":\"n1\",\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]"
            _ = try await api.call(.post, pods, TestServer.pod("p", spec: spec))
            let request = api.request(.get, "\(pods)/p/exec?command=cat&stdin=true&stdout=true")
            let session = try await api.server.connect(request, as: TestServer.user)
            try await session.write(Array("hello".utf8))
            await session.closeInput()
            #expect(try await session.output.collect() == Array("HELLO".utf8))
            await #expect(throws: APIStatus.self) { try await api.server.connect(request, as: RBACTests.bob) }
            let nothing = api.request(.get, "\(pods)/p/exec?command=cat")
            await #expect(throws: APIStatus.self) { try await api.server.connect(nothing, as: TestServer.user) }
            let plain = try await api.call(.get, "\(pods)/p/exec?command=cat&stdout=true")
            #expect(plain.status == 400)
        }
    }
}
