internal import APIMachinery
internal import JSONCore
internal import KubeClient

/// Roles and ClusterRoles: rules name what they must, and nobody grants more than they have.
struct RoleStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }
    func nameProblems(_ name: String) -> [String] { NameValidation.pathSegment(name) }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        Self.ruleErrors(object, isNamespaced: context.endpoint.descriptor.isNamespaced) + Self.aggregationErrors(object)
    }

    private static func aggregationErrors(_ object: KubeObject) -> [FieldError] {
        guard let rule = object["aggregationRule"], !rule.isNull else { return [] }
        let field = "aggregationRule.clusterRoleSelectors"
        let selectors = rule["clusterRoleSelectors"]?.arrayValue ?? []
        guard !selectors.isEmpty else {
            return [.required(field, "at least one clusterRoleSelector required if aggregationRule is non-nil")]
        }
        return selectors.enumerated().flatMap { index, selector in RuleChecks.selector(selector, "\(field)[\(index)]") }
    }

    private static func ruleErrors(_ object: KubeObject, isNamespaced: Bool) -> [FieldError] {
        object.array("rules").enumerated().flatMap { index, value -> [FieldError] in
            let rule = PolicyRule(value: value)
            let field = "rules[\(index)]"
            var errors: [FieldError] = []
            if rule.verbs.isEmpty { errors.append(.required("\(field).verbs", "verbs must contain at least one value")) }
            if !rule.urls.isEmpty {
                if isNamespaced {
                    let why = "namespaced rules cannot apply to non-resource URLs"
                    errors.append(.invalid("\(field).nonResourceURLs", .array(rule.urls.map { .string($0) }), why))
                }
                if !rule.groups.isEmpty || !rule.resources.isEmpty || !rule.names.isEmpty {
                    let why = "rules cannot apply to both regular resources and non-resource URLs"
                    errors.append(.invalid("\(field).nonResourceURLs", .array(rule.urls.map { .string($0) }), why))
                }
                return errors
            }
            if rule.groups.isEmpty { errors.append(.required("\(field).apiGroups", "resource rules must supply at least one api group")) }
            if rule.resources.isEmpty { errors.append(.required("\(field).resources", "resource rules must supply at least one resource")) }
            return errors
        }
    }

    func authorize(_ object: KubeObject, old: KubeObject?, user: RequestUser, _ context: WriteContext) throws(APIStatus) {
        guard object["rules"] != old?["rules"] || object["aggregationRule"] != old?["aggregationRule"] else { return }
        try Escalation.check(object.array("rules").map(PolicyRule.init(value:)), verb: "escalate", object, user: user, context)
        guard !(object["aggregationRule"]?.isNull ?? true) else { return }
        do throws(APIStatus) {
            try Escalation.check(PolicyRule.everything, verb: "escalate", object, user: user, context)
        } catch {
            // Whoever collects roles gets whatever anybody labels.
            throw .forbidden(
                context.endpoint.descriptor.groupResource, object.name,
                "must have cluster-admin privileges to use an aggregationRule: \(error.message)")
        }
    }
}

/// RoleBindings and ClusterRoleBindings: the role stays, and only who has its rights, or may bind it, hands them on.
struct RoleBindingStrategy: ResourceStrategy {
    var createsOnUpdate: Bool { true }
    func nameProblems(_ name: String) -> [String] { NameValidation.pathSegment(name) }

    private static let group = "rbac.authorization.k8s.io"

    func complete(_ object: inout KubeObject, old: KubeObject?, _ context: WriteContext) {
        let group = Self.group
        if object["roleRef"] != nil, (object.string("roleRef", "apiGroup") ?? "").isEmpty { object["roleRef", "apiGroup"] = .string(group) }
        guard case .array(var subjects)? = object["subjects"] else { return }
        for index in subjects.indices where (subjects[index]["apiGroup"]?.stringValue ?? "").isEmpty {
            if ["User", "Group"].contains(subjects[index]["kind"]?.stringValue) { subjects[index]["apiGroup"] = .string(group) }
        }
        object["subjects"] = .array(subjects)
    }

    func validateCreate(_ object: KubeObject, _ context: WriteContext) -> [FieldError] {
        let isNamespaced = context.endpoint.descriptor.isNamespaced
        let (group, kind) = (object.string("roleRef", "apiGroup") ?? "", object.string("roleRef", "kind") ?? "")
        var errors: [FieldError] = []
        if group != Self.group { errors.append(.notSupported("roleRef.apiGroup", .string(group), [Self.group])) }
        let supported = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]
        if !supported.contains(kind) { errors.append(.notSupported("roleRef.kind", .string(kind), ordered: supported)) }
        let name = object.string("roleRef", "name") ?? ""
        if name.isEmpty { errors.append(.required("roleRef.name")) }
        errors += NameValidation.pathSegment(name).map { .invalid("roleRef.name", .string(name), $0) }
        for (index, subject) in object.array("subjects").enumerated() {
            errors += Self.subjectErrors(subject, "subjects[\(index)]", isNamespaced: isNamespaced)
        }
        return errors
    }

    private static func subjectErrors(_ subject: JSONValue, _ field: String, isNamespaced: Bool) -> [FieldError] {
        let (name, kind) = (subject["name"]?.stringValue ?? "", subject["kind"]?.stringValue ?? "")
        var errors: [FieldError] = name.isEmpty ? [.required("\(field).name")] : []
        let sent = subject["apiGroup"]?.stringValue ?? ""
        func require(_ expected: String) {
            if sent != expected { errors.append(.notSupported("\(field).apiGroup", .string(sent), [expected])) }
        }
        switch kind {
        case "ServiceAccount":
            if !name.isEmpty { errors += NameValidation.dnsSubdomain(name).map { .invalid("\(field).name", .string(name), $0) } }
            require("")
            if !isNamespaced, (subject["namespace"]?.stringValue ?? "").isEmpty { errors.append(.required("\(field).namespace")) }
        case "User", "Group":
            if name.isEmpty { errors.append(.invalid("\(field).name", "", "\(kind.lowercased()) name cannot be empty")) }
            require(group)
        default: errors.append(.notSupported("\(field).kind", .string(kind), ordered: ["ServiceAccount", "User", "Group"]))
        }
        return errors
    }

    func validateUpdate(_ object: KubeObject, old: KubeObject, _ context: WriteContext) -> [FieldError] {
        var errors = validateCreate(object, context)
        if object["roleRef"] != old["roleRef"] {
            errors.append(.invalid("roleRef", object["roleRef"] ?? .null, "cannot change roleRef"))
        }
        return errors
    }

    func authorize(_ object: KubeObject, old: KubeObject?, user: RequestUser, _ context: WriteContext) throws(APIStatus) {
        guard object["roleRef"] != old?["roleRef"] || object["subjects"] != old?["subjects"], !RBACAuthorizer.isMaster(user) else { return }
        let isCluster = object.string("roleRef", "kind") == "ClusterRole"
        let name = object.string("roleRef", "name") ?? ""
        let mayBind = try context.core.authorizer.allows(
            AccessAttributes(
                verb: "bind", group: "rbac.authorization.k8s.io", resource: isCluster ? "clusterroles" : "roles",
                namespace: object.namespace ?? "", name: name), user: user)
        if mayBind { return }
        let key = RBACIndex.roleKey(isCluster: isCluster, namespace: object.namespace ?? "", name: name)
        guard let rules = try context.core.authorizer.rules(ofRole: key) else {
            throw .notFound(GroupResource(group: "rbac.authorization.k8s.io", resource: isCluster ? "clusterroles" : "roles"), name)
        }
        try Escalation.check(rules, verb: nil, object, user: user, context)
    }
}

/// Nobody grants rights they do not have. Source: `pkg/registry/rbac/escalation_check.go`.
enum Escalation {
    /// Throws Forbidden when the user lacks some of `wanted`; `verb` on the role itself lifts the check.
    static func check(
        _ wanted: [PolicyRule], verb: String?, _ object: KubeObject, user: UserInfo, _ context: WriteContext
    ) throws(APIStatus) {
        if RBACAuthorizer.isMaster(user) { return }
        let descriptor = context.endpoint.descriptor
        let namespace = object.namespace ?? ""
        if let verb {
            let attributes = AccessAttributes(
                verb: verb, group: descriptor.group, resource: descriptor.plural, namespace: namespace, name: object.name)
            if try context.core.authorizer.allows(attributes, user: user) { return }
        }
        let held = try context.core.authorizer.rules(for: user, namespace: namespace)
        let missing = PolicyRule.missing(from: held, wanted: wanted)
        guard !missing.isEmpty else { return }
        let groups = user.groups.map { "\"\($0)\"" }.joined(separator: " ")
        let list = PolicyRule.compact(missing).map(\.text).sorted().joined(separator: "\n")
        throw .forbidden(
            descriptor.groupResource, object.name,
            "user \(user.name.goQuoted) (groups=[\(groups)]) is attempting to grant RBAC permissions not currently held:\n\(list)")
    }
}
