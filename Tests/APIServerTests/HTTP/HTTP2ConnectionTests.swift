import APIMachinery
import JSONCore
import KubeClient
import NIOCore
import NIOHTTP2
import Synchronization
import Testing

@testable import APIServer

struct HTTP2ConnectionTests {
    private static let configMaps = "/api/v1/namespaces/default/configmaps"

    private static func json(_ method: String, _ path: String, length: Int? = nil, _ more: [(String, String)] = []) -> [(String, String)] {
        HTTP2Client.get(path, method: method, [("content-type", "application/json")] + (length.map { [("content-length", "\($0)")] } ?? []) + more)
    }

    private static func configMap(_ name: String, size: Int = 1) -> [UInt8] {
        Array("{\"metadata\":{\"name\":\"\(name)\"},\"data\":{\"k\":\"\(String(repeating: "x", count: size))\"}}".utf8)
    }

    private func with(extensions: [any ExtensionEndpoint] = [], _ body: (HTTP2Client, TLSServer) async throws -> Void) async throws {
        try await TLSServer.with(extensions: extensions) { server async throws in
            try await HTTP2Client.with(server) { try await body($0, server) }
        }
    }

    /// Waits until `isTrue`, for what the server does after its last frame.
    private func eventually(_ what: String, _ isTrue: () -> Bool) async throws {
        for _ in 0..<2000 {
            if isTrue() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(what) did not come true within 10 s")
    }

    @Test func `a client that offers both speaks HTTP/2, and the settings say what it may do`() async throws {
        try await TLSServer.with { server async throws in
            let client = try await HTTP2Client.connect(server, protocols: ["http/1.1", "h2"])
            let settings = try await client.heard { !$0.settings.isEmpty }.settings
            #expect(settings.contains(HTTP2Setting(parameter: .maxConcurrentStreams, value: 250)))
            #expect(settings.contains(HTTP2Setting(parameter: .initialWindowSize, value: 256 << 10)))
            #expect(try await client.exchange(1, HTTP2Client.get("/livez")).text == "ok")
            #expect(server.server.core.traffic.http2.values == (1, 1, 0))
            try await client.channel.close()
        }
    }

    @Test func `answers have the status, headers and body of HTTP/1.1`() async throws {
        try await with { client, _ async throws in
            let answer = try await client.exchange(1, HTTP2Client.get("/api/v1/namespaces/default"))
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.headers["content-length"] == "\(answer.body.count)")
            #expect(answer.headers["cache-control"] == "no-cache, private")
            #expect(answer.headers["audit-id"]?.utf8.count == 36)
            #expect(answer.headers["date"]?.hasSuffix("GMT") == true)
            #expect(try JSON.parse(answer.body)["metadata"]?["name"] == .string("default"))
            let missing = try await client.exchange(3, HTTP2Client.get("\(Self.configMaps)/none"))
            #expect(missing.status == 404)
            let head = try await client.exchange(5, HTTP2Client.get("/api/v1/namespaces/default", method: "HEAD"))
            #expect(head.body.isEmpty && head.isComplete)
            let unknown = try await client.exchange(7, HTTP2Client.get("/version", method: "BREW"))
            #expect(unknown.status == 405)
        }
    }

    @Test func `two hundred and fifty requests at a time are answered`() async throws {
        try await with { client, server async throws in
            try await client.heard { !$0.settings.isEmpty }
            let ids = (0..<250).map { 1 + 2 * $0 }
            for id in ids { try await client.begin(id, HTTP2Client.get("\(Self.configMaps)?watch=1&timeoutSeconds=600")) }
            try await client.heard { state in ids.allSatisfy { state.answers[$0]?.status == 200 } }
            #expect(server.server.core.traffic.http2.values == (1, 250, 250))
            let api = TestServerCalls(server.server)
            try await api.create(Self.configMaps, String(decoding: Self.configMap("seen"), as: UTF8.self))
            try await client.heard { state in ids.allSatisfy { state.answers[$0]?.text.contains("\"seen\"") == true } }
        }
    }

    @Test func `a watch that is reset ends on the server, and the connection goes on`() async throws {
        try await with { client, server async throws in
            try await client.begin(1, HTTP2Client.get("\(Self.configMaps)?watch=1"))
            try await client.heard { $0.answers[1]?.status == 200 }
            #expect(server.server.core.traffic.http2.values.openRequests == 1)
            try await client.reset(1)
            #expect(try await client.exchange(3, HTTP2Client.get("/livez")).text == "ok")
            try await eventually("the watch has ended") { server.server.core.traffic.http2.values.openRequests == 0 }
        }
    }

    @Test func `a watch ends with its time, and with its connection`() async throws {
        try await with { client, server async throws in
            try await client.begin(1, HTTP2Client.get("\(Self.configMaps)?watch=1&timeoutSeconds=1&allowWatchBookmarks=true"))
            let answer = try await client.answer(1)
            #expect(answer.isComplete && answer.text.contains("BOOKMARK"), "\(answer)")
            try await client.begin(3, HTTP2Client.get("\(Self.configMaps)?watch=1&resourceVersion=999999999"))
            try await client.begin(5, HTTP2Client.get("\(Self.configMaps)?watch=1"))
            try await client.heard { $0.answers[5]?.status == 200 }
            try await client.channel.close()
            try await eventually("all is over") { server.server.core.traffic.http2.values == (0, 3, 0) }
        }
    }

    @Test func `a body in many frames is taken, and what trailers say is not looked at`() async throws {
        try await with { client, _ async throws in
            try await client.begin(1, Self.json("POST", Self.configMaps), ends: false)
            let body = Self.configMap("pieces", size: 600_000)
            for start in stride(from: 0, to: body.count, by: 50_000) {
                try await client.send(1, Array(body[start..<min(body.count, start + 50_000)]))
            }
            try await client.begin(1, [("x-checksum", "7"), ("content-length", "3")])
            #expect(try await client.answer(1).status == 201)
        }
    }

    @Test func `a body beyond the limit is refused, announced or not, and only its stream ends`() async throws {
        try await with { client, _ async throws in
            try await client.begin(1, Self.json("POST", Self.configMaps, length: 99_999_999), ends: false)
            let announced = try await client.heard { $0.answers[1]?.reset != nil }.answers[1]
            #expect(announced?.status == 413 && announced?.isComplete == true && announced?.reset == .noError)
            try await client.begin(3, Self.json("POST", Self.configMaps), ends: false)
            let piece = [UInt8](repeating: 32, count: 64 << 10)
            // Resets cross with what is still sent; writes to a stream that is over fail on our own side.
            for _ in 0..<60 { try? await client.send(3, piece) }
            let sent = try await client.heard { $0.answers[3]?.reset != nil }.answers[3]
            #expect(sent?.status == 413 && sent?.reset == .noError)
            #expect(try await client.exchange(5, HTTP2Client.get("/livez")).text == "ok")
        }
    }

    @Test(arguments: [(5, 6), (7, 6)]) func `a body that is not as long as announced is malformed`(announced: Int, sent: Int) async throws {
        try await with { client, _ async throws in
            try await client.begin(1, Self.json("POST", Self.configMaps, length: announced), ends: false)
            try await client.send(1, [UInt8](repeating: 32, count: sent), ends: true)
            #expect(try await client.answer(1).reset == .protocolError)
            #expect(try await client.exchange(3, HTTP2Client.get("/livez")).text == "ok")
        }
    }

    @Test func `malformed heads end their stream, refused ones are answered, others go on`() async throws {
        try await with { client, _ async throws in
            try await client.begin(1, [(":method", "GET"), (":scheme", "https")])
            #expect(try await client.answer(1).reset == .protocolError)
            try await client.begin(3, HTTP2Client.get("/livez", [("Upper", "x")]))
            #expect(try await client.answer(3).reset == .protocolError)
            let path = "/api/v1/namespaces/default/pods/p/exec?command=id"
            let upgrade = try await client.exchange(5, HTTP2Client.get(path, [("connection", "Upgrade"), ("upgrade", "websocket")]))
            #expect(upgrade.status == 400 && upgrade.text == "request header \"Connection\" is not valid in HTTP/2\n")
            let many = try await client.exchange(7, HTTP2Client.get("/livez", Array(repeating: ("a", "b"), count: 201)))
            #expect(many.status == 431, "\(many)")
            #expect(try await client.exchange(11, HTTP2Client.get("/livez")).text == "ok")
        }
    }

    @Test func `an answer that is not read holds back no other`() async throws {
        try await with { client, server async throws in
            let api = TestServerCalls(server.server)
            for index in 0..<4 {
                try await api.create(Self.configMaps, String(decoding: Self.configMap("big\(index)", size: 500_000), as: UTF8.self))
            }
            client.stopReading(1)
            try await client.begin(1, HTTP2Client.get(Self.configMaps))
            try await client.heard { $0.answers[1]?.body.count == 65_535 }
            client.stopReading(3)
            try await client.begin(3, HTTP2Client.get("\(Self.configMaps)?watch=1"))
            try await client.heard { $0.answers[3]?.body.count == 65_535 }
            let whole = try await client.exchange(5, HTTP2Client.get(Self.configMaps))
            #expect(whole.body.count > 2_000_000)
            // Reading again brings the rest.
            try await client.frame(1, .windowUpdate(windowSizeIncrement: 8 << 20))
            #expect(try await client.answer(1).body.count == whole.body.count)
            try await client.frame(3, .windowUpdate(windowSizeIncrement: 8 << 20))
            try await client.heard { ($0.answers[3]?.body.count ?? 0) > 2_000_000 }
        }
    }

    @Test func `a large answer is compressed for who accepts it`() async throws {
        try await with { client, _ async throws in
            let answer = try await client.exchange(1, HTTP2Client.get("/openapi/v3/api/v1", [("accept-encoding", "gzip")]))
            #expect(answer.headers["content-encoding"] == "gzip")
            #expect(answer.headers["content-length"] == "\(answer.body.count)")
            #expect(answer.body.prefix(2) == [0x1f, 0x8b])
        }
    }

    @Test func `a client that asks first is told to go on`() async throws {
        try await with { client, _ async throws in
            try await client.begin(1, Self.json("POST", Self.configMaps, [("expect", "100-continue")]), ends: false)
            try await client.heard { $0.continues == 1 }
            try await client.send(1, Self.configMap("asked"), ends: true)
            #expect(try await client.answer(1).status == 201)
        }
    }

    // MARK: Uploads

    /// Counts what it is sent once it has been let go.
    private final class Count: ExtensionEndpoint {
        let path = "/kdash/v1/count"
        private let gate = Mutex<(isOpen: Bool, waiting: CheckedContinuation<Void, Never>?)>((true, nil))

        init(isOpen: Bool = true) { gate.withLock { $0.isOpen = isOpen } }

        func open() {
            gate.withLock { gate in
                gate.isOpen = true
                return gate.waiting.take()
            }?.resume()
        }

        func handle(_ request: APIRequest, body: any ByteSource, as user: UserInfo) async throws(APIStatus) -> APIResponse {
            if request.path.hasSuffix("early") { return APIResponse(contentType: "text/plain", body: .bytes(Array("early".utf8))) }
            await withCheckedContinuation { continuation in
                let isOpen = gate.withLock { gate in
                    if !gate.isOpen { gate.waiting = continuation }
                    return gate.isOpen
                }
                if isOpen { continuation.resume() }
            }
            var total = 0
            while let bytes = try await body.next() { total += bytes.count }
            return APIResponse(contentType: "text/plain", body: .bytes(Array("\(total)".utf8)))
        }
    }

    @Test func `an upload of any size reaches an extension while it arrives`() async throws {
        try await with(extensions: [Count()]) { client, _ async throws in
            let size = 8 << 20
            let answer = try await client.exchange(
                1, HTTP2Client.get("/kdash/v1/count", method: "POST", [("content-length", "\(size)")]), [UInt8](repeating: 1, count: size))
            #expect(answer.text == "\(size)")
        }
    }

    @Test func `an upload nobody reads is held back, and holds back no other`() async throws {
        let count = Count(isOpen: false)
        try await with(extensions: [count]) { client, _ async throws in
            let size = 8 << 20
            try await client.begin(1, HTTP2Client.get("/kdash/v1/count", method: "POST"), ends: false)
            async let sending: Void = client.send(1, [UInt8](repeating: 1, count: size), ends: true)
            try await client.heard { $0.windows[1] == 0 }
            for id in stride(from: 3, to: 23, by: 2) {
                let created = try await client.exchange(id, Self.json("POST", Self.configMaps), Self.configMap("c\(id)", size: 500_000))
                #expect(created.status == 201)
            }
            #expect(try await client.heard { _ in true }.windows[1] == 0)
            count.open()
            try await sending
            #expect(try await client.answer(1).text == "\(size)")
        }
    }

    @Test func `a client is told to stop sending what nobody waits for`() async throws {
        try await with(extensions: [Count()]) { client, _ async throws in
            try await client.begin(1, HTTP2Client.get("/kdash/v1/count/early", method: "POST"), ends: false)
            let answer = try await client.heard { $0.answers[1]?.reset != nil }.answers[1]
            #expect(answer?.text == "early" && answer?.reset == .noError)
        }
    }

    // MARK: The end

    @Test func `a server that stops says goodbye and names the last request it has seen`() async throws {
        try await TLSServer.with { server async throws in
            let client = try await HTTP2Client.connect(server)
            try await client.begin(1, HTTP2Client.get("\(Self.configMaps)?watch=1"))
            try await client.heard { $0.answers[1]?.status == 200 }
            await server.server.stop()
            let state = try await client.heard { $0.isClosed }
            #expect(state.farewell == .noError && state.lastStream == 1, "\(state)")
        }
    }

    @Test func `a client that says goodbye is served to the end, then the connection ends`() async throws {
        try await with { client, _ async throws in
            try await client.begin(1, HTTP2Client.get("\(Self.configMaps)?watch=1&timeoutSeconds=1"))
            try await client.heard { $0.answers[1]?.status == 200 }
            try await client.frame(0, .goAway(lastStreamID: .rootStream, errorCode: .noError, opaqueData: nil))
            let state = try await client.heard { $0.isClosed }
            #expect(state.answers[1]?.isComplete == true)
        }
    }
}
