import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct HistoryVerbTests {
    private static let maps = "/api/v1/namespaces/default/configmaps"

    private func map(_ colour: String) -> String {
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"},"data":{"colour":"\#(colour)"}}"#
    }

    /// Time goes on far enough for everything to leave what can be watched, with the writes that this needs.
    private func pass(_ duration: Duration, _ time: ManualTimeSource, _ server: TestServer) async throws {
        for step in [duration, .seconds(31)] {
            time.advance(by: step)
            for _ in 0..<2 {
                let key = ObjectKey(group: "coordination.k8s.io", resource: "leases", namespace: "default", name: "clock")
                try await server.store.write(
                    ObjectWrite(
                        key: key, bytes: Array("{\"metadata\":{}}".utf8), spliceOffset: 13, precondition: .anyOrAbsent, writer: "clock", retention: .window))
            }
        }
    }

    private func items(_ answer: TestServer.Answer) -> [JSONValue] { answer.value["items"]?.arrayValue ?? [] }
    private func types(_ answer: TestServer.Answer) -> [String] { items(answer).map { $0["type"]?.stringValue ?? "" } }

    @Test func `an object's history tells every write with its user and state, also after the object is gone`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { server in
            let alice = UserInfo(name: "alice", groups: ["system:masters"])
            _ = try await server.call(.post, Self.maps, map("red"))
            time.advance(by: .seconds(10))
            _ = try await server.call(.put, "\(Self.maps)/settings", map("blue"), as: alice)
            _ = try await server.call(.delete, "\(Self.maps)/settings")
            try await pass(.seconds(3600), time, server)
            let history = try await server.call(.get, "\(Self.maps)/settings?kdashHistory=revisions")
            #expect(history.status == 200 && history.value["kind"] == "ObjectHistory")
            #expect(types(history) == ["deleted", "changed", "created"])
            #expect(items(history).map { $0["user"]?.stringValue } == ["tester", "alice", "tester"])
            #expect(items(history).map { $0["object", "data", "colour"] } == ["blue", "blue", "red"])
            #expect(items(history)[1]["object", "metadata", "resourceVersion"] == items(history)[1]["revision"])
            #expect(items(history)[1]["object", "kind"] == "ConfigMap")
            #expect(history.value["kept", "versionSeconds"] == 604_800 && history.value["kept", "versionsSince"] == nil)
            let page = try await server.call(.get, "\(Self.maps)/settings?kdashHistory=revisions&limit=1")
            #expect(types(page) == ["deleted"])
            let token = try #require(page.value["metadata", "continue"]?.stringValue)
            #expect(types(try await server.call(.get, "\(Self.maps)/settings?kdashHistory=revisions&continue=\(token)")) == ["changed", "created"])
        }
    }

    @Test func `what changed in a collection is told since a moment, deletions alone on request`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { server in
            _ = try await server.call(.post, Self.maps, map("red"))
            time.advance(by: .seconds(10))
            let since = time.now().rfc3339
            time.advance(by: .seconds(10))
            _ = try await server.call(.put, "\(Self.maps)/settings", map("blue"))
            _ = try await server.call(.delete, "\(Self.maps)/settings")
            let all = try await server.call(.get, "/api/v1/configmaps?kdashHistory=changes&kdashSince=\(since)")
            #expect(items(all).filter { $0["name"] == "settings" }.map { $0["type"]?.stringValue } == ["deleted", "changed"])
            let gone = try await server.call(.get, "\(Self.maps)?kdashHistory=deletions&includeObject=None")
            #expect(types(gone) == ["deleted"])
            #expect(items(gone)[0]["object"] == nil && items(gone)[0]["uid"]?.stringValue?.isEmpty == false)
        }
    }

    @Test func `lists, tables and objects of the past are as they were, with the ages of then`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { server in
            let red = try await server.call(.post, Self.maps, map("red"))
            time.advance(by: .seconds(60))
            let then = time.now().rfc3339
            time.advance(by: .seconds(60))
            _ = try await server.call(.put, "\(Self.maps)/settings", map("blue"))
            _ = try await server.call(.delete, "\(Self.maps)/settings")
            try await pass(.seconds(3600), time, server)
            for moment in [red.object.resourceVersion, then] {
                let list = try await server.call(.get, "\(Self.maps)?kdashAt=\(moment)")
                #expect(list.status == 200)
                #expect(items(list).filter { $0["metadata", "name"] == "settings" }.map { $0["data", "colour"] } == ["red"])
                let object = try await server.call(.get, "\(Self.maps)/settings?kdashAt=\(moment)")
                #expect(object.value["data", "colour"] == "red")
            }
            let table = try await server.call(
                .get, "\(Self.maps)?kdashAt=\(then)&fieldSelector=metadata.name%3Dsettings", accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
            #expect(table.value["rows"]?.arrayValue?.first?["cells"]?.arrayValue?.last == "60s")
            #expect(try await server.call(.get, "\(Self.maps)/settings?kdashAt=\(time.now().rfc3339)").status == 404)
            let first = try await server.call(.get, "/api/v1/namespaces?kdashAt=\(then)&limit=1")
            let token = try #require(first.value["metadata", "continue"]?.stringValue)
            let rest = try await server.call(.get, "/api/v1/namespaces?kdashAt=\(then)&continue=\(token)")
            #expect(items(first).count == 1 && !items(rest).isEmpty)
            #expect(items(rest).allSatisfy { $0["metadata", "name"] != items(first)[0]["metadata", "name"] })
        }
    }

    @Test func `what is older than the history is expired, with since when it is kept`() async throws {
        let time = ManualTimeSource()
        try await TestServer.with(time: time) { server in
            let red = try await server.call(.post, Self.maps, map("red"))
            _ = try await server.call(.put, "\(Self.maps)/settings", map("blue"))
            try await pass(.seconds(8 * 86_400), time, server)
            let old = try await server.call(.get, "\(Self.maps)?kdashAt=\(red.object.resourceVersion)")
            #expect(old.status == 410 && old.message.contains("the past of configmaps is kept since"))
            let leases = "/apis/coordination.k8s.io/v1/leases"
            #expect(try await server.call(.get, "\(leases)?kdashAt=\(red.object.resourceVersion)").status == 410)
        }
    }

    @Test func `history needs the right to read what it is about`() async throws {
        try await TestServer.with { server in
            _ = try await server.call(.post, Self.maps, map("red"))
            let nobody = UserInfo(name: "nobody", groups: ["system:authenticated"])
            for target in ["\(Self.maps)/settings?kdashHistory=revisions", "\(Self.maps)?kdashHistory=all", "\(Self.maps)?kdashAt=1"] {
                #expect(try await server.call(.get, target, as: nobody).status == 403)
            }
        }
    }

    @Test(arguments: [
        "/settings?kdashHistory=yes", "/settings?kdashHistory=changes", "?kdashHistory=revisions", "?kdashHistory=all&kdashSince=soon",
        "?kdashHistory=all&continue=x", "?kdashHistory=all&continue=-1", "?kdashHistory=all&includeObject=Half", "?kdashHistory=all&limit=x",
        "?kdashHistory=all&labelSelector=a", "?kdashAt=soon", "?kdashAt=0", "?kdashAt=-3", "?kdashAt=99999999999999999999", "?kdashAt=9999999999",
        "?kdashAt=2999-01-01T00:00:00Z", "?kdashAt=1&resourceVersion=1", "/settings?kdashAt=soon",
    ]) func `bad questions about the past are named`(query: String) async throws {
        try await TestServer.with { server in
            _ = try await server.call(.post, Self.maps, map("red"))
            let answer = try await server.call(.get, "\(Self.maps)\(query)")
            #expect(answer.status == 400, "\(answer.message)")
            #expect(!answer.message.isEmpty)
        }
    }
}
