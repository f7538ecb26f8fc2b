import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

struct AutoscalerTests {
    private static let new = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    private static let old = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
    private static let ups: JSONValue = [
        ["type": "Pods", "value": 4, "periodSeconds": 15], ["type": "Percent", "value": 100, "periodSeconds": 15],
    ]
    private static let downs: JSONValue = [["type": "Percent", "value": 100, "periodSeconds": 15]]

    private static func autoscaler(_ name: String, _ behavior: String) -> String {
        """
        {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"\(name)"},"spec":{"maxReplicas":5,
        "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}\(behavior)}}
        """
    }

    @Test func `a behavior of one direction gets the other, and what it leaves out`() async throws {
        try await TestServer.with { api async throws in
            let down = try await api.call(.post, Self.new, Self.autoscaler("a", #","behavior":{"scaleDown":{"stabilizationWindowSeconds":60}}"#))
            #expect(down.status == 201, "\(down.message)")
            let behavior = down.object["spec", "behavior"]
            #expect(behavior?["scaleDown"] == ["stabilizationWindowSeconds": 60, "selectPolicy": "Max", "policies": Self.downs])
            #expect(behavior?["scaleUp"] == ["stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": Self.ups])
            let own = #"{"scaleUp":{"selectPolicy":"Min","policies":[{"type":"Pods","value":1,"periodSeconds":60}],"tolerance":"50m"}}"#
            let up = try await api.call(.post, Self.new, Self.autoscaler("b", #","behavior":\#(own)"#)).object["spec", "behavior"]
            #expect(up?["scaleUp", "policies"] == [["type": "Pods", "value": 1, "periodSeconds": 60]])
            #expect(up?["scaleUp", "selectPolicy"] == "Min" && up?["scaleUp", "stabilizationWindowSeconds"] == 0)
            #expect(up?["scaleUp", "tolerance"] == "50m" && up?["scaleDown"] == ["selectPolicy": "Max", "policies": Self.downs])
            let empty = try await api.call(.post, Self.new, Self.autoscaler("c", #","behavior":{}"#)).object["spec", "behavior"]
            #expect(empty?["scaleUp", "policies"] == Self.ups && empty?["scaleDown", "stabilizationWindowSeconds"] == nil)
            let plain = try await api.call(.post, Self.new, Self.autoscaler("d", "")).object
            #expect(plain["spec", "behavior"] == nil && plain.array("spec", "metrics").count == 1)
        }
    }

    @Test func `an update is completed, too`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, Self.new, Self.autoscaler("a", ""))
            let patch = #"{"spec":{"behavior":{"scaleUp":{"policies":null,"selectPolicy":"Disabled"}}}}"#
            let changed = try await api.call(.patch, "\(Self.new)/a", patch, type: "application/merge-patch+json").object["spec", "behavior"]
            #expect(changed?["scaleUp", "selectPolicy"] == "Disabled" && changed?["scaleUp", "policies"] == Self.ups)
            #expect(changed?["scaleDown", "selectPolicy"] == "Max")
        }
    }

    @Test(arguments: ["scaleUp", "scaleDown"]) func `an empty list of policies is none, not the usual ones`(direction: String) async throws {
        try await TestServer.with { api async throws in
            let text = "spec.behavior.\(direction).policies: Required value: must specify at least one Policy"
            let none = try await api.call(.post, Self.new, Self.autoscaler("a", #","behavior":{"\#(direction)":{"policies":[]}}"#))
            #expect(none.status == 422 && none.message.contains(text), "\(none.message)")
            _ = try await api.call(.post, Self.new, Self.autoscaler("a", ""))
            let patch = #"{"spec":{"behavior":{"\#(direction)":{"policies":[]}}}}"#
            for type in ["application/merge-patch+json", "application/strategic-merge-patch+json"] {
                let refused = try await api.call(.patch, "\(Self.new)/a", patch, type: type)
                #expect(refused.status == 422 && refused.message.contains(text), "\(refused.message)")
            }
            let absent = try await api.call(.patch, "\(Self.new)/a", patch.replacing("[]", with: "null"), type: "application/merge-patch+json")
            #expect(absent.status == 200, "\(absent.message)")
        }
    }

    @Test func `version 1 shows the whole behavior in its annotation`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, Self.new, Self.autoscaler("a", #","behavior":{"scaleDown":{"selectPolicy":"Disabled"}}"#))
            let first = try await api.call(.get, "\(Self.old)/a").object
            let text = first.string("metadata", "annotations", "autoscaling.alpha.kubernetes.io/behavior") ?? ""
            let shown = try JSON.parse(Array(text.utf8))
            #expect(shown["ScaleUp", "Policies"]?.arrayValue?.count == 2 || shown["scaleUp", "policies"]?.arrayValue?.count == 2)
        }
    }
}
