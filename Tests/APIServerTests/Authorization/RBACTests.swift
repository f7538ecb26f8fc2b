import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct RBACTests {
    static let bob = UserInfo(name: "bob", groups: ["system:authenticated"])

    @Test func `nobody may do anything until a role says so, and then exactly that`() async throws {
        try await TestServer.with { api async throws in
            let refused = try await api.call(.get, pods, as: Self.bob)
            #expect(refused.status == 403)
            #expect(
                refused.message
                    == "pods is forbidden: User \"bob\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"")
            let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
            let role = """
                {"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"r"},
                "rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}]}
                """
            #expect(try await api.call(.post, "\(roles)/roles", role).status == 201)
            let binding = """
                {"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"b"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},
                "subjects":[{"kind":"User","name":"bob"}]}
                """
            #expect(try await api.call(.post, "\(roles)/rolebindings", binding).status == 201)
            #expect(try await api.call(.get, pods, as: Self.bob).status == 200)
            #expect(try await api.call(.get, "\(pods)/x", as: Self.bob).status == 403)
            #expect(try await api.call(.get, "/api/v1/pods", as: Self.bob).status == 403)
            #expect(try await api.call(.get, "/api/v1/namespaces/kube-system/pods", as: Self.bob).status == 403)
            #expect(try await api.call(.delete, "\(roles)/rolebindings/b").status == 200)
            #expect(try await api.call(.get, pods, as: Self.bob).status == 403)
        }
    }

    @Test func `a role for one object covers a list and a watch of it alone`() async throws {
        try await TestServer.with { api async throws in
            let base = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
            let role = """
                {"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"r"},
                "rules":[{"apiGroups":[""],"resources":["secrets"],"resourceNames":["mine"],"verbs":["list","watch"]}]}
                """
            let binding = """
                {"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"b"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"bob"}]}
                """
            #expect(try await api.call(.post, "\(base)/roles", role).status == 201)
            #expect(try await api.call(.post, "\(base)/rolebindings", binding).status == 201)
            for name in ["mine", "other"] {
                #expect(try await api.call(.post, "/api/v1/namespaces/default/secrets", "{\"metadata\":{\"name\":\"\(name)\"}}").status == 201)
            }
            let secrets = "/api/v1/namespaces/default/secrets"
            let own = try await api.call(.get, "\(secrets)?fieldSelector=metadata.name%3Dmine", as: Self.bob)
            #expect(own.status == 200)
            #expect(own.value["items"]?.arrayValue?.compactMap { $0["metadata", "name"] } == ["mine"])
            for selector in ["", "?fieldSelector=metadata.name%3Dother", "?fieldSelector=metadata.name!%3Dmine"] {
                #expect(try await api.call(.get, "\(secrets)\(selector)", as: Self.bob).status == 403)
            }
            #expect(try await api.watch("\(secrets)?watch=1&fieldSelector=metadata.name%3Dmine", as: Self.bob).next()?.object.name == "mine")
            // The path says who may see it, so the selector cannot say another.
            let legacy = "/api/v1/watch/namespaces/default/secrets/mine"
            #expect(try await api.watch(legacy, as: Self.bob).next()?.object.name == "mine")
            let crossed = try await api.call(.get, "\(legacy)?fieldSelector=metadata.name%3Dother", as: Self.bob)
            #expect(crossed.status == 400)
            #expect(crossed.message == "fieldSelector metadata.name doesn't match requested name")
            let both = "\(secrets)?fieldSelector=metadata.name%3Dmine,metadata.name%3Dother"
            #expect(try await api.call(.get, both, as: Self.bob).value["items"] == [])
        }
    }

    @Test func `a role cannot hand out more than its author has`() async throws {
        try await TestServer.with { api async throws in
            let clusterBinding = """
                {"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"bob-admin"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"admin"},
                "subjects":[{"kind":"User","name":"bob"}]}
                """
            let base = "/apis/rbac.authorization.k8s.io/v1"
            #expect(try await api.call(.post, "\(base)/clusterrolebindings", clusterBinding).status == 201)
            func role(_ name: String, _ rule: String) -> String {
                "{\"kind\":\"Role\",\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"metadata\":{\"name\":\"\(name)\"},\"rules\":[\(rule)]}"
            }
            let allowed = role("ok", "{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],\"verbs\":[\"get\"]}")
            let excessive = role("no", "{\"apiGroups\":[\"*\"],\"resources\":[\"*\"],\"verbs\":[\"*\"]}")
            #expect(try await api.call(.post, "\(base)/namespaces/default/roles", allowed, as: Self.bob).status == 201)
            let refused = try await api.call(.post, "\(base)/namespaces/default/roles", excessive, as: Self.bob)
            #expect(refused.status == 403)
            #expect(refused.message.contains("attempting to grant RBAC permissions not currently held"))
            let wide = clusterBinding.replacing("bob-admin", with: "x").replacing("\"admin\"", with: "\"cluster-admin\"")
            #expect(try await api.call(.post, "\(base)/clusterrolebindings", wide, as: Self.bob).status == 403)
        }
    }

    @Test func `edit and view collect the rules of the roles that aggregate into them`() async throws {
        try await TestServer.with { api async throws in
            let role = try await api.call(.get, "/apis/rbac.authorization.k8s.io/v1/clusterroles/edit")
            #expect(role.object.array("rules").count > 10)
            let binding = """
                {"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"b"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},
                "subjects":[{"kind":"Group","name":"readers"}]}
                """
            _ = try await api.call(.post, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", binding)
            let reader = UserInfo(name: "r", groups: ["readers"])
            #expect(try await api.call(.get, deployments, as: reader).status == 200)
            #expect(try await api.call(.get, "/api/v1/namespaces/default/secrets", as: reader).status == 403)
            #expect(try await api.call(.post, pods, TestServer.pod("p"), as: reader).status == 403)
        }
    }

    @Test func `access reviews answer for oneself and for others`() async throws {
        try await TestServer.with { api async throws in
            let own = """
                {"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1",
                "spec":{"resourceAttributes":{"verb":"create","resource":"pods","namespace":"default"}}}
                """
            let path = "/apis/authorization.k8s.io/v1"
            #expect(try await api.call(.post, "\(path)/selfsubjectaccessreviews", own).object.bool("status", "allowed") == true)
            let bobs = try await api.call(.post, "\(path)/selfsubjectaccessreviews", own, as: Self.bob)
            #expect(bobs.status == 201)
            #expect(bobs.object.bool("status", "allowed") == false)
            let table = try await api.call(
                .post, "\(path)/selfsubjectaccessreviews", own, accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
            #expect(table.status == 406)
            let other = """
                {"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"user":"bob",
                "groups":["system:authenticated"],"nonResourceAttributes":{"verb":"get","path":"/version"}}}
                """
            #expect(try await api.call(.post, "\(path)/subjectaccessreviews", other).object.bool("status", "allowed") == true)
            let impersonated = try await api.call(
                .post, "\(path)/selfsubjectaccessreviews", own, headers: [("impersonate-user", "bob")])
            #expect(impersonated.object.bool("status", "allowed") == false)
            #expect(try await api.call(.get, pods, as: Self.bob, headers: [("impersonate-user", "kubernetes-admin")]).status == 403)
        }
    }

    @Test func `the identities of this process are bound to what they need`() async throws {
        try await TestServer.with { api async throws in
            for (user, verb, group, resource, subresource) in [
                (UserInfo.controller("deployment-controller"), "create", "apps", "replicasets", ""),
                (.controller("replicaset-controller"), "create", "", "pods", ""),
                (.controller("namespace-controller"), "update", "", "namespaces", "finalize"),
                (.scheduler, "create", "", "pods", "binding"), (.node("kdash"), "patch", "", "pods", "status"),
                (.node("kdash"), "update", "coordination.k8s.io", "leases", ""),
                (UserInfo(name: "system:kube-controller-manager"), "get", "", "serviceaccounts", ""),
                (UserInfo(name: "system:kube-controller-manager"), "delete", "", "secrets", ""),
            ] {
                let attributes = AccessAttributes(
                    verb: verb, group: group, resource: resource, subresource: subresource, namespace: "default", name: "x")
                #expect(try api.server.core.authorizer.allows(attributes, user: user), "\(user.name) \(verb) \(resource)/\(subresource)")
            }
            #expect(
                try !api.server.core.authorizer.allows(
                    AccessAttributes(verb: "delete", group: "", resource: "nodes"), user: .scheduler))
        }
    }
}
