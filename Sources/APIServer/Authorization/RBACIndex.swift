internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import ObjectStore

/// The roles and bindings in the form requests are checked against: bindings by subject.
struct RBACIndex: Sendable {
    private struct Role {
        var rules: [PolicyRule]
    }

    private struct Binding {
        var subjects: [String]
        /// The key of the role.
        var role: String
        /// Empty for cluster role bindings.
        var namespace: String
        var name: String
    }

    /// What one subject is granted by one binding.
    private struct Grant {
        var role: String
        var namespace: String
        /// The name of the binding.
        var name: String
    }

    private var roles: [String: Role] = [:]
    private var bindings: [String: Binding] = [:]
    private var grants: [String: [Grant]] = [:]
    private var isStale = true

    static let prefix = "rbac.authorization.k8s.io/"

    init() {}

    /// Takes over one object, or its removal.
    mutating func apply(_ key: ObjectKey, _ object: KubeObject?) {
        let parts = key.string.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return }
        isStale = true
        switch parts[1] {
        case "roles", "clusterroles": roles[key.string] = object.map(Self.role)
        case "rolebindings", "clusterrolebindings": bindings[key.string] = object.map { Self.binding($0, namespace: String(parts[2])) }
        default: break
        }
    }

    private static func role(_ object: KubeObject) -> Role {
        Role(rules: object.array("rules").map(PolicyRule.init(value:)))
    }

    private static func binding(_ object: KubeObject, namespace: String) -> Binding {
        let subjects = object.array("subjects").compactMap { subject -> String? in
            let name = subject["name"]?.stringValue ?? ""
            switch subject["kind"]?.stringValue {
            case "User": return "u:\(name)"
            case "Group": return "g:\(name)"
            case "ServiceAccount": return "u:system:serviceaccount:\(subject["namespace"]?.stringValue ?? namespace):\(name)"
            default: return nil
            }
        }
        let name = object.string("roleRef", "name") ?? ""
        let isCluster = object.string("roleRef", "kind") == "ClusterRole"
        return Binding(
            subjects: subjects, role: roleKey(isCluster: isCluster, namespace: namespace, name: name), namespace: namespace,
            name: object.name)
    }

    /// The key roles are found under.
    static func roleKey(isCluster: Bool, namespace: String, name: String) -> String {
        isCluster ? "\(prefix)clusterroles//\(name)" : "\(prefix)roles/\(namespace)/\(name)"
    }

    private mutating func refresh() {
        guard isStale else { return }
        isStale = false
        grants = [:]
        for binding in bindings.values {
            let grant = Grant(role: binding.role, namespace: binding.namespace, name: binding.name)
            for subject in binding.subjects { grants[subject, default: []].append(grant) }
        }
    }

    /// The rules of one role; nil when it does not exist.
    func rules(ofRole key: String) -> [PolicyRule]? { roles[key]?.rules }

    /// Every rule a user has in a namespace; cluster-wide ones come first.
    mutating func rules(for user: UserInfo, namespace: String) -> [PolicyRule] {
        refresh()
        var found: [PolicyRule] = []
        forEachRule(user, namespace: namespace) { rule, _, _ in
            found.append(rule)
            return true
        }
        return found
    }

    /// Whether some rule allows the request.
    mutating func allows(_ request: AccessAttributes, user: UserInfo) -> Bool {
        refresh()
        var isAllowed = false
        forEachRule(user, namespace: request.namespace) { rule, grant, _ in
            guard request.isResource || grant.namespace.isEmpty else { return true }
            isAllowed = rule.allows(request)
            return !isAllowed
        }
        return isAllowed
    }

    /// The binding that allows a request: `RBAC: allowed by RoleBinding "b/ns" of Role "r" to User "u"`.
    /// Source: `plugin/pkg/auth/authorizer/rbac/rbac.go` and `pkg/registry/rbac/validation/rule.go`.
    mutating func reason(_ request: AccessAttributes, user: UserInfo) -> String? {
        refresh()
        var text: String?
        forEachRule(user, namespace: request.namespace) { rule, grant, subject in
            guard request.isResource || grant.namespace.isEmpty, rule.allows(request) else { return true }
            let binding =
                grant.namespace.isEmpty
                ? "ClusterRoleBinding \(grant.name.goQuoted)" : "RoleBinding \("\(grant.name)/\(grant.namespace)".goQuoted)"
            let parts = grant.role.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            let role = "\(parts[1] == "clusterroles" ? "ClusterRole" : "Role") \(String(parts[3]).goQuoted)"
            text = "RBAC: allowed by \(binding) of \(role) to \(Self.subjectText(subject))"
            return false
        }
        return text
    }

    private static func subjectText(_ subject: String) -> String {
        let name = String(subject.dropFirst(2))
        if subject.hasPrefix("g:") { return "Group \(name.goQuoted)" }
        let parts = name.split(separator: ":")
        guard parts.count == 4, name.hasPrefix("system:serviceaccount:") else { return "User \(name.goQuoted)" }
        return "ServiceAccount \("\(parts[3])/\(parts[2])".goQuoted)"
    }

    /// Visits rules until `visit` says stop.
    private func forEachRule(_ user: UserInfo, namespace: String, _ visit: (PolicyRule, Grant, _ subject: String) -> Bool) {
        for isClusterWide in [true, false] {
            for subject in ["u:\(user.name)"] + user.groups.map({ "g:\($0)" }) {
                for grant in grants[subject] ?? [] {
                    guard isClusterWide ? grant.namespace.isEmpty : (!grant.namespace.isEmpty && grant.namespace == namespace) else {
                        continue
                    }
                    for rule in roles[grant.role]?.rules ?? [] where !visit(rule, grant, subject) { return }
                }
            }
        }
    }
}
