internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import ObjectStore

/// The roles and bindings in the form requests are checked against: bindings by subject, aggregated roles resolved.
struct RBACIndex: Sendable {
    private struct Role {
        var rules: [PolicyRule]
        var labels: [String: String]
        var selectors: [LabelSelector]
    }

    private struct Binding {
        var subjects: [String]
        /// The key of the role.
        var role: String
        /// Empty for cluster role bindings.
        var namespace: String
    }

    /// What one subject is granted by one binding.
    private struct Grant {
        var role: String
        var namespace: String
    }

    private var roles: [String: Role] = [:]
    private var bindings: [String: Binding] = [:]
    private var grants: [String: [Grant]] = [:]
    private var effective: [String: [PolicyRule]] = [:]
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
        let selectors = object.array("aggregationRule", "clusterRoleSelectors").compactMap { value in
            // best effort: a selector that validation would refuse selects nothing.
            try? LabelSelector(value: value)
        }
        return Role(rules: object.array("rules").map(PolicyRule.init(value:)), labels: object.labels, selectors: selectors)
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
        return Binding(subjects: subjects, role: roleKey(isCluster: isCluster, namespace: namespace, name: name), namespace: namespace)
    }

    /// The key roles are found under.
    static func roleKey(isCluster: Bool, namespace: String, name: String) -> String {
        isCluster ? "\(prefix)clusterroles//\(name)" : "\(prefix)roles/\(namespace)/\(name)"
    }

    private mutating func refresh() {
        guard isStale else { return }
        isStale = false
        effective = roles.mapValues(\.rules)
        for (key, role) in roles where !role.selectors.isEmpty {
            let parts = roles.filter { other in
                other.key != key && other.key.hasPrefix("\(Self.prefix)clusterroles/")
                    && role.selectors.contains { $0.matches(other.value.labels) }
            }
            effective[key] = role.rules + aggregated(parts.sorted { $0.key < $1.key }.map(\.value), depth: 0)
        }
        grants = [:]
        for binding in bindings.values {
            for subject in binding.subjects { grants[subject, default: []].append(Grant(role: binding.role, namespace: binding.namespace)) }
        }
    }

    /// The rules of aggregated roles, which may themselves aggregate.
    private func aggregated(_ parts: [Role], depth: Int) -> [PolicyRule] {
        parts.flatMap { part -> [PolicyRule] in
            guard !part.selectors.isEmpty, depth < 4 else { return part.rules }
            let inner = roles.filter { other in part.selectors.contains { $0.matches(other.value.labels) } }
            return part.rules + aggregated(inner.sorted { $0.key < $1.key }.map(\.value), depth: depth + 1)
        }
    }

    /// The rules of one role, aggregation resolved; nil when it does not exist.
    mutating func rules(ofRole key: String) -> [PolicyRule]? {
        refresh()
        return effective[key]
    }

    /// Every rule a user has in a namespace; cluster-wide ones come first.
    mutating func rules(for user: UserInfo, namespace: String) -> [PolicyRule] {
        refresh()
        var found: [PolicyRule] = []
        forEachRule(user, namespace: namespace) { rule, _ in
            found.append(rule)
            return true
        }
        return found
    }

    /// Whether some rule allows the request.
    mutating func allows(_ request: AccessAttributes, user: UserInfo) -> Bool {
        refresh()
        var isAllowed = false
        forEachRule(user, namespace: request.namespace) { rule, isClusterWide in
            guard request.isResource || isClusterWide else { return true }
            isAllowed = rule.allows(request)
            return !isAllowed
        }
        return isAllowed
    }

    /// Visits rules until `visit` says stop.
    private func forEachRule(_ user: UserInfo, namespace: String, _ visit: (PolicyRule, _ isClusterWide: Bool) -> Bool) {
        for isClusterWide in [true, false] {
            for subject in ["u:\(user.name)"] + user.groups.map({ "g:\($0)" }) {
                for grant in grants[subject] ?? [] {
                    guard isClusterWide ? grant.namespace.isEmpty : (!grant.namespace.isEmpty && grant.namespace == namespace) else {
                        continue
                    }
                    for rule in effective[grant.role] ?? [] where !visit(rule, isClusterWide) { return }
                }
            }
        }
    }
}
