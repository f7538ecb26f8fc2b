import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct WatchTests {
    @Test func `a watch without a revision starts with what is there`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("a"))
            let watch = try await api.watch("\(configMaps)?watch=true")
            #expect(try await watch.next()?.object.name == "a")
            let created = try await api.call(.post, configMaps, TestServer.configMap("b")).object
            let added = try #require(try await watch.next())
            #expect(added.type == "ADDED")
            #expect(added.object == created)
            _ = try await api.call(.patch, "\(configMaps)/b", "{\"data\":{\"k\":\"2\"}}", type: "application/merge-patch+json")
            #expect(try await watch.next()?.type == "MODIFIED")
            _ = try await api.call(.delete, "\(configMaps)/b")
            let deleted = try #require(try await watch.next())
            #expect(deleted.type == "DELETED")
            #expect(deleted.object.revision == api.store.currentRevision)
            #expect(deleted.object.string("data", "k") == "2")
            watch.cancel()
            #expect(try await watch.next() == nil)
        }
    }

    @Test func `a watch from a revision sees exactly what came after it`() async throws {
        try await TestServer.with { api async throws in
            let first = try await api.call(.post, configMaps, TestServer.configMap("a")).object
            _ = try await api.call(.post, configMaps, TestServer.configMap("b"))
            let watch = try await api.watch("\(configMaps)?watch=1&resourceVersion=\(first.resourceVersion)")
            #expect(try await watch.next()?.object.name == "b")
            watch.cancel()
        }
    }

    @Test func `objects that leave or enter a selection are deleted or added for its watcher`() async throws {
        try await TestServer.with { api async throws in
            let merge = "application/merge-patch+json"
            _ = try await api.call(.post, configMaps, TestServer.configMap("a"))
            let watch = try await api.watch("\(configMaps)?watch=true&labelSelector=x%3D1")
            _ = try await api.call(.patch, "\(configMaps)/a", "{\"data\":{\"k\":\"1\"}}", type: merge)
            _ = try await api.call(.patch, "\(configMaps)/a", "{\"metadata\":{\"labels\":{\"x\":\"1\"}}}", type: merge)
            #expect(try await watch.next()?.type == "ADDED")
            _ = try await api.call(.patch, "\(configMaps)/a", "{\"data\":{\"k\":\"2\"}}", type: merge)
            #expect(try await watch.next()?.type == "MODIFIED")
            let left = try await api.call(.patch, "\(configMaps)/a", "{\"metadata\":{\"labels\":{\"x\":\"2\"}}}", type: merge).object
            let event = try #require(try await watch.next())
            #expect(event.type == "DELETED")
            #expect(event.object.labels == ["x": "1"])
            #expect(event.object.resourceVersion == left.resourceVersion)
            watch.cancel()
        }
    }

    @Test func `a watch from the future waits for it and sees what comes after`() async throws {
        try await TestServer.with(bookmarkInterval: .milliseconds(2)) { api async throws in
            let future = api.store.currentRevision + 3
            let watch = try await api.watch("\(configMaps)?watch=true&allowWatchBookmarks=true&resourceVersion=\(future)")
            for name in ["a", "b", "c", "d"] { _ = try await api.call(.post, configMaps, TestServer.configMap(name)) }
            // No bookmark before the time either: the first thing said is later than what was asked for.
            var first = try #require(try await watch.next())
            if first.type == "BOOKMARK" {
                #expect(first.object.revision.map { $0 >= future } == true)
                while first.type == "BOOKMARK" { first = try #require(try await watch.next()) }
            }
            #expect(first.type == "ADDED")
            #expect(first.object.name == "d")
            #expect(first.object.revision == future + 1)
            watch.cancel()
        }
    }

    @Test func `a watch list and a list wait for a revision, and are told when it does not come`() async throws {
        try await TestServer.with { api async throws in
            let list = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
            let watch = try await api.watch("\(configMaps)?\(list)&resourceVersion=999999")
            let refusal = try #require(try await watch.next())
            #expect(refusal.type == "ERROR")
            #expect(refusal.object["code"] == 504)
            #expect(refusal.object.string("message")?.hasPrefix("Timeout: Too large resource version: 999999, current: ") == true)
            #expect(try await watch.next() == nil)
        }
        try await TestServer.with(revisionPatience: .seconds(60)) { api async throws in
            let future = api.store.currentRevision + 1
            async let answer = api.call(.get, "\(configMaps)?resourceVersion=\(future)")
            _ = try await api.call(.post, configMaps, TestServer.configMap("late"))
            let found = try await answer
            #expect(found.status == 200)
            #expect(found.object.array("items").contains { $0["metadata", "name"] == "late" })
        }
    }

    @Test func `a watch by name sees that object only`() async throws {
        try await TestServer.with { api async throws in
            let watch = try await api.watch("\(configMaps)?watch=true&fieldSelector=metadata.name%3Db")
            for name in ["a", "b", "c"] { _ = try await api.call(.post, configMaps, TestServer.configMap(name)) }
            #expect(try await watch.next()?.object.name == "b")
            watch.cancel()
        }
    }

    @Test func `a watch list ends its initial events with a marked bookmark`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("a"))
            let watch = try await api.watch(
                "\(configMaps)?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")
            #expect(try await watch.next()?.type == "ADDED")
            let bookmark = try #require(try await watch.next())
            #expect(bookmark.type == "BOOKMARK")
            #expect(bookmark.object.annotations["k8s.io/initial-events-end"] == "true")
            #expect(bookmark.object.kind == "ConfigMap")
            watch.cancel()
        }
    }

    @Test(
        arguments: [
            ("application/json", "{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[]}"),
            (
                "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
                "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{},\"items\":[]}"
            ),
        ])
    func `the end of a watch list carries the empty list that a client fills`(accept: String, blueprint: String) async throws {
        try await TestServer.with { api async throws in
            let watch = try await api.watch("\(configMaps)?\(Self.watchList)", accept: accept)
            var event = try #require(try await watch.next())
            while event.type == "ADDED" { event = try #require(try await watch.next()) }
            #expect(event.type == "BOOKMARK")
            let text = try #require(event.object.annotations["kubernetes.io/initial-events-list-blueprint"])
            #expect(Base64.decode(text.utf8).map { String(decoding: $0, as: UTF8.self) } == blueprint)
            watch.cancel()
        }
    }

    private static let watchList = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"

    @Test func `a watch list as a Table ends with a row whose object is marked`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("a"))
            let watch = try await api.watch("\(configMaps)?\(Self.watchList)", accept: "application/json;as=Table;g=meta.k8s.io;v=v1")
            var event = try #require(try await watch.next())
            #expect(event.object.array("columnDefinitions").isEmpty == false)
            while event.type == "ADDED" { event = try #require(try await watch.next()) }
            #expect(event.type == "BOOKMARK")
            #expect(event.object.kind == "Table")
            #expect(event.object.array("columnDefinitions").isEmpty)
            let rows = event.object.array("rows")
            try #require(rows.count == 1)
            let marked = KubeObject(rows[0]["object"] ?? .null)
            #expect(marked.kind == "PartialObjectMetadata")
            #expect(marked.annotations["k8s.io/initial-events-end"] == "true")
            #expect(marked.resourceVersion == event.object.resourceVersion)
            let text = marked.annotations["kubernetes.io/initial-events-list-blueprint"] ?? ""
            let list = try JSON.parse(Base64.decode(text.utf8) ?? [])
            #expect(list["kind"] == "Table")
            #expect(list["columnDefinitions"]?.arrayValue?.first?["name"] == "Name")
            watch.cancel()
        }
    }

    @Test func `a watch list whose client takes no bookmarks gets none`() async throws {
        try await TestServer.with { api async throws in
            let watch = try await api.watch("\(configMaps)?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1")
            while let event = try await watch.next() { #expect(event.type == "ADDED") }
        }
    }

    @Test func `a quiet watch gets bookmarks, one that did not ask for them none`() async throws {
        try await TestServer.with(bookmarkInterval: .milliseconds(5)) { api async throws in
            let watch = try await api.watch("\(configMaps)?watch=true&allowWatchBookmarks=true")
            let bookmark = try #require(try await watch.next())
            #expect(bookmark.type == "BOOKMARK")
            #expect(bookmark.object.revision == api.store.currentRevision)
            watch.cancel()
            let silent = try await api.watch("\(configMaps)?watch=true&timeoutSeconds=1")
            #expect(try await silent.next() == nil)
        }
    }

    @Test func `a watch as Table names its columns once`() async throws {
        try await TestServer.with { api async throws in
            let request = api.request(
                .get, "\(pods)?watch=true", accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
            guard case .stream(let source) = await api.raw(request).body else { return #expect(Bool(false)) }
            let watch = TestWatch(source: source)
            _ = try await api.call(.post, pods, TestServer.pod("a"))
            _ = try await api.call(.post, pods, TestServer.pod("b"))
            let first = try #require(try await watch.next()).object
            #expect(first.kind == "Table")
            #expect(first.array("columnDefinitions").isEmpty == false)
            let second = try #require(try await watch.next()).object
            #expect(second.array("columnDefinitions").isEmpty)
            #expect(second.array("rows").first?["cells"]?[0] == "b")
            watch.cancel()
        }
    }

    @Test func `many watchers see the same events in the same order`() async throws {
        try await TestServer.with { api async throws in
            var watches: [TestWatch] = []
            for _ in 0..<50 { watches.append(try await api.watch("\(configMaps)?watch=true")) }
            for number in 0..<20 { _ = try await api.call(.post, configMaps, TestServer.configMap("c\(number)")) }
            var orders: Set<[String]> = []
            for watch in watches {
                var names: [String] = []
                while names.count < 20, let event = try await watch.next() {
                    names.append("\(event.object.name)@\(event.object.resourceVersion)")
                }
                orders.insert(names)
                watch.cancel()
            }
            #expect(orders.count == 1)
        }
    }
}
