import NIOCore
import Testing

@testable import APIServer

struct SPDYConnectionTests {
    /// A client of the connection under test.
    private struct Client {
        var writer = SPDYFrameWriter()
        var reader = SPDYFrameReader()
        var inbound = ByteBuffer()

        mutating func bytes(_ frames: SPDYFrame...) -> ByteBuffer {
            var out = ByteBuffer()
            for frame in frames { writer.write(frame, into: &out) }
            return out
        }

        mutating func frames(_ connection: inout SPDYConnection) throws -> [SPDYFrame] {
            if var output = connection.takeOutput() { inbound.writeBuffer(&output) }
            var all: [SPDYFrame] = []
            while let frame = try reader.next(&inbound) { all.append(frame) }
            return all
        }
    }

    private static let headers = SPDYHeaders([("streamtype", "stdin")])

    private func events(_ connection: inout SPDYConnection) throws(SPDYFailure) -> [SPDYConnection.Event] {
        var all: [SPDYConnection.Event] = []
        while let event = try connection.nextEvent() { all.append(event) }
        return all
    }

    private func opened(_ client: inout Client, _ connection: inout SPDYConnection, _ id: UInt32 = 1) throws {
        connection.receive(client.bytes(.synStream(id: id, headers: Self.headers, isFinal: false, isUnidirectional: false)))
        #expect(try events(&connection) == [.opened(id, Self.headers)])
        connection.reply(id)
    }

    @Test func `a stream is opened, answered, used both ways and forgotten`() throws {
        var client = Client()
        var connection = SPDYConnection()
        try opened(&client, &connection)
        #expect(try client.frames(&connection) == [.synReply(id: 1, headers: SPDYHeaders(), isFinal: false)])
        connection.receive(client.bytes(.data(id: 1, [1, 2], isFinal: false), .data(id: 1, [3], isFinal: true)))
        #expect(try events(&connection) == [.data(1, [1, 2]), .data(1, [3]), .ended(1)])
        connection.send(1, [9])
        connection.finish(1)
        #expect(try client.frames(&connection) == [.data(id: 1, [9], isFinal: false), .data(id: 1, [], isFinal: true)])
        #expect(connection.streamCount == 0)
        connection.send(1, [9])
        #expect(connection.takeOutput() == nil)
    }

    @Test func `bytes may arrive one by one`() throws {
        var client = Client()
        var connection = SPDYConnection()
        let bytes = client.bytes(
            .synStream(id: 1, headers: Self.headers, isFinal: false, isUnidirectional: false), .ping(1), .data(id: 1, [7, 8], isFinal: true))
        var seen: [SPDYConnection.Event] = []
        for byte in bytes.readableBytesView {
            connection.receive(ByteBuffer(bytes: [byte]))
            seen += try events(&connection)
        }
        #expect(seen == [.opened(1, Self.headers), .data(1, [7]), .data(1, [8]), .ended(1)])
        #expect(try client.frames(&connection) == [.ping(1)])
    }

    @Test func `a stream opened with FIN has ended for the client`() throws {
        var client = Client()
        var connection = SPDYConnection()
        connection.receive(client.bytes(.synStream(id: 1, headers: Self.headers, isFinal: true, isUnidirectional: false)))
        #expect(try events(&connection) == [.opened(1, Self.headers), .ended(1)])
        connection.finish(1)
        #expect(connection.streamCount == 0)
    }

    @Test func `a reset ends a stream at once, and what is still on its way is dropped`() throws {
        var client = Client()
        var connection = SPDYConnection()
        try opened(&client, &connection)
        try opened(&client, &connection, 3)
        _ = try client.frames(&connection)
        connection.receive(client.bytes(.reset(id: 1, status: .cancelled), .reset(id: 1, status: .cancelled), .data(id: 1, [1], isFinal: false)))
        #expect(try events(&connection) == [.reset(1)])
        connection.reset(3, .refused)
        connection.receive(client.bytes(.data(id: 3, [1], isFinal: true)))
        #expect(try events(&connection) == [])
        #expect(try client.frames(&connection) == [.reset(id: 3, status: .refused)])
    }

    @Test func `data on a stream that never was, or after its end, is answered with a reset`() throws {
        var client = Client()
        var connection = SPDYConnection()
        try opened(&client, &connection)
        _ = try client.frames(&connection)
        connection.receive(client.bytes(.data(id: 5, [1], isFinal: false), .data(id: 1, [], isFinal: true), .data(id: 1, [1], isFinal: false)))
        #expect(try events(&connection) == [.ended(1), .reset(1)])
        #expect(try client.frames(&connection) == [.reset(id: 5, status: .invalidStream), .reset(id: 1, status: .alreadyClosed)])
    }

    @Test func `a client that counts no windows is sent everything`() throws {
        var client = Client()
        var connection = SPDYConnection()
        try opened(&client, &connection)
        connection.send(1, [UInt8](repeating: 0, count: 1 << 20))
        #expect(connection.room(1) > 0)
    }

    @Test func `a client that counts windows is sent no more than it takes`() throws {
        var client = Client()
        var connection = SPDYConnection()
        connection.receive(client.bytes(.settings(initialWindow: 10)))
        #expect(try events(&connection) == [.roomAppeared])
        try opened(&client, &connection)
        #expect(connection.room(1) == 10)
        connection.send(1, [UInt8](repeating: 0, count: 10))
        #expect(connection.room(1) == 0)
        connection.receive(client.bytes(.windowUpdate(id: 1, delta: 4)))
        #expect(try events(&connection) == [.roomAppeared])
        #expect(connection.room(1) == 4)
        connection.receive(client.bytes(.settings(initialWindow: 3)))
        _ = try events(&connection)
        #expect(connection.room(1) == 0)
        connection.receive(client.bytes(.windowUpdate(id: 1, delta: 0x7fff_ffff)))
        _ = try events(&connection)
        connection.receive(client.bytes(.windowUpdate(id: 1, delta: 0x7fff_ffff)))
        #expect(try events(&connection) == [.reset(1)])
        #expect(try client.frames(&connection).last == .reset(id: 1, status: .flowControl))
    }

    @Test func `what was taken is acknowledged in halves of a window`() throws {
        var client = Client()
        var connection = SPDYConnection()
        try opened(&client, &connection)
        _ = try client.frames(&connection)
        connection.acknowledge(1, 30_000)
        #expect(try client.frames(&connection) == [])
        connection.acknowledge(1, 10_000)
        #expect(try client.frames(&connection) == [.windowUpdate(id: 1, delta: 40_000)])
    }

    @Test func `more streams than a connection may have are refused one by one`() throws {
        var client = Client()
        var connection = SPDYConnection()
        for index in 0..<UInt32(SPDYConnection.Limits.streams) { try opened(&client, &connection, index * 2 + 1) }
        _ = try client.frames(&connection)
        let next = UInt32(SPDYConnection.Limits.streams * 2 + 1)
        connection.receive(client.bytes(.synStream(id: next, headers: Self.headers, isFinal: false, isUnidirectional: false)))
        #expect(try events(&connection) == [])
        #expect(try client.frames(&connection) == [.reset(id: next, status: .refused)])
    }

    @Test(
        arguments: [
            ("an even stream", [0x80, 3, 0, 1, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]),
            ("another version", [0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]), ("a ping too short", [0x80, 3, 0, 6, 0, 0, 0, 3, 0, 0, 0]),
            ("a control frame of 16 MB", [0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]), ("data on stream 0", [0, 0, 0, 0, 0, 0, 0, 1, 1]),
            ("settings without entries", [0x80, 3, 0, 4, 0, 0, 0, 4, 0, 0, 0, 9]),
            ("a window too large", [0x80, 3, 0, 4, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff]),
            ("a header block of rubbish", [0x80, 3, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 9, 9]),
            ("HTTP", Array("GET / HTTP/1.1\r\n".utf8.map { $0 | 0x80 })),
        ] as [(String, [UInt8])])
    func `frames that break the rules end the connection with GOAWAY`(what: String, bytes: [UInt8]) throws {
        var client = Client()
        var connection = SPDYConnection()
        connection.receive(ByteBuffer(bytes: bytes))
        #expect(throws: SPDYFailure.self) { while try connection.nextEvent() != nil {} }
        #expect(try client.frames(&connection).last == .goAway(lastGood: 0, status: 1))
    }

    @Test func `frames of unknown kinds are skipped`() throws {
        var client = Client()
        var connection = SPDYConnection()
        connection.receive(ByteBuffer(bytes: [0x80, 3, 0, 10, 0, 0, 0, 3, 1, 2, 3]))
        connection.receive(client.bytes(.ping(1)))
        #expect(try events(&connection) == [])
        #expect(try client.frames(&connection) == [.ping(1)])
    }
}
