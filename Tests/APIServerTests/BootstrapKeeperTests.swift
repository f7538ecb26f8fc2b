import APIMachinery
import JSONCore
import KubeClient
import TestSupport
import Testing

@testable import APIServer

struct BootstrapKeeperTests {
    private static let services = "/apis/apiregistration.k8s.io/v1/apiservices"

    @Test(arguments: [
        "/api/v1/namespaces/default/services/kubernetes", "/api/v1/namespaces/default/endpoints/kubernetes",
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/exempt",
        "\(services)/v1.apps",
    ]) func `what the server is found by comes back`(path: String) async throws {
        try await TestServer.with { api async throws in
            let before = try await api.call(.get, path).object
            #expect(try await api.call(.delete, path).status == 200)
            try await eventually("\(path) is there again") {
                let now = try await api.call(.get, path)
                return now.status == 200 && now.object.uid != before.uid && now.object["spec"] == before["spec"]
            }
        }
    }

    @Test func `endpoints that were changed are put right`() async throws {
        try await TestServer.with { api async throws in
            let path = "/api/v1/namespaces/default/endpoints/kubernetes"
            let before = try await api.call(.get, path).object["subsets"]
            #expect(try await api.call(.patch, path, "{\"subsets\":null}", type: "application/merge-patch+json").status == 200)
            try await eventually("the endpoints are as before") { try await api.call(.get, path).object["subsets"] == before }
        }
    }

    @Test func `each group version has its APIService, as long as it is served`() async throws {
        try await TestServer.with { api async throws in
            let list = try await api.call(.get, Self.services).value["items"]?.arrayValue ?? []
            let names = list.compactMap { $0["metadata", "name"]?.stringValue }
            #expect(names.contains("v1.") && names.contains("v1.apps") && names.contains("v2.autoscaling"))
            #expect(list.allSatisfy { $0["status", "conditions"]?[0]?["reason"] == "Local" })
            let definition = """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.example.com"},"spec":{
                "group":"example.com","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},
                "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}
                """
            let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
            #expect(try await api.call(.post, definitions, definition).status == 201)
            try await eventually("the group is registered") { try await api.call(.get, "\(Self.services)/v1.example.com").status == 200 }
            #expect(try await api.call(.delete, "\(definitions)/things.example.com").status == 200)
            try await eventually("the group is gone") { try await api.call(.get, "\(Self.services)/v1.example.com").status == 404 }
        }
    }
}
