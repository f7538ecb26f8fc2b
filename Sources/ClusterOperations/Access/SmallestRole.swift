import APIMachinery
import JSONCore

/// The smallest role and binding that would allow something.
package enum SmallestRole {
    /// The two manifests as YAML, to apply.
    package static func manifest(_ subject: AccessSubject, _ question: AccessQuestion) -> String {
        let isCluster = question.namespace == nil
        let name = "\(question.verb)-\(question.resource.replacing("/", with: "-"))"
        var metadata: JSONValue = ["name": .string(name)]
        if let namespace = question.namespace { metadata["namespace"] = .string(namespace) }
        var rule: JSONValue = ["apiGroups": [.string(question.group)], "resources": [.string(question.resource)], "verbs": [.string(question.verb)]]
        // A name cannot limit what has none yet, nor whole collections.
        if let object = question.name, !["create", "list", "watch", "deletecollection"].contains(question.verb) {
            rule["resourceNames"] = [.string(object)]
        }
        let version: JSONValue = "rbac.authorization.k8s.io/v1"
        let role: JSONValue = ["apiVersion": version, "kind": isCluster ? "ClusterRole" : "Role", "metadata": metadata, "rules": [rule]]
        var who: JSONValue = ["kind": .string(subject.kind), "name": .string(subject.name)]
        if subject.kind == "ServiceAccount" {
            who["namespace"] = .string(subject.namespace)
        } else {
            who["apiGroup"] = "rbac.authorization.k8s.io"
        }
        let binding: JSONValue = [
            "apiVersion": version, "kind": isCluster ? "ClusterRoleBinding" : "RoleBinding", "metadata": metadata,
            "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": isCluster ? "ClusterRole" : "Role", "name": .string(name)], "subjects": [who],
        ]
        return "\(YAML.encode(role))---\n\(YAML.encode(binding))"
    }
}
