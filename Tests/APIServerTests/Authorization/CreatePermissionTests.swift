import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// PUT and apply that would create an object, by somebody who may only change what is there.
struct CreatePermissionTests {
    static let bob = RBACTests.bob
    static let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    static let lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases/x"
    static let leaseBody = "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"x\"},\"spec\":{}}"

    private func allow(_ verbs: String, _ api: TestServer) async throws {
        let role = """
            {"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"changer"},
            "rules":[{"apiGroups":["","coordination.k8s.io"],"resources":["configmaps","leases"],"verbs":[\(verbs)]}]}
            """
        #expect(try await api.call(.put, "\(Self.roles)/roles/changer", role).status < 300)
        let binding = """
            {"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"changer"},
            "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"changer"},"subjects":[{"kind":"User","name":"bob"}]}
            """
        #expect(try await api.call(.put, "\(Self.roles)/rolebindings/changer", binding).status < 300)
    }

    private func apply(_ api: TestServer) async throws -> TestServer.Answer {
        try await api.call(
            .patch, "\(configMaps)/x?fieldManager=bob", TestServer.configMap("x"), type: "application/apply-patch+yaml", as: Self.bob)
    }

    @Test func `changing does not include creating`() async throws {
        try await TestServer.with { api async throws in
            try await allow("\"update\",\"patch\"", api)
            let applied = try await apply(api)
            #expect(applied.status == 403)
            #expect(applied.message == "configmaps \"x\" is forbidden: ")
            #expect(applied.value["details", "name"] == "x")
            let put = try await api.call(.put, Self.lease, Self.leaseBody, as: Self.bob)
            #expect(put.status == 403)
            #expect(put.message == "leases.coordination.k8s.io \"x\" is forbidden: ")
            #expect(try await api.call(.get, Self.lease).status == 404)
            // What is invalid is said first, as it is without the question of permission.
            let invalid = Self.leaseBody.replacing("\"spec\":{}", with: "\"spec\":{\"leaseDurationSeconds\":-1}")
            #expect(try await api.call(.put, Self.lease, invalid, as: Self.bob).status == 422)
            // What is there may be changed.
            _ = try await api.call(.post, configMaps, TestServer.configMap("x"))
            #expect(try await apply(api).status == 200)
        }
    }

    @Test func `who may create as well creates by PUT and by apply`() async throws {
        try await TestServer.with { api async throws in
            try await allow("\"create\",\"update\",\"patch\"", api)
            #expect(try await apply(api).status == 201)
            #expect(try await api.call(.put, Self.lease, Self.leaseBody, as: Self.bob).status == 201)
        }
    }
}
