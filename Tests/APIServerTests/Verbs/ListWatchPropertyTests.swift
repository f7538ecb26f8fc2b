import APIMachinery
import JSONCore
import KubeClient
import ObjectStore
import Testing

@testable import APIServer

/// What every informer relies on: a list at any revision and the watch from it lead to what a fresh list shows.
struct ListWatchPropertyTests {
    /// A linear congruential generator: the same changes on every run.
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
    }

    private static func change(_ api: TestServer, _ random: inout Random) async throws {
        let name = "c\(Int.random(in: 0..<6, using: &random))"
        let label = ["a", "b"].randomElement(using: &random) ?? "a"
        switch Int.random(in: 0..<4, using: &random) {
        case 0: _ = try await api.call(.post, configMaps, TestServer.configMap(name, labels: "{\"l\":\"\(label)\"}"))
        case 1: _ = try await api.call(.delete, "\(configMaps)/\(name)")
        case 2:
            _ = try await api.call(
                .patch, "\(configMaps)/\(name)", "{\"metadata\":{\"labels\":{\"l\":\"\(label)\"}}}", type: "application/merge-patch+json")
        default:
            _ = try await api.call(
                .patch, "\(configMaps)/\(name)?fieldManager=\(label)",
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"\(name)\"},\"data\":{\"k\":\"\(random.next() % 5)\"}}",
                type: "application/apply-patch+yaml")
        }
    }

    private static func items(_ answer: TestServer.Answer) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: answer.object.array("items").map { (KubeObject($0).name, bare($0)) })
    }

    private static func bare(_ value: JSONValue) -> JSONValue {
        var value = value
        value["kind"] = nil
        value["apiVersion"] = nil
        return value
    }

    @Test(arguments: ["", "&labelSelector=l%3Da", "&fieldSelector=metadata.name%3Dc1"], [1, 2, 3])
    func `a list at any revision and the watch from it reach a fresh list`(selector: String, seed: Int) async throws {
        // Bookmarks say when the end has been reached without a matching change.
        try await TestServer.with(bookmarkInterval: .milliseconds(5)) { api async throws in
            var random = Random(state: UInt64(seed))
            var revisions = [api.store.currentRevision]
            for _ in 0..<60 {
                try await Self.change(api, &random)
                if revisions.last != api.store.currentRevision { revisions.append(api.store.currentRevision) }
            }
            let fresh = try await api.call(.get, "\(configMaps)?limit=500\(selector)")
            let end = api.store.currentRevision
            for revision in revisions {
                let query = "resourceVersion=\(revision)&resourceVersionMatch=Exact\(selector)"
                let list = try await api.call(.get, "\(configMaps)?\(query)")
                #expect(list.status == 200, "\(list.message)")
                #expect(list.object.resourceVersion == String(revision))
                var state = Self.items(list)
                let watch = try await api.watch(
                    "\(configMaps)?watch=true&resourceVersion=\(revision)&timeoutSeconds=30&allowWatchBookmarks=true\(selector)")
                var position = revision
                while let event = try await watch.next() {
                    let at = event.object.revision ?? 0
                    #expect(at >= position, "events come in the order of revisions")
                    position = at
                    switch event.type {
                    case "ADDED":
                        #expect(state[event.object.name] == nil, "revision \(revision): added twice")
                        state[event.object.name] = Self.bare(event.object.value)
                    case "MODIFIED":
                        #expect(state[event.object.name] != nil, "revision \(revision): modified before it was added")
                        state[event.object.name] = Self.bare(event.object.value)
                    case "DELETED": state[event.object.name] = nil
                    default: break
                    }
                    if position >= end { break }
                }
                watch.cancel()
                #expect(state == Self.items(fresh), "from revision \(revision)")
            }
        }
    }

    @Test func `what an object does not say reads as zero to a selector`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, "/api/v1/nodes", "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"}}")
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            func count(_ path: String, _ selector: String) async throws -> Int {
                try await api.call(.get, "\(path)?fieldSelector=\(selector)").object.array("items").count
            }
            #expect(try await count("/api/v1/nodes", "spec.unschedulable%3Dfalse") == 1)
            #expect(try await count("/api/v1/nodes", "spec.unschedulable%3Dtrue") == 0)
            #expect(try await count(pods, "spec.hostNetwork%3Dfalse") == 1)
            #expect(try await count(pods, "spec.host%3D") == 1)
            #expect(try await count(pods, "status.phase%3DPending,spec.nodeName%3D") == 1)
        }
    }
}
