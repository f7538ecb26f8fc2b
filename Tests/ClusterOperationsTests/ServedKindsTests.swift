import APIMachinery
import KubeClient
import Testing

@testable import ClusterOperations

@Suite struct ServedKindsTests {
    @Test func `every kind of a server is found by resource, and by the version and kind that a reference names`() async throws {
        try await OperationsServer.with { server in
            let kinds = try await ServedKinds.read(server.client)
            let deployments = try #require(kinds[GroupVersionResource(group: "apps", version: "v1", resource: "deployments")])
            #expect(deployments.kind == "Deployment" && deployments.isNamespaced && deployments.subresources.contains("scale"))
            #expect(kinds.kind(apiVersion: "apps/v1", "ReplicaSet")?.resource.resource == "replicasets")
            #expect(kinds.kind(apiVersion: "apps/v1beta7", "ReplicaSet")?.resource.version == "v1", "another version of the group will do")
            #expect(kinds.kind(apiVersion: "v1", "Node")?.isNamespaced == false)
            #expect(kinds.kind(apiVersion: "example.com/v1", "Node") == nil)
            #expect(Set(kinds.kinds.map(\.resource.groupResource)).count == kinds.kinds.count)
        }
    }
}
