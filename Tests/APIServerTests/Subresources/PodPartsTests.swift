import APIMachinery
import JSONCore
import KubeClient
import ObjectStore
import Testing

@testable import APIServer

/// Evictions, bindings, ephemeral containers and resizes at the API.
struct PodPartsTests {
    private static let merge = "application/merge-patch+json"
    private static let strategic = "application/strategic-merge-patch+json"
    private static let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

    private static func running(_ api: TestServer, _ name: String) async throws {
        let body =
            "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"\(name)\",\"labels\":{\"app\":\"a\"}},\"spec\":"
            + "{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"c\",\"image\":\"b\",\"resources\":{\"requests\":{\"cpu\":\"100m\"},"
            + "\"limits\":{\"cpu\":\"200m\"}}}]}}"
        #expect(try await api.call(.post, pods, body).status == 201)
        let status = "{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"
        #expect(try await api.call(.patch, "\(pods)/\(name)/status", status, type: merge).status == 200)
    }

    private static func budget(_ api: TestServer, _ name: String, allowed: Int) async throws {
        let body =
            "{\"apiVersion\":\"policy/v1\",\"kind\":\"PodDisruptionBudget\",\"metadata\":{\"name\":\"\(name)\"},\"spec\":"
            + "{\"minAvailable\":1,\"selector\":{\"matchLabels\":{\"app\":\"a\"}}}}"
        #expect(try await api.call(.post, budgets, body).status == 201)
        let status =
            "{\"status\":{\"disruptionsAllowed\":\(allowed),\"desiredHealthy\":1,\"currentHealthy\":1,\"expectedPods\":1,\"observedGeneration\":1}}"
        #expect(try await api.call(.patch, "\(budgets)/\(name)/status", status, type: merge).status == 200)
    }

    private static func evict(_ api: TestServer, _ name: String, _ query: String = "") async throws -> TestServer.Answer {
        let body = "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"\(name)\"}}"
        return try await api.call(.post, "\(pods)/\(name)/eviction\(query)", body)
    }

    @Test func `an eviction without a budget deletes and says so in the status`() async throws {
        try await TestServer.with { api async throws in
            try await Self.running(api, "p")
            #expect(try await Self.evict(api, "p", "?dryRun=All").status == 201)
            #expect(try await api.call(.get, "\(pods)/p").object.isBeingDeleted == false)
            #expect(try await Self.evict(api, "p").status == 201)
            let pod = try await api.call(.get, "\(pods)/p").object
            #expect(pod.isBeingDeleted)
            let condition = pod.array("status", "conditions").first { $0["type"] == "DisruptionTarget" }
            #expect(condition?["reason"] == "EvictionByEvictionAPI")
        }
    }

    @Test func `a budget that allows nothing refuses with its cause, one that allows counts down`() async throws {
        try await TestServer.with { api async throws in
            try await Self.running(api, "p")
            try await Self.running(api, "q")
            try await Self.budget(api, "b", allowed: 1)
            #expect(try await Self.evict(api, "p").status == 201)
            let budget = try await api.call(.get, "\(Self.budgets)/b").object
            #expect(budget.integer("status", "disruptionsAllowed") == 0)
            #expect(budget["status", "disruptedPods", "p"] != nil)
            let refused = try await Self.evict(api, "q")
            #expect(refused.status == 429)
            #expect(refused.reason == "TooManyRequests")
            #expect(refused.message == "Cannot evict pod as it would violate the pod's disruption budget.")
            let cause = try #require(refused.value["details", "causes"]?[0])
            #expect(cause["reason"] == "DisruptionBudget")
            #expect(cause["message"] == "The disruption budget b needs 1 healthy pods and has 1 currently")
            #expect(try await api.call(.get, "\(pods)/q").object.isBeingDeleted == false)
            try await Self.budget(api, "second", allowed: 1)
            let two = try await Self.evict(api, "q")
            #expect(two.status == 500)
            #expect(two.message.hasPrefix("This pod has more than one PodDisruptionBudget"))
        }
    }

    @Test func `a binding below the collection names the pod`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            let body =
                "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\"p\"},\"target\":{\"kind\":\"Node\",\"name\":\"n1\"}}"
            #expect(try await api.call(.post, "/api/v1/namespaces/default/bindings", body).status == 201)
            #expect(try await api.call(.get, "\(pods)/p").object.string("spec", "nodeName") == "n1")
            #expect(try await api.call(.post, "/api/v1/namespaces/default/bindings", body).status == 409)
        }
    }

    @Test func `ephemeral containers are only added`() async throws {
        try await TestServer.with { api async throws in
            try await Self.running(api, "p")
            let path = "\(pods)/p/ephemeralcontainers"
            let body = "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"e\",\"image\":\"busybox\"}],\"activeDeadlineSeconds\":5}}"
            let added = try await api.call(.patch, path, body, type: Self.strategic)
            #expect(added.status == 200, "\(added.message)")
            #expect(added.object.array("spec", "ephemeralContainers").count == 1)
            #expect(added.object["spec", "activeDeadlineSeconds"] == nil)
            #expect(added.object.generation == 2)
            let changed = try await api.call(
                .patch, path, "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"e\",\"image\":\"other\"}]}}", type: Self.strategic)
            #expect(changed.status == 422)
            #expect(changed.message.contains("existing ephemeral containers \"e\" may not be changed"))
            let refused = [
                ("\"ports\":[{\"containerPort\":80}]", "ports: Forbidden: cannot be set for an Ephemeral Container"),
                ("\"livenessProbe\":{\"exec\":{\"command\":[\"a\"]}}", "livenessProbe: Forbidden: cannot be set for an Ephemeral Container"),
                ("\"resources\":{\"limits\":{\"cpu\":\"1\"}}", "resources: Forbidden: cannot be set for an Ephemeral Container"),
                ("\"env\":[{\"name\":\"\",\"value\":\"v\"}]", "env[0].name: Required value"),
            ]
            for (part, text) in refused {
                let body = "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"f\",\"image\":\"busybox\",\(part)}]}}"
                let answer = try await api.call(.patch, path, body, type: Self.strategic)
                #expect(answer.status == 422)
                #expect(answer.message.contains("spec.ephemeralContainers[0].\(text)"), "\(answer.message)")
            }
            let same = try await api.call(
                .patch, path, "{\"spec\":{\"ephemeralContainers\":[{\"name\":\"c\",\"image\":\"busybox\"}]}}", type: Self.strategic)
            #expect(same.message.contains("spec.ephemeralContainers[0].name: Duplicate value: \"c\""), "\(same.message)")
            let removed = try await api.call(.patch, path, "{\"spec\":{\"ephemeralContainers\":[]}}", type: Self.merge)
            #expect(removed.status == 422)
            let main = try await api.call(.patch, "\(pods)/p", "{\"spec\":{\"ephemeralContainers\":null}}", type: Self.merge)
            #expect(main.status == 422)
        }
    }

    @Test func `a resize changes amounts of cpu and memory and no more`() async throws {
        try await TestServer.with { api async throws in
            try await Self.running(api, "p")
            let path = "\(pods)/p/resize"
            func patch(_ resources: String, _ more: String = "") async throws -> TestServer.Answer {
                try await api.call(
                    .patch, path, "{\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":\(resources)\(more)}]}}", type: Self.strategic)
            }
            let resized = try await patch("{\"requests\":{\"cpu\":\"150m\"}}", ",\"image\":\"other\"")
            #expect(resized.status == 200, "\(resized.message)")
            #expect(resized.object.array("spec", "containers")[0]["resources", "requests", "cpu"] == "150m")
            #expect(resized.object.array("spec", "containers")[0]["image"] == "b")
            #expect(resized.object.generation == 2)
            #expect(try await patch("{\"limits\":{\"cpu\":null}}").message.contains("resource limits cannot be removed"))
            let guaranteed = "{\"requests\":{\"cpu\":\"200m\",\"memory\":\"1Gi\"},\"limits\":{\"cpu\":\"200m\",\"memory\":\"1Gi\"}}"
            let refused = try await patch(guaranteed)
            #expect(refused.status == 422)
            #expect(refused.message.contains("Pod QOS Class may not change as a result of resizing"))
            let direct = try await api.call(
                .patch, "\(pods)/p", "{\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"1m\"}}}]}}",
                type: Self.strategic)
            #expect(direct.status == 422)
        }
    }
}
