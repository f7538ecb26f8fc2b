import NIOCore
import NIOHTTP2
import Testing

@testable import APIServer

/// What a client cannot do to the server over HTTP/2.
struct HTTP2DefenceTests {
    private func with(_ body: (HTTP2Client, TLSServer) async throws -> Void) async throws {
        try await TLSServer.with { server async throws in
            try await HTTP2Client.with(server) { try await body($0, server) }
            // Others are served as before.
            try await HTTP2Client.with(server) { other async throws in
                #expect(try await other.exchange(1, HTTP2Client.get("/livez")).text == "ok")
            }
        }
    }

    @Test func `requests that are reset at once end the connection when there are too many`() async throws {
        try await with { client, server async throws in
            try await client.heard { !$0.settings.isEmpty }
            try await client.flood(
                (0..<(HTTP2Limits.resets + 10)).flatMap {
                    [(1 + 2 * $0, HTTP2Client.beginning(HTTP2Client.get("/api/v1/pods?watch=1"))), (1 + 2 * $0, .rstStream(.cancel))]
                })
            let state = try await client.heard { $0.isClosed }
            #expect(state.farewell == .enhanceYourCalm)
            for _ in 0..<2000 where server.server.core.traffic.http2.values.openRequests > 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(server.server.core.traffic.http2.values.openRequests == 0)
        }
    }

    @Test func `all watches of a connection may be reset at once`() async throws {
        try await with { client, _ async throws in
            try await client.heard { !$0.settings.isEmpty }
            for round in 0..<3 {
                let ids = (0..<250).map { 1 + 2 * ($0 + round * 250) }
                for id in ids { try await client.begin(id, HTTP2Client.get("/api/v1/pods?watch=1")) }
                for id in ids { try await client.reset(id) }
            }
            #expect(try await client.exchange(2001, HTTP2Client.get("/livez")).text == "ok")
        }
    }

    @Test func `pings are answered, and too many end the connection`() async throws {
        try await with { client, _ async throws in
            try await client.frame(0, .ping(HTTP2PingData(withInteger: 7), ack: false))
            try await client.heard { $0.pongs == 1 }
            let ping = HTTP2Frame.FramePayload.ping(HTTP2PingData(withInteger: 7), ack: false)
            try await client.flood(Array(repeating: (0, ping), count: HTTP2Limits.controls + 10))
            let state = try await client.heard { $0.isClosed }
            #expect(state.farewell == .enhanceYourCalm)
        }
    }

    @Test func `too many settings end the connection`() async throws {
        try await with { client, _ async throws in
            let settings = HTTP2Frame.FramePayload.settings(.settings([HTTP2Setting(parameter: .initialWindowSize, value: 70_000)]))
            try await client.flood(Array(repeating: (0, settings), count: HTTP2Limits.controls + 10))
            let state = try await client.heard { $0.isClosed }
            #expect(state.farewell == .enhanceYourCalm)
        }
    }

    @Test func `the two hundred and fifty-first request at a time is one too many`() async throws {
        try await TLSServer.with { server async throws in
            var bytes = RawHTTP2.preface + RawHTTP2.settings + RawHTTP2.frame(4, flags: 1)
            for index in 0..<251 {
                bytes += RawHTTP2.frame(1, flags: 5, stream: UInt32(1 + 2 * index), RawHTTP2.list(HTTP2Client.get("/api/v1/pods?watch=1")))
            }
            #expect(try await farewell(server, bytes) == 1)
        }
    }

    @Test(arguments: [
        // A header list that never ends.
        (
            RawHTTP2.frame(1, flags: 1, stream: 1, RawHTTP2.list([("a", "b")]))
                + Array((0..<100).map { _ in RawHTTP2.frame(9, stream: 1, RawHTTP2.list([("a", "b")])) }.joined()), UInt8(11)
        ),
        // One that is too large.
        (
            RawHTTP2.frame(1, flags: 1, stream: 1, [UInt8](repeating: 0, count: 16_000))
                + Array((0..<9).map { _ in RawHTTP2.frame(9, stream: 1, [UInt8](repeating: 0, count: 16_000)) }.joined()), UInt8(1)
        ),
        // Something else inside one.
        (RawHTTP2.frame(1, flags: 1, stream: 1, RawHTTP2.list([("a", "b")])) + RawHTTP2.frame(6, [UInt8](repeating: 0, count: 8)), UInt8(1)),
        // One that expands: a large field in the table, named again and again.
        (
            RawHTTP2.frame(
                1, flags: 5, stream: 1,
                [0x40, 1, 97, 0x7f, 0xa1, 0x1e] + [UInt8](repeating: 120, count: 4000) + [UInt8](repeating: 0xbe, count: 12_000)), UInt8(9)
        ),
        // Data for a request that does not exist, settings of a wrong size, a frame that is too large.
        (RawHTTP2.frame(0, stream: 1, [1]), UInt8(1)), (RawHTTP2.frame(4, [1, 2, 3]), UInt8(6)),
        (RawHTTP2.frame(0, stream: 1, [UInt8](repeating: 0, count: 20_000)), UInt8(6)),
        // A window that grows by nothing, or beyond all bounds.
        (RawHTTP2.frame(8, [0, 0, 0, 0]), UInt8(1)), (RawHTTP2.frame(8, [0x7f, 255, 255, 255]), UInt8(3)),
        // A promise, which only servers make.
        (RawHTTP2.frame(5, flags: 4, stream: 1, [0, 0, 0, 2]), UInt8(1)),
    ])
    func `frames that break the rules end the connection`(bytes: [UInt8], code: UInt8) async throws {
        try await TLSServer.with { server async throws in
            #expect(try await farewell(server, RawHTTP2.preface + RawHTTP2.settings + bytes) == code)
        }
    }

    @Test func `without the preface there is no connection`() async throws {
        try await TLSServer.with { server async throws in
            #expect(try await farewell(server, Array("GET / HTTP/1.1\r\n\r\n          ".utf8)) == 1)
        }
    }

    /// The error of the GOAWAY with which a connection ends that has sent `bytes`.
    private func farewell(_ server: TLSServer, _ bytes: [UInt8]) async throws -> UInt8? {
        let client = try await StreamClient.connect(server, protocols: ["h2"])
        try await client.send(bytes)
        let answer = try await client.received()
        try? await client.close()  // best effort: the server has closed it
        return RawHTTP2.read(answer).last { $0.type == 7 }?.error
    }
}
