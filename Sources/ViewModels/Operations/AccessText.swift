import APIMachinery
import ClusterOperations
import KubeSchemas

/// Who may do what, in words.
enum AccessText {
    /// Who may do what was asked.
    static func whoCan(_ question: AccessQuestion, _ map: AccessMap, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        let found = map.whoCan(question)
        text.heading("Who can \(question.text)", [TextSpan(found.isEmpty ? "  nobody, by roles" : "  \(found.count) by roles", .dim)])
        for (subject, grants) in found.prefix(500) {
            text.line([TextSpan(subject.text, isBroad(subject) ? .warning : .normal)])
            if subject.kind == "ServiceAccount" { text.link("ServiceAccount", subject.name, namespace: subject.namespace) }
            for grant in grants.prefix(20) { write(grant, indent: 6, &text) }
        }
        end(map, &text)
        return text
    }

    /// Everybody who is given something: a line each, with what is great among it.
    static func subjects(_ map: AccessMap, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        let all = map.subjects
        text.heading("Who is given something", [TextSpan(all.isEmpty ? "  nobody, by roles" : "  \(all.count) by roles; Enter shows what", .dim)])
        var columns = TextColumns(["MAY", "WHERE", "KIND", "NAME", "ROLES"])
        for (subject, grants) in all {
            let places = Set(grants.compactMap(\.namespace)).sorted()
            let isEverywhere = grants.contains { $0.namespace == nil }
            let place = isEverywhere ? "everywhere" : places.count > 2 ? "\(places.count) namespaces" : places.joined(separator: ", ")
            let might = might(grants)
            columns.add([
                TextSpan(might.text, might.tone), TextSpan(place), TextSpan(subject.kind, .dim),
                TextSpan((subject.namespace.isEmpty ? "" : "\(subject.namespace)/") + subject.name, isBroad(subject) ? .warning : .accent),
                TextSpan(Set(grants.map(\.role.name)).sorted().joined(separator: ", "), .dim),
            ])
        }
        text.lineUp(columns) { DetailLink(value: all[$0].subject.short) }
        end(map, &text)
        return text
    }

    /// The greatest of what rules allow, in a word.
    private static func might(_ grants: [AccessGrant]) -> (text: String, tone: Tone) {
        func allows(_ verb: String, _ resource: String, _ group: String = "") -> Bool {
            grants.contains { grant in
                AccessMap.allows(grant.rule, AccessQuestion(verb: verb, group: group, resource: resource))
            }
        }
        let isEverywhere = grants.contains {
            $0.namespace == nil && $0.rule.verbs.contains("*") && $0.rule.resources.contains("*") && $0.rule.apiGroups.contains("*")
        }
        if isEverywhere { return ("everything", .error) }
        let roles = ["clusterroles", "roles"].contains { role in ["escalate", "bind"].contains { allows($0, role, "rbac.authorization.k8s.io") } }
        if roles { return ("give itself more", .error) }
        if ["users", "groups", "serviceaccounts"].contains(where: { allows("impersonate", $0) }) { return ("act as others", .error) }
        if allows("create", "serviceaccounts/token") { return ("take accounts' tokens", .error) }
        if allows("create", "pods/exec") { return ("run programs in pods", .warning) }
        if allows("get", "secrets") || allows("list", "secrets") { return ("read Secrets", .warning) }
        // Asking about oneself creates a review, and changes nothing.
        let asking: Set = ["authentication.k8s.io", "authorization.k8s.io"]
        let isChanging = { (rule: PolicyRule) in
            !asking.isSuperset(of: rule.apiGroups) && rule.verbs.contains { !["get", "list", "watch"].contains($0) }
        }
        if grants.contains(where: { isChanging($0.rule) }) { return ("change", .normal) }
        return ("read", .dim)
    }

    /// What a subject may do, by its name and by its groups.
    static func can(_ subject: AccessSubject, _ map: AccessMap, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        let grants = map.grants(of: subject)
        text.heading("What \(subject.text) can do", [TextSpan(grants.isEmpty ? "  nothing, by roles" : "", .dim)])
        for namespace in Set(grants.map { $0.namespace ?? "" }).sorted() {
            text.heading(namespace.isEmpty ? "In the whole cluster" : "In \(namespace)")
            for grant in grants where (grant.namespace ?? "") == namespace { write(grant, indent: 2, &text) }
        }
        end(map, &text)
        return text
    }

    /// Whether a subject may do something, by what, or what is missing.
    static func why(_ subject: AccessSubject, _ question: AccessQuestion, _ map: AccessMap, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        let reasons = map.reasons(subject, question)
        if reasons.isEmpty {
            text.heading("Denied", [TextSpan("  no role lets \(subject.text) \(question.text)", .error)])
            let near = map.nearMisses(subject, question)
            if !near.isEmpty { text.heading("It may do near by") }
            for grant in near.prefix(50) { write(grant, indent: 2, &text) }
            text.heading("The smallest role that would allow it", [TextSpan("  y copies it", .dim)])
            let manifest = SmallestRole.manifest(subject, question)
            text.link(DetailLink(value: manifest))
            for line in manifest.split(separator: "\n") { text.line([TextSpan(String(line))]) }
        } else {
            text.heading("Allowed", [TextSpan("  \(subject.text) can \(question.text)", .ok)])
            for grant in reasons.prefix(50) { write(grant, indent: 2, &text) }
        }
        end(map, &text)
        return text
    }

    private static func write(_ grant: AccessGrant, indent: Int, _ text: inout DetailText) {
        let rule = grant.rule
        let groups = rule.apiGroups.map { $0.isEmpty ? "" : $0 == "*" ? ".*" : ".\($0)" }
        let what = rule.resources.flatMap { resource in groups.map { "\(resource)\($0)" } } + rule.nonResourceURLs
        let names = rule.resourceNames.isEmpty ? "" : " named \(rule.resourceNames.joined(separator: ", "))"
        text.line(
            [
                TextSpan(rule.verbs.joined(separator: ","), .accent), TextSpan(" \(what.joined(separator: ","))\(names)"),
                TextSpan("  \(grant.role.kind) \(grant.role.name) by \(grant.binding.kind) \(grant.binding.name)", .dim),
                TextSpan(grant.subject.kind == "Group" ? "  as group \(grant.subject.name)" : "", .dim),
            ], indent: indent)
        text.link(DetailLink(binding: ObjectBinding(grant.binding, context: text.context)))
    }

    /// Everybody, or everybody who is known.
    private static func isBroad(_ subject: AccessSubject) -> Bool {
        subject.kind == "Group" && ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"].contains(subject.name)
    }

    private static func end(_ map: AccessMap, _ text: inout DetailText) {
        if !map.dangling.isEmpty { text.heading("Bindings whose role does not exist") }
        for binding in map.dangling.prefix(50) {
            text.line([TextSpan(binding.text, .warning)])
            text.link(DetailLink(binding: ObjectBinding(binding, context: text.context)))
        }
        text.unread(map.unread)
        text.line([TextSpan("Only roles are seen here: system:masters, other authorizers and the groups in certificates are not.", .dim)], indent: 0)
    }

    /// What changes what is said here.
    static let watched = [Role.resource, Role.clusterResource, RoleBinding.resource, RoleBinding.clusterResource]
}

/// Who refers to an object, in words.
enum UsedByText {
    static func text(_ used: UsedBy, context: String) -> DetailText {
        var text = DetailText()
        text.context = context
        text.heading("Used by", [TextSpan(used.uses.isEmpty ? "  nobody" : "  \(used.uses.count)", .dim)])
        for use in used.uses.prefix(1000) {
            text.line([
                TextSpan("\(use.user.kind) ", .dim), TextSpan(use.user.namespace.map { "\($0)/" } ?? "", .dim), TextSpan(use.user.name),
                TextSpan("  \(use.places.joined(separator: ", "))", .dim),
            ])
            text.link(DetailLink(binding: ObjectBinding(use.user, context: context)))
        }
        text.unread(used.unread)
        return text
    }
}
