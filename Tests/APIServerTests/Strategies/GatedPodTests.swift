import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// Pods that scheduling gates hold.
struct GatedPodTests {
    private static let merge = "application/merge-patch+json"
    private static let container = #""containers":[{"name":"c","image":"i"}]"#

    private static func terms(_ text: String) -> String {
        #"{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[\#(text)]}}}}}"#
    }

    private static let first = #"{"key":"a","operator":"Exists"}"#
    private static let second = #"{"key":"b","operator":"In","values":["1"]}"#

    private func change(_ api: TestServer, _ patch: String) async throws -> TestServer.Answer {
        try await api.call(.patch, "\(pods)/g", patch, type: Self.merge)
    }

    @Test func `gates go one by one and none comes`() async throws {
        try await TestServer.with { api async throws in
            let spec = #""schedulingGates":[{"name":"a"},{"name":"b"}],\#(Self.container)"#
            #expect(try await api.call(.post, pods, TestServer.pod("g", spec: spec)).status == 201)
            let fewer = try await change(api, #"{"spec":{"schedulingGates":[{"name":"b"}]}}"#)
            #expect(fewer.status == 200, "\(fewer.message)")
            #expect(fewer.object.array("spec", "schedulingGates") == [["name": "b"]] && fewer.object.generation == 2)
            let other = try await change(api, #"{"spec":{"schedulingGates":[{"name":"b"},{"name":"c"}]}}"#)
            #expect(other.status == 422)
            #expect(
                other.message.contains("spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'"),
                "\(other.message)")
            let free = try await change(api, #"{"spec":{"schedulingGates":null}}"#)
            #expect(free.status == 200 && free.object.array("spec", "schedulingGates").isEmpty)
            #expect(try await change(api, #"{"spec":{"schedulingGates":[{"name":"a"}]}}"#).status == 422)
            #expect(try await change(api, #"{"spec":{"nodeSelector":{"x":"y"}}}"#).status == 422)
        }
    }

    @Test func `a held pod gets labels of nodes added, and keeps those it had`() async throws {
        try await TestServer.with { api async throws in
            let spec = #""schedulingGates":[{"name":"a"}],"nodeSelector":{"x":"y"},\#(Self.container)"#
            _ = try await api.call(.post, pods, TestServer.pod("g", spec: spec))
            let more = try await change(api, #"{"spec":{"nodeSelector":{"w":"z"}}}"#)
            #expect(more.status == 200 && more.object["spec", "nodeSelector"] == ["x": "y", "w": "z"], "\(more.message)")
            for patch in [#"{"spec":{"nodeSelector":{"x":"other"}}}"#, #"{"spec":{"nodeSelector":{"x":null}}}"#] {
                let refused = try await change(api, patch)
                #expect(refused.message.contains("only additions to spec.nodeSelector are allowed (no mutations or deletions)"), "\(refused.message)")
            }
            let strange = try await change(api, #"{"spec":{"nodeSelector":{"b d":"z"}}}"#)
            #expect(strange.status == 422 && strange.message.contains("spec.nodeSelector: Invalid value"), "\(strange.message)")
            #expect(try await change(api, #"{"spec":{"hostname":"h"}}"#).message.contains("pod updates may not change fields other than"))
        }
    }

    @Test func `terms of a held pod get requirements added at their ends`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, pods, TestServer.pod("g", spec: #""schedulingGates":[{"name":"a"}],\#(Self.container)"#))
            func term(_ requirements: String...) -> String { #"{"matchExpressions":[\#(requirements.joined(separator: ","))]}"# }
            let made = try await change(api, Self.terms(term(Self.first)))
            #expect(made.status == 200, "\(made.message)")
            #expect(try await change(api, Self.terms(term(Self.first, Self.second))).status == 200)
            let fewer = try await change(api, Self.terms(term(Self.second)))
            #expect(fewer.message.contains("nodeSelectorTerms[0]: Invalid value"), "\(fewer.message)")
            #expect(fewer.message.contains("only additions are allowed (no mutations or deletions)"))
            let both = try await change(api, Self.terms("\(term(Self.first, Self.second)),\(term(Self.first))"))
            #expect(both.message.contains("no additions/deletions to non-empty NodeSelectorTerms list are allowed"), "\(both.message)")
            let wrong = try await change(api, Self.terms(term(Self.first, Self.second, #"{"key":"c","operator":"In"}"#)))
            #expect(wrong.message.contains("matchExpressions[2].values: Required value"), "\(wrong.message)")
            let near = #"{"spec":{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"z"}]}}}}"#
            #expect(try await change(api, near).message.contains("pod updates may not change fields other than"))
        }
    }

    @Test func `a pod that is held has no node`() async throws {
        try await TestServer.with { api async throws in
            let spec = #""schedulingGates":[{"name":"a"}],"nodeName":"n","# + Self.container
            let refused = try await api.call(.post, pods, TestServer.pod("g", spec: spec))
            #expect(refused.status == 422)
            #expect(refused.message.contains("spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"))
        }
    }
}
