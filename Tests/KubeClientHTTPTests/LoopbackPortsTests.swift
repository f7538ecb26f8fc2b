import APIMachinery
import KubeClient
import KubeClientHTTP
import LinuxKernel
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

/// What comes from the other end of a connection.
private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let bytes = ByteChannel()
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes.send(Array(unwrapInboundIn(data).readableBytesView)) }
    func channelInactive(context: ChannelHandlerContext) { bytes.finish() }
}

@Suite(.timeLimit(.minutes(5))) struct LoopbackPortsTests {
    private func dial(_ port: UInt16) async throws -> (any Channel, ByteChannel) {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(collector) }
            .connect(host: "127.0.0.1", port: Int(port)).get()
        return (channel, collector.bytes)
    }

    @Test func `a local connection is a session, both ways, until either side closes it`() async throws {
        let listener = try await LoopbackPorts().listen(0)
        #expect(listener.port > 0)
        var connections = listener.connections.makeAsyncIterator()
        let (channel, received) = try await dial(listener.port)
        let session = try #require(await connections.next())
        try await channel.writeAndFlush(ByteBuffer(string: "hello"))
        #expect(try await session.output.next() == Array("hello".utf8))
        try await session.write(Array("world".utf8))
        #expect(try await received.next() == Array("world".utf8))
        try await channel.close()
        #expect(try await session.output.next() == nil)
        // It may still wait for an answer: the session ends when it is given up.
        session.cancel()
        #expect(!(await session.result().isFailure))

        let (_, more) = try await dial(listener.port)
        let second = try #require(await connections.next())
        second.cancel()
        #expect(try await more.next() == nil)
        listener.close()
        #expect(await connections.next() == nil)
    }

    @Test func `a local program that has sent everything still gets its answer`() async throws {
        let listener = try await LoopbackPorts().listen(0)
        defer { listener.close() }
        var connections = listener.connections.makeAsyncIterator()
        let (channel, received) = try await dial(listener.port)
        let session = try #require(await connections.next())
        try await channel.writeAndFlush(ByteBuffer(string: "question"))
        try await channel.close(mode: .output)
        #expect(try await session.output.next() == Array("question".utf8))
        #expect(try await session.output.next() == nil)
        try await session.write(Array("answer".utf8))
        #expect(try await received.next() == Array("answer".utf8))
        session.cancel()
        #expect(try await received.next() == nil)
    }

    @Test func `more than is read waits in the local program`() async throws {
        let listener = try await LoopbackPorts().listen(0)
        defer { listener.close() }
        var connections = listener.connections.makeAsyncIterator()
        let (channel, _) = try await dial(listener.port)
        let session = try #require(await connections.next())
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        async let sent: Void = { for _ in 0..<32 { try await channel.writeAndFlush(ByteBuffer(bytes: piece)) } }()
        var count = 0
        while count < 32 << 20, let bytes = try await session.output.next() { count += bytes.count }
        try await sent
        #expect(count == 32 << 20)
        try await channel.close()
    }

    @Test func `a port that is in use is said with what helps`() async throws {
        let listener = try await LoopbackPorts().listen(0)
        defer { listener.close() }
        let error = await #expect(throws: APIStatus.self) { _ = try await LoopbackPorts().listen(listener.port) }
        #expect(error?.message == "port \(listener.port) of 127.0.0.1 is in use: choose another one, or 0 for any")
    }
}

@Suite(.timeLimit(.minutes(5))) struct PortSessionTests {
    private func client(_ server: TestServer) throws -> KubeClient {
        let cluster = KubeconfigCluster(server: "http://127.0.0.1:\(server.port)")
        return KubeClient(transport: try HTTPTransport(context: KubeconfigContext(name: "test", cluster: cluster), runsPlugins: false))
    }

    private let request = APIRequest(path: "/api/v1/namespaces/default/pods/web/portforward", query: [QueryItem("ports", "80")])

    @Test func `the first message of each channel is the port's number, and the rest is data`() async throws {
        let server = try await TestServer.start(
            subprotocol: "v4.channel.k8s.io",
            session: { message in
                message.isEmpty ? [[0, 80, 0], [1, 80, 0], [0] + Array("hello".utf8)] : [[0] + message.dropFirst()]
            }, answer: { _ in .whole(500, [], "") })
        let session = try await client(server).rawConnect(request)
        #expect(try await session.output.next() == Array("hello".utf8))
        try await session.write(Array("again".utf8))
        #expect(try await session.output.next() == Array("again".utf8))
        session.cancel()
        #expect(!(await session.result().isFailure))
        await server.stop()
    }

    @Test func `what comes on the error channel is why the port failed`() async throws {
        let server = try await TestServer.start(
            subprotocol: "v4.channel.k8s.io",
            session: { _ in [[0, 80, 0], [1, 80, 0], [1] + Array("connection refused".utf8)] }, answer: { _ in .whole(500, [], "") })
        let session = try await client(server).rawConnect(request)
        #expect(try await session.output.next() == nil)
        let result = await session.result()
        #expect(result.isFailure && result.message == "connection refused")
        await server.stop()
    }

    @Test func `a server that forwards no ports over WebSocket is named as such`() async throws {
        let server = try await TestServer.start(session: { _ in [] }, answer: { _ in .whole(500, [], "") })
        let error = await #expect(throws: APIStatus.self) { _ = try await client(server).rawConnect(request) }
        #expect(error?.message.contains("does not forward ports over WebSocket") == true, "\(error?.message ?? "")")
        await server.stop()
    }
}
