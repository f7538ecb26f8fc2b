import NIOCore
import NIOPosix
import Testing

@testable import KubeClientHTTP

@Suite(.timeLimit(.minutes(5))) struct KeepAliveTests {
    @Test func `a server that vanished without a word is noticed within a minute or so`() async throws {
        let server = try await TestServer.start { _ in .whole(200, [], "{}") }
        let pool = ConnectionPool(
            address: try ServerAddress("http://127.0.0.1:\(server.port)"), tlsServerName: nil, group: MultiThreadedEventLoopGroup.singleton,
            connectTimeout: .seconds(10))
        let channel = try await pool.connect(nil).channel
        #expect(try await channel.getOption(.socketOption(.so_keepalive)).get() != 0)
        for (option, value) in ConnectionPool.keepAlive {
            #expect(try await channel.getOption(.tcpOption(option)).get() == value)
        }
        let values = ConnectionPool.keepAlive.map(\.value)
        #expect(values[0] + values[1] * values[2] <= 60)
        try await channel.close()
        await server.stop()
    }
}
