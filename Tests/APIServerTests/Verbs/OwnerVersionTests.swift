import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// Owners that were recorded in another version of a kind, whose fields have other names there.
struct OwnerVersionTests {
    private static let old = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
    private static let new = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    private static let apply = "application/apply-patch+yaml"

    private static func first(_ percent: Int) -> String {
        """
        {"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"},"spec":{"maxReplicas":5,
        "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"},"targetCPUUtilizationPercentage":\(percent)}}
        """
    }

    private static func second(_ percent: Int) -> String {
        """
        {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"},"spec":{"maxReplicas":5,
        "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"},"metrics":[{"type":"Resource",
        "resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":\(percent)}}}]}}
        """
    }

    private func owners(_ api: TestServer) async throws -> [String: JSONValue] {
        let object = try await api.call(.get, "\(Self.new)/h").object
        var found: [String: JSONValue] = [:]
        for entry in object.array("metadata", "managedFields") {
            found[entry["manager"]?.stringValue ?? ""] = entry["fieldsV1", "f:spec"] ?? .null
        }
        return found
    }

    @Test func `what a version 2 client changes is no more a version 1 client's`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.patch, "\(Self.old)/h?fieldManager=one", Self.first(50), type: Self.apply).status == 201)
            #expect(try await owners(api)["one"]?["f:targetCPUUtilizationPercentage"] != nil)
            // The same in other words changes nothing, so it is nobody's conflict.
            #expect(try await api.call(.patch, "\(Self.new)/h?fieldManager=two", Self.second(50), type: Self.apply).status == 200)
            let conflict = try await api.call(.patch, "\(Self.new)/h?fieldManager=two", Self.second(60), type: Self.apply)
            #expect(conflict.status == 409)
            #expect(conflict.message.contains(".spec.targetCPUUtilizationPercentage"), "\(conflict.message)")
            let forced = try await api.call(.patch, "\(Self.new)/h?fieldManager=two&force=true", Self.second(60), type: Self.apply)
            #expect(forced.status == 200)
            let left = try await owners(api)
            #expect(left["one"]?["f:maxReplicas"] != nil)
            #expect(left["one"]?["f:targetCPUUtilizationPercentage"] == nil)
            #expect(left["two"]?["f:metrics"] != nil)
        }
    }

    @Test func `an update in version 1 is recorded in its words`() async throws {
        try await TestServer.with { api async throws in
            #expect(try await api.call(.post, "\(Self.new)?fieldManager=two", Self.second(50)).status == 201)
            #expect(try await api.call(.put, "\(Self.old)/h?fieldManager=one", Self.first(70)).status == 200)
            let found = try await owners(api)
            #expect(found["one"] == ["f:targetCPUUtilizationPercentage": .object(JSONObject())])
            #expect(found["two"]?["f:maxReplicas"] != nil)
            #expect(found["two"]?["f:metrics"] == nil)
        }
    }

    private static let oldEvents = "/api/v1/namespaces/default/events"
    private static let newEvents = "/apis/events.k8s.io/v1/namespaces/default/events"

    /// What the managers own of an event, spelt out in the version they wrote in.
    private func eventOwners(_ answer: TestServer.Answer) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for entry in answer.object.array("metadata", "managedFields") {
            let name = "\(entry["manager"]?.stringValue ?? "") \(entry["apiVersion"]?.stringValue ?? "")"
            found[name] = entry["fieldsV1"]?.objectValue?.keys.sorted()
        }
        return found
    }

    @Test func `what is changed of an event in one version is no more owned in the other`() async throws {
        try await TestServer.with { api async throws in
            let event = """
                {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"},"regarding":{"kind":"Pod","namespace":"default","name":"p"},
                "type":"Normal","reason":"r","action":"a","note":"first","reportingController":"example.com/c","reportingInstance":"i",
                "eventTime":"2026-01-01T00:00:00.000000Z"}
                """
            let created = try await api.call(.post, "\(Self.newEvents)?fieldManager=one", event)
            #expect(created.status == 201, "\(created.message)")
            let all = [
                "f:action", "f:eventTime", "f:note", "f:reason", "f:regarding", "f:reportingController", "f:reportingInstance", "f:type",
            ]
            #expect(eventOwners(created) == ["one events.k8s.io/v1": all])
            let changed = try await api.call(
                .patch, "\(Self.oldEvents)/e?fieldManager=two", #"{"message":"second","count":2}"#, type: "application/merge-patch+json")
            #expect(changed.status == 200, "\(changed.message)")
            #expect(eventOwners(changed) == ["one events.k8s.io/v1": all.filter { $0 != "f:note" }, "two v1": ["f:count", "f:message"]])
        }
    }

    @Test func `who makes an event takes its fields from owners it names in the other version`() async throws {
        try await TestServer.with { api async throws in
            let event = """
                {"apiVersion":"v1","kind":"Event","metadata":{"name":"e","managedFields":[{"manager":"one","operation":"Update",
                "apiVersion":"events.k8s.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:note":{},"f:action":{}}}]},
                "involvedObject":{"kind":"Pod","namespace":"default","name":"p"},"message":"first"}
                """
            let created = try await api.call(.post, "\(Self.oldEvents)?fieldManager=two", event)
            #expect(created.status == 201, "\(created.message)")
            let owners = eventOwners(created)
            #expect(owners["one events.k8s.io/v1"] == ["f:action"])
            #expect(owners["two v1"] == ["f:involvedObject", "f:message"])
        }
    }
}
