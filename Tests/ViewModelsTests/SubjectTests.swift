import APIMachinery
import ClusterOperations
import JSONCore
import Testing

@testable import ViewModels

@Suite struct SubjectTests {
    private static func role(_ name: String, _ verbs: [String], _ resources: [String], group: String = "") -> KubeObject {
        KubeObject([
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": ["name": .string(name)],
            "rules": [
                ["apiGroups": [.string(group)], "resources": .array(resources.map { .string($0) }), "verbs": .array(verbs.map { .string($0) })]
            ],
        ])
    }

    private static func binding(_ name: String, _ role: String, _ subjects: [JSONValue], namespace: String? = nil) -> KubeObject {
        var metadata: JSONValue = ["name": .string(name)]
        if let namespace { metadata["namespace"] = .string(namespace) }
        return KubeObject([
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": .string(namespace == nil ? "ClusterRoleBinding" : "RoleBinding"), "metadata": metadata,
            "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": .string(role)], "subjects": .array(subjects),
        ])
    }

    @Test func `everybody stands in one table with the greatest that it may do`() throws {
        let user: JSONValue = ["kind": "User", "name": "ada"]
        let group: JSONValue = ["kind": "Group", "name": "system:authenticated"]
        let robot: JSONValue = ["kind": "ServiceAccount", "namespace": "shop", "name": "robot"]
        let map = AccessMap(
            roles: [
                Self.role("all", ["*"], ["*"], group: "*"), Self.role("look", ["get", "list"], ["pods"]), Self.role("keys", ["get"], ["secrets"]),
                Self.role("enter", ["create"], ["pods/exec"]), Self.role("grant", ["bind"], ["clusterroles"], group: "rbac.authorization.k8s.io"),
                Self.role("edit", ["update"], ["pods"]), Self.role("pose", ["impersonate"], ["groups"]),
                Self.role("raise", ["escalate"], ["roles"], group: "rbac.authorization.k8s.io"), Self.role("token", ["create"], ["serviceaccounts/token"]),
            ],
            bindings: [
                Self.binding("a", "all", [user]), Self.binding("b", "look", [group], namespace: "demo"), Self.binding("c", "keys", [robot], namespace: "shop"),
                Self.binding("d", "look", [robot], namespace: "demo"), Self.binding("e", "enter", [["kind": "User", "name": "eve"]], namespace: "shop"),
                Self.binding("f", "grant", [["kind": "User", "name": "zoe"]]), Self.binding("g", "edit", [["kind": "Group", "name": "crew"]]),
                Self.binding("h", "gone", [user]), Self.binding("i", "pose", [["kind": "User", "name": "mia"]]),
                Self.binding("j", "raise", [["kind": "User", "name": "kim"]], namespace: "shop"),
                Self.binding("k", "token", [["kind": "User", "name": "lea"]], namespace: "shop"),
            ], unread: ["roles: not for you"])
        let text = AccessText.subjects(map, context: "kdash")
        let lines = text.lines.map { $0.map(\.text).joined().split(separator: " ").joined(separator: " ") }
        #expect(lines.contains("everything everywhere User ada all"))
        #expect(lines.contains("run programs in pods shop User eve enter"))
        #expect(lines.contains("give itself more everywhere User zoe grant"))
        #expect(lines.contains("give itself more shop User kim raise"))
        #expect(lines.contains("act as others everywhere User mia pose"))
        #expect(lines.contains("take accounts' tokens shop User lea token"))
        #expect(lines.contains("change everywhere Group crew edit"))
        #expect(lines.contains("read demo Group system:authenticated look"))
        #expect(lines.contains("read Secrets demo, shop ServiceAccount shop/robot keys, look"))
        #expect(lines.contains { $0.contains("not for you") } && lines.contains { $0.contains("clusterrolebinding h") })
        #expect(text.links.sorted { $0.key < $1.key }.compactMap(\.value.value).prefix(2) == ["u:ada", "u:eve"])
        for (subject, _) in map.subjects {
            let read = try AccessSubject(parsing: subject.short, namespace: "x")
            #expect(read == subject)
        }
    }
}
