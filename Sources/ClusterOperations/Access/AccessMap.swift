package import APIMachinery
package import KubeClient
package import KubeSchemas

/// One rule that a binding gives to a subject.
package struct AccessGrant: Sendable, Hashable {
    /// Who gets it.
    package var subject: AccessSubject
    /// The rule.
    package var rule: PolicyRule
    /// The role the rule is in.
    package var role: ObjectTarget
    /// The binding that gives the role.
    package var binding: ObjectTarget
    /// Where it holds; nil for everywhere.
    package var namespace: String?
}

/// Every rule that roles and bindings give, and questions about them. Rules are all that is known: other authorizers (Node, webhooks) and
/// the groups a certificate carries are not seen here.
package struct AccessMap: Sendable {
    /// Everything that is given.
    package let grants: [AccessGrant]
    /// Bindings whose role does not exist.
    package let dangling: [ObjectTarget]
    /// What could not be read.
    package let unread: [String]

    /// Reads roles and bindings of the whole cluster; what the caller may not read is named in ``unread``.
    package static func read(_ client: KubeClient) async -> AccessMap {
        var unread: [String] = []
        var read: [GroupVersionResource: [KubeObject]] = [:]
        for resource in [Role.resource, Role.clusterResource, RoleBinding.resource, RoleBinding.clusterResource] {
            do throws(APIStatus) {
                read[resource] = try await client.list(resource, namespace: nil).items
            } catch {
                unread.append("\(resource.resource): \(error.message)")
            }
        }
        return AccessMap(
            roles: (read[Role.resource] ?? []) + (read[Role.clusterResource] ?? []),
            bindings: (read[RoleBinding.resource] ?? []) + (read[RoleBinding.clusterResource] ?? []), unread: unread)
    }

    /// A map of known roles and bindings.
    package init(roles: [KubeObject], bindings: [KubeObject], unread: [String] = []) {
        func key(_ kind: String, _ namespace: String?, _ name: String) -> String { "\(kind)/\(namespace ?? "")/\(name)" }
        let byKey = Dictionary(roles.map { (key($0.kind, $0.namespace, $0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var grants: [AccessGrant] = []
        var dangling: [ObjectTarget] = []
        for object in bindings {
            let binding = RoleBinding(object)
            let isCluster = object.kind == "ClusterRoleBinding"
            let target = ObjectTarget(object, resource: isCluster ? RoleBinding.clusterResource : RoleBinding.resource)
            guard let role = byKey[key(binding.roleKind, binding.roleKind == "Role" ? object.namespace : nil, binding.roleName)] else {
                dangling.append(target)
                continue
            }
            let roleTarget = ObjectTarget(role, resource: role.kind == "ClusterRole" ? Role.clusterResource : Role.resource)
            for subject in binding.subjects {
                let who = AccessSubject(kind: subject.kind, namespace: subject.kind == "ServiceAccount" ? subject.namespace : "", name: subject.name)
                grants += Role(role).rules.map {
                    AccessGrant(subject: who, rule: $0, role: roleTarget, binding: target, namespace: isCluster ? nil : object.namespace)
                }
            }
        }
        self.grants = grants
        self.dangling = dangling
        self.unread = unread
    }

    /// Everybody who is given something, with what it is: users, groups, then service accounts, each by name.
    package var subjects: [(subject: AccessSubject, grants: [AccessGrant])] {
        let order = ["User": 0, "Group": 1]
        return Dictionary(grouping: grants, by: \.subject).sorted {
            (order[$0.key.kind] ?? 2, $0.key.namespace, $0.key.name) < (order[$1.key.kind] ?? 2, $1.key.namespace, $1.key.name)
        }.map { ($0.key, $0.value) }
    }

    /// Who may do something, each with every rule that says so.
    package func whoCan(_ question: AccessQuestion) -> [(subject: AccessSubject, grants: [AccessGrant])] {
        let found = Dictionary(grouping: grants.filter { Self.answers($0, question) }, by: \.subject)
        return found.sorted { $0.key.text < $1.key.text }.map { ($0.key, $0.value) }
    }

    /// What a subject may do: by its own name and by its groups.
    package func grants(of subject: AccessSubject) -> [AccessGrant] {
        let groups = Set(subject.groups)
        return grants.filter { grant in
            switch grant.subject.kind {
            case "Group": groups.contains(grant.subject.name)
            case "User": subject.kind != "Group" && grant.subject.name == subject.userName
            default: grant.subject == subject
            }
        }
    }

    /// The rules by which a subject may do something; none when it may not.
    package func reasons(_ subject: AccessSubject, _ question: AccessQuestion) -> [AccessGrant] {
        grants(of: subject).filter { Self.answers($0, question) }
    }

    /// Rules of a subject that come near: the same resource elsewhere or by other verbs.
    package func nearMisses(_ subject: AccessSubject, _ question: AccessQuestion) -> [AccessGrant] {
        grants(of: subject).filter { grant in
            !Self.answers(grant, question) && Self.covers(grant.rule.apiGroups, question.group) && Self.coversResource(grant.rule, question)
        }
    }

    /// Whether a grant allows what is asked. Source: `pkg/registry/rbac/validation/rule.go` and `component-helpers/auth/rbac`.
    static func answers(_ grant: AccessGrant, _ question: AccessQuestion) -> Bool {
        // A grant in one namespace allows nothing in another, nor cluster wide.
        if let namespace = grant.namespace, namespace != question.namespace { return false }
        return allows(grant.rule, question)
    }

    /// Whether a rule allows what is asked, where it holds.
    package static func allows(_ rule: PolicyRule, _ question: AccessQuestion) -> Bool {
        let isNamed = rule.resourceNames.isEmpty || question.name.map { rule.resourceNames.contains($0) } == true
        return covers(rule.verbs, question.verb) && covers(rule.apiGroups, question.group) && coversResource(rule, question) && isNamed
    }

    private static func covers(_ list: [String], _ word: String) -> Bool { list.contains("*") || list.contains(word) }

    private static func coversResource(_ rule: PolicyRule, _ question: AccessQuestion) -> Bool {
        if covers(rule.resources, question.resource) { return true }
        guard let slash = question.resource.firstIndex(of: "/") else { return false }
        return rule.resources.contains("*\(question.resource[slash...])")
    }
}
