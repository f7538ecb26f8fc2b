package import APIMachinery
package import JSONCore

/// rbac.authorization.k8s.io/v1 Role and ClusterRole.
package struct Role: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "rbac.authorization.k8s.io", version: "v1", kind: "Role")
    package static let resource = GroupVersionResource(group: "rbac.authorization.k8s.io", version: "v1", resource: "roles")
    /// The plural name of the cluster scoped kind.
    package static let clusterResource = GroupVersionResource(
        group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterroles")

    /// What it allows.
    package var rules: [PolicyRule] { object.array("rules").map { PolicyRule($0) } }
    /// Selectors of the roles whose rules it gathers; nil when it has rules of its own.
    package var aggregatedSelectors: [JSONValue]? { object["aggregationRule", "clusterRoleSelectors"]?.arrayValue }
}

/// rbac.authorization.k8s.io/v1 PolicyRule.
package struct PolicyRule: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Verbs, or `*`.
    package var verbs: [String] { texts("verbs") }
    /// Groups, "" for core, or `*`.
    package var apiGroups: [String] { texts("apiGroups") }
    /// Resources as `pods` or `pods/log`, or `*`, or `*/scale`.
    package var resources: [String] { texts("resources") }
    /// Names; empty for all.
    package var resourceNames: [String] { texts("resourceNames") }
    /// Paths that are no resources; a trailing `*` matches the rest.
    package var nonResourceURLs: [String] { texts("nonResourceURLs") }
}

/// rbac.authorization.k8s.io/v1 RoleBinding and ClusterRoleBinding.
package struct RoleBinding: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleBinding")
    package static let resource = GroupVersionResource(
        group: "rbac.authorization.k8s.io", version: "v1", resource: "rolebindings")
    /// The plural name of the cluster scoped kind.
    package static let clusterResource = GroupVersionResource(
        group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterrolebindings")

    /// Who gets the role.
    package var subjects: [Subject] { object.array("subjects").map { Subject($0) } }
    /// `Role` or `ClusterRole`.
    package var roleKind: String { object.string("roleRef", "kind") ?? "" }
    /// The role's name.
    package var roleName: String { object.string("roleRef", "name") ?? "" }
}

/// rbac.authorization.k8s.io/v1 Subject.
package struct Subject: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// `User`, `Group` or `ServiceAccount`.
    package var kind: String { text("kind") ?? "" }
    /// The name.
    package var name: String { text("name") ?? "" }
    /// The namespace of a service account.
    package var namespace: String { text("namespace") ?? "" }
}
