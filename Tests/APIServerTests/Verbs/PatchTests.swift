import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct PatchTests {
    private let json = "application/json-patch+json"
    private let merge = "application/merge-patch+json"
    private let strategic = "application/strategic-merge-patch+json"

    @Test func `the three patch types change what they say`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, deployments, TestServer.deployment("d"))
            let path = "\(deployments)/d"
            let first = try await api.call(.patch, path, "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":4}]", type: json)
            #expect(first.object.integer("spec", "replicas") == 4)
            let second = try await api.call(.patch, path, "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}", type: merge)
            #expect(second.object.labels == ["a": "b"])
            let body = "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"side\",\"image\":\"x\"}]}}}}"
            let third = try await api.call(.patch, path, body, type: strategic)
            #expect(third.object.array("spec", "template", "spec", "containers").count == 2)
            let fourth = try await api.call(.patch, path, body, type: merge)
            #expect(fourth.object.array("spec", "template", "spec", "containers").count == 1)
            #expect(fourth.object.generation == 4)
        }
    }

    @Test func `a patch that changes nothing writes nothing`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, configMaps, TestServer.configMap("c"))
            let before = api.store.currentRevision
            #expect(try await api.call(.patch, "\(configMaps)/c", "{\"data\":{\"k\":\"v\"}}", type: merge).status == 200)
            #expect(api.store.currentRevision == before)
        }
    }

    @Test func `a patch with an old revision conflicts, one without it never does`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, configMaps, TestServer.configMap("c")).object
            _ = try await api.call(.patch, "\(configMaps)/c", "{\"data\":{\"k\":\"1\"}}", type: merge)
            let stale = "{\"metadata\":{\"resourceVersion\":\"\(created.resourceVersion)\"},\"data\":{\"k\":\"2\"}}"
            #expect(try await api.call(.patch, "\(configMaps)/c", stale, type: merge).status == 409)
            let codes = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await api.call(
                            .patch, "\(configMaps)/c", "{\"data\":{\"k\(number)\":\"x\"}}", type: "application/merge-patch+json"
                        ).status
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(codes == [200])
            #expect(try await api.call(.get, "\(configMaps)/c").object["data"]?.objectValue?.count == 51)
        }
    }

    @Test(arguments: [
        ("application/json-patch+json", "{}", 400), ("application/json-patch+json", "[{\"op\":\"fly\",\"path\":\"/a\"}]", 400),
        ("application/json-patch+json", "[{\"op\":\"test\",\"path\":\"/data/k\",\"value\":\"no\"}]", 422),
        ("application/merge-patch+json", "[]", 400), ("application/merge-patch+json", "{\"metadata\":{\"name\":\"x\"}}", 400),
        ("application/merge-patch+json", "{\"kind\":\"Pod\"}", 422), ("application/apply-patch+cbor", "{}", 415), ("text/plain", "{}", 415),
    ])
    func `a patch that cannot be applied changes nothing`(type: String, body: String, status: Int) async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, configMaps, TestServer.configMap("c")).object
            let answer = try await api.call(.patch, "\(configMaps)/c", body, type: type)
            #expect(answer.status == status, "\(answer.message)")
            #expect(try await api.call(.get, "\(configMaps)/c").object == created)
        }
    }

    @Test func `a patch makes no other kind of an object, and a strategic one does not try`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, configMaps, TestServer.configMap("c")).object
            for (type, body) in [
                ("application/merge-patch+json", "{\"kind\":\"Q\"}"), ("application/merge-patch+json", "{\"apiVersion\":\"v9\"}"),
                ("application/json-patch+json", "[{\"op\":\"replace\",\"path\":\"/kind\",\"value\":\"Q\"}]"),
            ] {
                let answer = try await api.call(.patch, "\(configMaps)/c", body, type: type)
                #expect(answer.status == 422)
                #expect(answer.message.hasPrefix(" \"\" is invalid: patch: Invalid value: "))
                #expect(answer.message.contains("is registered for version"))
            }
            let ignored = try await api.call(.patch, "\(configMaps)/c", "{\"kind\":\"Q\"}", type: "application/strategic-merge-patch+json")
            #expect(ignored.status == 200)
            #expect(ignored.object == created)
        }
    }
}
