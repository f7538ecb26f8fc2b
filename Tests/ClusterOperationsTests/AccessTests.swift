import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import Testing

@testable import ClusterOperations

@Suite struct AccessTests {
    private static let rbac = """
        {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader, namespace: default}, rules: [{verbs: [get, list], apiGroups: [""], resources: [pods, "*/log"]}]}
        ---
        {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: one, namespace: default}, rules: [{verbs: [delete], apiGroups: [apps], resources: [deployments], resourceNames: [web]}]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: robot-reads, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
        subjects: [{kind: ServiceAccount, name: robot, namespace: default}, {kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: group-deletes, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: one}
        subjects: [{kind: Group, name: "system:serviceaccounts:default", apiGroup: rbac.authorization.k8s.io}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: broken, namespace: default}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: nothing}
        subjects: [{kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}]
        """

    private func map() throws -> AccessMap {
        let objects = try YAML.parse(Self.rbac).map { KubeObject($0.value) }
        return AccessMap(roles: objects.filter { $0.kind == "Role" }, bindings: objects.filter { $0.kind == "RoleBinding" })
    }

    private let robot = AccessSubject(kind: "ServiceAccount", namespace: "default", name: "robot")

    @Test(
        arguments: [
            ("get", "", "pods", nil, "default", ["ServiceAccount default/robot", "User ann"]),
            ("get", "", "pods/log", nil, "default", ["ServiceAccount default/robot", "User ann"]), ("get", "", "pods/exec", nil, "default", []),
            ("get", "", "pods", nil, "other", []), ("get", "", "pods", nil, nil, []), ("watch", "", "pods", nil, "default", []),
            ("get", "metrics.k8s.io", "pods", nil, "default", []),
            ("delete", "apps", "deployments", "web", "default", ["Group system:serviceaccounts:default"]),
            ("delete", "apps", "deployments", "db", "default", []), ("delete", "apps", "deployments", nil, "default", []),
        ] as [(String, String, String, String?, String?, [String])])
    func `who can do something is found by verb, group, resource, name and place`(
        verb: String, group: String, resource: String, name: String?, namespace: String?, expected: [String]
    ) throws {
        let question = AccessQuestion(verb: verb, group: group, resource: resource, name: name, namespace: namespace)
        #expect(try map().whoCan(question).map(\.subject.text) == expected)
    }

    @Test func `an answer names the binding and the role, and groups count for their members`() throws {
        let map = try map()
        let grant = try #require(
            map.reasons(robot, AccessQuestion(verb: "delete", group: "apps", resource: "deployments", name: "web", namespace: "default")).first)
        #expect(grant.binding.name == "group-deletes" && grant.role.name == "one" && grant.namespace == "default")
        #expect(map.grants(of: robot).count == 2 && map.grants(of: AccessSubject(kind: "User", name: "ann")).count == 1)
        #expect(map.dangling.map(\.name) == ["broken"])
        #expect(map.nearMisses(robot, AccessQuestion(verb: "delete", group: "", resource: "pods", namespace: "default")).map(\.role.name) == ["reader"])
    }

    @Test func `the smallest role allows exactly what was asked, as the server itself says`() async throws {
        try await OperationsServer.with { server in
            try await server.apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}}")
            func isAllowed(_ verb: String, _ name: String) async throws -> Bool {
                let review: JSONValue = [
                    "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                    "spec": [
                        "user": "system:serviceaccount:default:robot",
                        "resourceAttributes": [
                            "verb": .string(verb), "group": "apps", "resource": "deployments", "name": .string(name), "namespace": "default",
                        ],
                    ],
                ]
                let reviews = GroupVersionResource(group: "authorization.k8s.io", version: "v1", resource: "subjectaccessreviews")
                return try await server.client.create(reviews, KubeObject(review)).bool("status", "allowed") ?? false
            }
            let question = AccessQuestion(verb: "delete", group: "apps", resource: "deployments", name: "web", namespace: "default")
            #expect(try await isAllowed("delete", "web") == false)
            #expect(await AccessMap.read(server.client).reasons(robot, question).isEmpty)
            try await server.apply(SmallestRole.manifest(robot, question))
            #expect(try await isAllowed("delete", "web"))
            #expect(try await isAllowed("delete", "db") == false)
            #expect(try await isAllowed("get", "web") == false)
            #expect(await AccessMap.read(server.client).reasons(robot, question).map(\.role.name) == ["delete-deployments"])
        }
    }

    @Test func `a cluster-wide question gets a ClusterRole, and a name never limits a create`() {
        let manifest = SmallestRole.manifest(AccessSubject(kind: "User", name: "ann"), AccessQuestion(verb: "create", group: "", resource: "nodes", name: "n"))
        #expect(manifest.contains("kind: ClusterRoleBinding") && !manifest.contains("resourceNames"))
    }

    @Test func `questions are read as kubectl takes resources`() async throws {
        try await OperationsServer.with { server in
            let kinds = try await ServedKinds.read(server.client)
            func read(_ text: String) throws -> String { try AccessQuestion(parsing: text, kinds, namespace: "here").text }
            #expect(try read("get deploy web") == "get deployments.apps web in here")
            #expect(try read("GET pods/log -n other") == "get pods/log in other")
            #expect(try read("list po -A") == "list pods")
            #expect(try read("delete Node n") == "delete nodes n")
            #expect(try read("create deployments.apps") == "create deployments.apps in here")
            for (text, expected) in [
                ("get", "is no question"), ("get widgets", "no resource widgets"), ("get pods -n", "names no namespace"), ("a b c d", "is no question"),
                ("get /", "no resource"),
            ] {
                await expectRefusal(expected) { _ = try read(text) }
            }
        }
    }

    @Test(arguments: [
        ("u:ann", "User ann"), ("ann", "User ann"), ("g:devs", "Group devs"), ("s:robot", "ServiceAccount here/robot"), ("s:a/b", "ServiceAccount a/b"),
        ("system:serviceaccount:a:b", "ServiceAccount a/b"),
    ])
    func `subjects are read in k9s's and the server's words`(text: String, expected: String) throws {
        #expect(try AccessSubject(parsing: text, namespace: "here").text == expected)
    }

    @Test(arguments: ["", "u:", "g:", "s:", "s:a/b/c"]) func `a subject that names nobody is refused`(text: String) async {
        await expectRefusal("\"\(text)\" names no") { _ = try AccessSubject(parsing: text, namespace: "here") }
    }
}
