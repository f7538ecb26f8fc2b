import JSONCore
import KubeClient
import KubeSchemas
import ObjectStore
import Testing

@testable import APIMachinery
@testable import APIServer

/// What clients see of objects that cannot be shown, which only damage of the store explains.
struct WatchFailureTests {
    private static let protobuf = "application/vnd.kubernetes.protobuf"
    private static let table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    private static let head = #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"bad","namespace":"default","uid":"u","labels":{"x":"1"}"#

    /// Stores bytes as the ConfigMap `bad`, whatever they are.
    private func store(_ text: String, in api: TestServer) async throws {
        let write = ObjectWrite(
            key: ObjectKey(group: "", resource: "configmaps", namespace: "default", name: "bad"), bytes: Array(text.utf8),
            spliceOffset: Self.head.utf8.count, precondition: .anyOrAbsent, writer: "test")
        _ = try await withCheckedContinuation { continuation in api.store.submit(write) { continuation.resume(returning: $0) } }.get()
    }

    private func watch(_ target: String, accept: String, in api: TestServer) async throws -> EventReader {
        let response = await api.raw(api.request(.get, target, accept: accept))
        guard case .stream(let source) = response.body else { throw APIStatus.internalError("no stream but \(response.status)") }
        #expect(response.contentType == (accept == Self.protobuf ? "\(Self.protobuf);stream=watch" : "application/json"))
        return EventReader(source, isBinary: accept == Self.protobuf)
    }

    @Test func `a protobuf watch that cannot begin says so in an ERROR frame`() async throws {
        try await TestServer.with { api async throws in
            let list = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
            let events = try await watch("\(configMaps)?\(list)&resourceVersion=999999", accept: Self.protobuf, in: api)
            let refusal = try #require(try await events.next())
            #expect(refusal.type == "ERROR")
            #expect(refusal.object["kind"] == "Status" && refusal.object["code"] == 504 && refusal.object["reason"] == "Timeout")
            #expect(try await events.next() == nil)
        }
    }

    @Test(arguments: [(protobuf, ""), ("application/json", "&labelSelector=x%3D1"), (protobuf, "&labelSelector=x%3D1"), (table, "")])
    func `an event that cannot be shown ends a watch with an ERROR`(accept: String, query: String) async throws {
        let recorder = LogRecorder()
        try await TestServer.with(logger: recorder.logger) { api async throws in
            let events = try await watch("\(configMaps)?watch=true\(query)", accept: accept, in: api)
            _ = try await api.call(.post, configMaps, TestServer.configMap("a", labels: #"{"x":"1"}"#))
            try await store("\(Self.head)},\"data\":{\"k\":\"v", in: api)
            _ = try await api.call(.post, configMaps, TestServer.configMap("b", labels: #"{"x":"1"}"#))
            #expect(try await events.next()?.type == "ADDED")
            let failure = try #require(try await events.next())
            #expect(failure.type == "ERROR")
            #expect(failure.object["kind"] == "Status" && failure.object["code"] == 500 && failure.object["reason"] == "InternalError")
            #expect(try await events.next() == nil)
            #expect(recorder.lines.count { $0.hasPrefix("error: a watch ends at an event that cannot be shown error=") && $0.hasSuffix("/bad") } == 1)
        }
    }

    @Test func `a watch ends when it cannot be told whether an object was in its selection`() async throws {
        try await TestServer.with { api async throws in
            try await store("\(Self.head)},", in: api)
            let watch = try await api.watch("\(configMaps)?watch=true&labelSelector=x%3D1")
            try await store("\(Self.head)},\"data\":{}}".replacing("\"x\":\"1\"", with: "\"x\":\"2\""), in: api)
            let failure = try #require(try await watch.next())
            #expect(failure.type == "ERROR")
            #expect(failure.object.string("message")?.contains("/bad cannot be read: ") == true)
            #expect(try await watch.next() == nil)
        }
    }

    @Test func `what cannot be shown is left out of lists and of what a watch begins with, and logged`() async throws {
        let recorder = LogRecorder()
        try await TestServer.with(logger: recorder.logger) { api async throws in
            try await store("\(Self.head)},\"data\":{\"k\":\"v", in: api)
            _ = try await api.call(.post, configMaps, TestServer.configMap("good"))
            func count() -> Int {
                recorder.lines.count { $0.hasPrefix("error: an answer leaves out an object that cannot be shown error=") && $0.hasSuffix("/bad") }
            }

            let events = try await watch("\(configMaps)?watch=true", accept: Self.protobuf, in: api)
            let first = try #require(try await events.next())
            #expect(first.type == "ADDED" && first.object["metadata", "name"] == "good" && count() == 1)

            let list = await api.raw(api.request(.get, configMaps, accept: Self.protobuf))
            guard case .bytes(let body) = list.body else { throw APIStatus.internalError("the list is a stream") }
            let items = try ProtobufDecoder.decode(body, registry: builtinSchemas)["items"]?.arrayValue ?? []
            #expect(items.map { $0["metadata", "name"] } == ["good"] && count() == 2)

            let rows = try await api.call(.get, configMaps, accept: Self.table).object.array("rows")
            #expect(rows.map { $0["object", "metadata", "name"] } == ["good"] && count() == 3)

            let direct = try await api.call(.get, "\(configMaps)/bad", accept: Self.protobuf)
            #expect(direct.status == 500)
        }
    }
}

/// Reads the events of a watch in either encoding.
private final class EventReader {
    private let source: any ByteSource
    private let isBinary: Bool
    private var buffer: [UInt8] = []

    init(_ source: any ByteSource, isBinary: Bool) {
        self.source = source
        self.isBinary = isBinary
    }

    deinit { source.cancel() }

    /// The next event; nil at the end.
    func next() async throws -> (type: String, object: JSONValue)? {
        guard isBinary else {
            while true {
                if let newline = buffer.firstIndex(of: 10) {
                    let value = try JSON.parse(Array(buffer[..<newline]))
                    buffer.removeFirst(newline + 1)
                    return (value["type"]?.stringValue ?? "", value["object"] ?? .null)
                }
                guard try await more() else { return nil }
            }
        }
        while buffer.count < 4 { guard try await more() else { return nil } }
        let count = buffer[..<4].reduce(0) { $0 << 8 | Int($1) }
        while buffer.count < 4 + count { guard try await more() else { return nil } }
        defer { buffer.removeFirst(4 + count) }
        return try Self.event(Array(buffer[4..<4 + count]))
    }

    private func more() async throws -> Bool {
        guard let bytes = try await source.next() else {
            if !buffer.isEmpty { Issue.record("the watch ends inside an event") }
            return false
        }
        buffer += bytes
        return true
    }

    /// A meta.k8s.io WatchEvent: its type at 1, a RawExtension at 2 whose 1 is a whole body.
    private static func event(_ message: [UInt8]) throws -> (type: String, object: JSONValue) {
        var type = ""
        var body: [UInt8] = []
        try message.withUnsafeBufferPointer { buffer in
            var reader = ProtobufReader(buffer)
            while !reader.isAtEnd {
                let (number, _) = try reader.field()
                if number == 1 {
                    type = try reader.string()
                } else {
                    var object = try reader.message()
                    _ = try object.field()
                    body = Array(try object.message().rest)
                }
            }
        }
        return (type, try ProtobufDecoder.decode(body, registry: builtinSchemas))
    }
}
