import APIMachinery
import ClusterOperations
import JSONCore
import KubeSchemas

extension ObjectDescription {
    mutating func writeServiceAccount() {
        if ServiceAccount(object).automountServiceAccountToken == false { text.fact("token", "is not mounted into pods") }
        for field in ["secrets", "imagePullSecrets"] {
            for (index, secret) in object.array(field).enumerated() {
                let name = secret["name"]?.stringValue ?? ""
                text.fact(index == 0 ? (field == "secrets" ? "secrets" : "pull secrets") : "", [TextSpan(name)])
                text.link("Secret", name, namespace: object.namespace)
            }
        }
        writeBindings("Bound by")
    }

    mutating func writeRole() {
        let role = Role(object)
        if let selectors = role.aggregatedSelectors {
            for selector in selectors { text.fact("gathers", DetailText.selector(selector)) }
        }
        writeRules(role.rules)
        writeBindings("Given by")
    }

    private mutating func writeRules(_ rules: [PolicyRule]) {
        text.heading("Rules", [TextSpan(rules.isEmpty ? "  none: it grants nothing" : "", .dim)])
        for rule in rules {
            let groups = rule.apiGroups.map { $0.isEmpty ? "" : $0 == "*" ? ".*" : ".\($0)" }
            let resources = rule.resources.flatMap { resource in groups.map { "\(resource)\($0)" } }
            let what = (resources + rule.nonResourceURLs).joined(separator: ", ")
            let names = rule.resourceNames.isEmpty ? "" : " named \(rule.resourceNames.joined(separator: ", "))"
            let isBroad = rule.verbs.contains("*") && (rule.resources.contains("*") || rule.nonResourceURLs.contains("*"))
            text.line([TextSpan(rule.verbs.joined(separator: ", "), isBroad ? .warning : .accent), TextSpan("  \(what)"), TextSpan(names, .dim)])
        }
    }

    private mutating func writeBindings(_ title: String) {
        let bindings = related(.roleBindings) + related(.clusterRoleBindings)
        text.heading(title, [TextSpan(bindings.isEmpty ? "  no binding" : "", .dim)])
        for binding in bindings.map({ RoleBinding($0) }).prefix(200) {
            let place = binding.namespace.map { " in \($0)" } ?? ", in the whole cluster"
            text.line([
                TextSpan(binding.name), TextSpan("  \(binding.roleKind) \(binding.roleName)\(place)", .dim),
                TextSpan(object.kind.hasSuffix("Role") ? "  to \(Self.subjects(binding))" : "", .dim),
            ])
            text.link(binding.object.kind, binding.name, namespace: binding.namespace, uid: binding.uid)
        }
    }

    private static func subjects(_ binding: RoleBinding) -> String {
        binding.subjects.map { "\($0.kind) \($0.namespace.isEmpty ? "" : "\($0.namespace)/")\($0.name)" }.joined(separator: ", ")
    }

    mutating func writeRoleBinding() {
        let binding = RoleBinding(object)
        text.fact("role", "\(binding.roleKind) \(binding.roleName)")
        text.link(binding.roleKind, binding.roleName, namespace: binding.roleKind == "Role" ? object.namespace : nil)
        text.heading("Subjects", [TextSpan(binding.subjects.isEmpty ? "  none: it grants nothing" : "", .dim)])
        for subject in binding.subjects {
            text.fact(subject.kind, [TextSpan("\(subject.namespace.isEmpty ? "" : "\(subject.namespace)/")\(subject.name)")], width: 18)
            if subject.kind == "ServiceAccount" { text.link("ServiceAccount", subject.name, namespace: subject.namespace) }
        }
    }
}
