/// What is said about group versions that Kubernetes once served or that are not served here: which one to use instead.
package enum RemovedVersions {
    /// A sentence that names the group version to use; nil when the registry knows nothing like it.
    /// `resource` is a plural name, nil when only the group version is asked for.
    package static func advice(_ groupVersion: GroupVersion, resource: String?, _ registry: SchemaRegistry) -> String? {
        let name = groupVersion.apiVersion
        if groupVersion.group == "extensions" { return advice(extensions: name, resource) }
        if resource == "podsecuritypolicies", groupVersion.group == "policy" { return podSecurity(name) }
        guard let group = registry.groups.first(where: { $0.name == groupVersion.group }), !group.versions.contains(groupVersion.version)
        else { return nil }
        let candidates = group.versions.map { GroupVersion(group: group.name, version: $0) }
        let fitting = candidates.first { candidate in
            guard let resource else { return true }
            return registry.resource(GroupVersionResource(candidate, resource: resource)) != nil
        }
        guard let wanted = fitting ?? (resource == nil ? candidates.first : nil) else { return nil }
        return "\(name) is not served; use \(wanted.apiVersion)"
    }

    /// The same for a kind, as the body of a request names it, for example `Ingress` of `extensions/v1beta1`; nil for what is served.
    package static func advice(_ groupVersion: GroupVersion, kind: String, _ registry: SchemaRegistry) -> String? {
        if kind == "PodSecurityPolicy" { return advice(groupVersion, resource: "podsecuritypolicies", registry) }
        guard !registry.resources.contains(where: { $0.groupVersion == groupVersion && $0.kind == kind }) else { return nil }
        guard let resource = registry.resources.first(where: { $0.kind == kind })?.plural else { return nil }
        return advice(groupVersion, resource: resource, registry)
    }

    /// What became of the resources of the group that was dissolved. Source: the deprecation guide of Kubernetes 1.16 and 1.22.
    private static let moved = [
        "daemonsets": "apps/v1", "deployments": "apps/v1", "replicasets": "apps/v1", "ingresses": "networking.k8s.io/v1",
        "networkpolicies": "networking.k8s.io/v1",
    ]

    private static func advice(extensions name: String, _ resource: String?) -> String {
        guard let resource else {
            return "\(name) is not served; use apps/v1 for workloads and networking.k8s.io/v1 for ingresses and network policies"
        }
        if resource == "podsecuritypolicies" { return podSecurity(name) }
        return moved[resource].map { "\(name) is not served; use \($0)" } ?? "\(name) is not served"
    }

    private static func podSecurity(_ name: String) -> String {
        "\(name) is not served; PodSecurityPolicy is gone, use the labels pod-security.kubernetes.io/enforce, warn and audit of namespaces"
    }
}
