import APIMachinery
import KubeClient
import KubeClientHTTP
import NIOHTTP1
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct UploadTests {
    private func transport(_ server: TestServer) throws -> HTTPTransport {
        try HTTPTransport(
            context: KubeconfigContext(name: "test", cluster: KubeconfigCluster(server: "http://127.0.0.1:\(server.port)")), runsPlugins: false)
    }

    private let request = APIRequest(.post, path: "/load", contentType: "application/octet-stream")

    @Test func `a body arrives whole, in chunks, however its pieces come`() async throws {
        let server = try await TestServer.start { .whole(200, [], "\($0.body.count)") }
        let transport = try transport(server)
        let body = ByteChannel()
        let pieces = [[1, 2, 3], [UInt8](repeating: 7, count: 700_000), [], [9]]
        async let response = transport.upload(request, from: body)
        for piece in pieces {
            body.send(piece)
            while body.waitingBytes > 0, !Task.isCancelled { await Task.yield() }
        }
        body.finish()
        #expect(try await response.status == 200)
        let seen = try #require(server.requests.withLock { $0.first })
        #expect(seen.body == pieces.flatMap { $0 })
        #expect(seen.head.headers["transfer-encoding"] == ["chunked"] && seen.head.headers["content-length"].isEmpty)
        transport.close()
        await server.stop()
    }

    @Test func `an empty body is a request like any other, and the connection is kept`() async throws {
        let server = try await TestServer.start { _ in .whole(200, [], "{}") }
        let transport = try transport(server)
        #expect(try await transport.upload(request, from: ByteChannel([])).status == 200)
        #expect(try await transport.send(APIRequest(path: "/version")).status == 200)
        #expect(server.requests.withLock { $0.map(\.connection) } == [1, 1])
        transport.close()
        await server.stop()
    }

    @Test func `a body that fails breaks the request off and says why`() async throws {
        let server = try await TestServer.start { _ in .whole(200, [], "{}") }
        let transport = try transport(server)
        let body = ByteChannel()
        body.send([1, 2, 3])
        body.fail(.badRequest("the disk is gone"))
        let error = await #expect(throws: APIStatus.self) { _ = try await transport.upload(request, from: body) }
        #expect(error?.message == "the disk is gone")
        while server.closedConnections.withLock({ $0 }) == 0, !Task.isCancelled { await Task.yield() }
        #expect(server.requests.withLock { $0.isEmpty }, "half a body is no request")
        transport.close()
        await server.stop()
    }

    @Test func `a server that hangs up or is not there gives the source back`() async throws {
        let server = try await TestServer.start { _ in .hangUp }
        let transport = try transport(server)
        await #expect(throws: APIStatus.self) { _ = try await transport.upload(request, from: ByteChannel([1])) }
        await server.stop()
        let body = ByteChannel()
        let isGivenUp = Atomic(false)
        body.whenCancelled { isGivenUp.store(true, ordering: .releasing) }
        await #expect(throws: APIStatus.self) { _ = try await transport.upload(request, from: body) }
        let wasGivenUp = isGivenUp.load(ordering: .acquiring)
        #expect(wasGivenUp)
        transport.close()
    }
}
