import APIMachinery
import JSONCore
import KubeClient
import KubeClientHTTP
import NIOHTTP1
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct WebSocketSessionTests {
    private func client(_ server: TestServer) throws -> KubeClient {
        let cluster = KubeconfigCluster(server: "http://127.0.0.1:\(server.port)")
        return KubeClient(transport: try HTTPTransport(context: KubeconfigContext(name: "test", cluster: cluster), runsPlugins: false))
    }

    private let request = ExecRequest(namespace: "default", pod: "web", container: "app", command: ["sh", "-c", "cat"], stdin: true)

    @Test func `a session carries input, both outputs, sizes and the exit code`() async throws {
        let server = try await TestServer.start(
            session: { message in
                switch message.first {
                case nil: [[1] + Array("hello".utf8), [2] + Array("oops".utf8)]
                case 0: [[1] + message.dropFirst()]
                case 4: [[1] + message.dropFirst()]
                case 255:
                    [
                        [3]
                            + Array(
                                "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"message\":\"exit 7\",\"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"7\"}]}}"
                                    .utf8)
                    ]
                default: []
                }
            }, answer: { _ in .whole(500, [], "") })
        let session = try await client(server).exec(request)
        #expect(try await session.output.next() == Array("hello".utf8))
        #expect(try await session.errorOutput?.next() == Array("oops".utf8))
        let input = [UInt8](repeating: 0x61, count: 100_000)
        try await session.write(input)
        var echoed: [UInt8] = []
        while echoed.count < input.count, let bytes = try await session.output.next() { echoed += bytes }
        #expect(echoed == input)
        session.resize(columns: 80, rows: 24)
        #expect(try await session.output.next() == Array("{\"Width\":80,\"Height\":24}".utf8))
        await session.closeInput()
        let result = await session.result()
        #expect(result.isFailure)
        #expect(result.details?.causes.first?.message == "7")
        #expect(try await session.output.next() == nil)
        session.cancel()
        await server.stop()
    }

    @Test func `what comes faster than it is read waits, and comes whole`() async throws {
        let messages: [[UInt8]] = (0..<400).map { [1] + Array(repeating: UInt8($0 % 251), count: 4000) }
        let ended = Array("\u{3}{\"kind\":\"Status\",\"status\":\"Success\"}".utf8)
        let server = try await TestServer.start(session: { $0.isEmpty ? messages + [ended] : [] }, answer: { _ in .whole(500, [], "") })
        let session = try await client(server).exec(request)
        let output = try #require(session.output as? ByteChannel)
        // Several messages of one read find the reader's share full.
        #expect(await comesTrue { output.waitingBytes >= 256 << 10 })
        let bytes = try await session.output.collect()
        #expect(bytes == messages.flatMap { $0.dropFirst() })
        #expect(await session.result().isFailure == false)
        await server.stop()
    }

    @Test func `a refused session is thrown as the server's status`() async throws {
        let server = try await TestServer.start { _ in
            .whole(
                404, [("content-type", "application/json")],
                "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"pods \\\"web\\\" not found\",\"reason\":\"NotFound\",\"code\":404}"
            )
        }
        let client = try client(server)
        let error = await #expect(throws: APIStatus.self) { _ = try await client.exec(request) }
        #expect(error?.code == 404)
        #expect(error?.message == "pods \"web\" not found")
        await server.stop()
    }

    @Test func `a server of the protocol before is not told of the end of the input`() async throws {
        let server = try await TestServer.start(
            subprotocol: "v4.channel.k8s.io",
            session: { message in
                switch message.first {
                case 0 where message.count == 1 + 5: [[1] + message.dropFirst(), [3] + Array("{\"kind\":\"Status\",\"status\":\"Success\"}".utf8)]
                case 0: [[1] + message.dropFirst()]
                case 255: [[1] + Array("a channel that it does not know".utf8)]
                default: []
                }
            }, answer: { _ in .whole(500, [], "") })
        let session = try await client(server).exec(request)
        #expect(!session.tellsInputEnd)
        try await session.write(Array("abc".utf8))
        await session.closeInput()
        try await session.write(Array("final".utf8))
        #expect(String(decoding: try await session.output.collect(), as: UTF8.self) == "abcfinal")
        #expect(await session.result().isFailure == false)
        await server.stop()
    }

    @Test func `a server of another protocol is named as such`() async throws {
        let server = try await TestServer.start(
            subprotocol: "channel.k8s.io", session: { _ in [] }, answer: { _ in .whole(500, [], "") })
        let client = try client(server)
        let error = await #expect(throws: APIStatus.self) { _ = try await client.exec(request) }
        #expect(error?.message.contains("v5.channel.k8s.io, v4.channel.k8s.io") == true, "\(error?.message ?? "")")
        await server.stop()
    }
}
