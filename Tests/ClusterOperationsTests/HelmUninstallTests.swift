import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel
import Testing

@testable import ClusterOperations

@Suite struct HelmUninstallTests {
    private static let now = Timestamp(rfc3339: "2026-03-02T10:00:00Z")!
    private static let manifest = """
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: first}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: stays, annotations: {helm.sh/resource-policy: " Keep "}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: lost}
        ---
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: ConfigMap
          metadata: {name: last}

        """

    /// A server whose release has two revisions; of its objects one was deleted by somebody.
    private func with(status: String = "deployed", more: String = "", _ body: (OperationsServer) async throws -> Void) async throws {
        try await OperationsServer.with { server in
            for (version, status) in [(Int64(1), "superseded"), (2, status)] {
                let release: JSONValue = [
                    "name": "shop", "namespace": "default", "version": .integer(version), "info": ["status": .string(status)],
                    "chart": ["metadata": ["name": "shop", "version": "1.0.0"]], "manifest": .string(Self.manifest + more), "hooks": [["name": "before"]],
                ]
                let header = HelmRelease.Header(
                    name: "shop", namespace: "default", version: version, status: status,
                    keeper: ObjectTarget(Secret.resource, kind: "Secret", namespace: "default", name: ""))
                _ = try await server.client.create(Secret.resource, try HelmPacking.secret(release, header, times: ["createdAt": "1"]), namespace: "default")
            }
            for name in ["first", "stays", "last"] {
                let object: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "namespace": "default"]]
                _ = try await server.client.create(ConfigMap.resource, KubeObject(object))
            }
            try await body(server)
        }
    }

    private func newest(_ server: OperationsServer) async throws -> HelmRelease.Header {
        try #require(try await HelmRelease.list(in: "default", server.client).first)
    }

    @Test func `what goes is known before, and then it goes, its revisions last`() async throws {
        try await with { server in
            let plan = try await HelmUninstall.plan(try await newest(server), server.client)
            #expect(plan.items.map(\.target.name) == ["last", "lost", "stays", "first"])
            #expect(plan.items.map(\.fate) == [.goes, .gone, .kept, .goes])
            #expect(plan.hooks == 1 && plan.dangers.isEmpty && !plan.isGreat && plan.revisions.count == 2)
            #expect(
                try await plan.run(at: Self.now, server.client)
                    == "release shop is uninstalled: 2 objects go; 1 stay as their chart asks, its 1 hooks were not run")
            #expect(try await HelmRelease.list(in: "default", server.client).isEmpty)
            let left = try await server.client.list(ConfigMap.resource, namespace: "default").items.map(\.name)
            #expect(left.contains("stays") && !left.contains("first") && !left.contains("last"))
        }
    }

    @Test func `an object that has only the name of the release's stays, and so does a release that changed`() async throws {
        try await with { server in
            let plan = try await HelmUninstall.plan(try await newest(server), server.client)
            try await server.client.delete(ConfigMap.resource, namespace: "default", name: "first")
            let object: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "first", "namespace": "default"]]
            _ = try await server.client.create(ConfigMap.resource, KubeObject(object))
            _ = try await plan.run(at: Self.now, server.client)
            #expect(try await server.client.get(ConfigMap.resource, namespace: "default", name: "first").name == "first")
            await expectRefusal("changed meanwhile") { _ = try await plan.run(at: Self.now, server.client) }
        }
    }

    @Test func `a release whose history was kept takes nothing with it but its revisions`() async throws {
        try await with(status: "uninstalled") { server in
            let plan = try await HelmUninstall.plan(try await newest(server), server.client)
            #expect(plan.items.isEmpty && plan.hooks == 0 && plan.revisions.count == 2)
            #expect(try await plan.run(at: Self.now, server.client) == "release shop was uninstalled before: its 2 revisions are gone now")
            #expect(try await HelmRelease.list(in: "default", server.client).isEmpty)
            #expect(try await server.client.get(ConfigMap.resource, namespace: "default", name: "first").name == "first")
        }
    }

    @Test func `a release with an object that the server cannot show keeps its revisions`() async throws {
        let list = "---\napiVersion: v1\nkind: List\nitems: [{apiVersion: example.com/v1, kind: Gadget, metadata: {name: strange}}]\n"
        try await with(more: list) { server in
            await expectRefusal("a Gadget of example.com/v1, which the server does not know") {
                _ = try await HelmUninstall.plan(try await newest(server), server.client)
            }
            let left = try await HelmRelease.list(in: "default", server.client)
            #expect(left.count == 2)
        }
    }

    @Test func `a release on which something is under way is left alone`() async throws {
        try await with(status: "pending-upgrade") { server in
            await expectRefusal("is pending-upgrade") { _ = try await HelmUninstall.plan(try await newest(server), server.client) }
        }
    }
}
