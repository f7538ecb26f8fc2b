package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas

/// Which rules subjects gain and lose when a role or a binding becomes another.
package struct AccessChange: Sendable {
    /// What changes for one subject in one place.
    package struct Entry: Sendable, Hashable {
        /// Who.
        package var subject: AccessSubject
        /// Where; nil for everywhere.
        package var namespace: String?
        /// Single rights that it did not have before: `get pods`, `get secrets "login"`.
        package var gained: [String]
        /// Single rights that it has no longer.
        package var lost: [String]
    }

    /// The changes, by subject.
    package var entries: [Entry]
    /// What could not be read, so that the answer may lack something.
    package var unread: [String]

    /// Whether an object is of a kind that gives rights.
    package static func concerns(_ object: KubeObject) -> Bool {
        object.gvk.group == "rbac.authorization.k8s.io" && ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"].contains(object.kind)
    }

    /// Reads roles and bindings, and finds what `changed` objects would change, all of them applied; those that are new among them.
    package static func read(_ changed: [KubeObject], _ client: KubeClient) async -> AccessChange {
        var objects: [KubeObject] = []
        var unread: [String] = []
        for (resource, kind) in [
            (Role.resource, "Role"), (Role.clusterResource, "ClusterRole"), (RoleBinding.resource, "RoleBinding"),
            (RoleBinding.clusterResource, "ClusterRoleBinding"),
        ] {
            do throws(APIStatus) {
                objects += try await client.list(resource, namespace: nil).items.map { item in
                    var item = item
                    item["kind"] = .string(kind)
                    return item
                }
            } catch {
                unread.append("\(resource.resource): \(error.message)")
            }
        }
        return AccessChange(from: objects, changed: changed, unread: unread)
    }

    /// What `changed` objects change among all roles and bindings.
    package init(from objects: [KubeObject], changed: [KubeObject], unread: [String] = []) {
        func key(_ object: KubeObject) -> String { "\(object.kind)/\(object.namespace ?? "")/\(object.name)" }
        let new = Dictionary(changed.map { (key($0), $0) }, uniquingKeysWith: { _, last in last })
        let known = Set(objects.map(key))
        let after = objects.map { new[key($0)] ?? $0 } + changed.filter { !known.contains(key($0)) }
        let (old, now) = (Self.rights(objects), Self.rights(after))
        let places = Set(old.keys).union(now.keys)
        entries = places.compactMap { place -> Entry? in
            let (before, later) = (old[place] ?? [], now[place] ?? [])
            guard before != later else { return nil }
            return Entry(
                subject: place.subject, namespace: place.namespace, gained: later.subtracting(before).sorted(),
                lost: before.subtracting(later).sorted())
        }.sorted { ($0.subject.text, $0.namespace ?? "") < ($1.subject.text, $1.namespace ?? "") }
        self.unread = unread
    }

    private struct Place: Hashable {
        var subject: AccessSubject
        var namespace: String?
    }

    /// Every single right, by who has it and where.
    private static func rights(_ objects: [KubeObject]) -> [Place: Set<String>] {
        let roles = aggregated(objects.filter { $0.kind == "Role" || $0.kind == "ClusterRole" })
        let map = AccessMap(roles: roles, bindings: objects.filter { $0.kind.hasSuffix("Binding") })
        var rights: [Place: Set<String>] = [:]
        for grant in map.grants {
            rights[Place(subject: grant.subject, namespace: grant.namespace), default: []].formUnion(single(grant.rule))
        }
        return rights
    }

    /// Roles with the rules of those that they collect. Source: `clusterrole_aggregation_controller.go`.
    private static func aggregated(_ roles: [KubeObject]) -> [KubeObject] {
        roles.map { role in
            // best effort: a selector that cannot be read selects nothing.
            let selectors = role.array("aggregationRule", "clusterRoleSelectors").compactMap { try? LabelSelector(value: $0) }
            guard !selectors.isEmpty else { return role }
            let parts = roles.filter { part in part.kind == "ClusterRole" && part.name != role.name && selectors.contains { $0.matches(part.labels) } }
            var role = role
            role["rules"] = .array(parts.flatMap { $0.array("rules") })
            return role
        }
    }

    /// A rule as single rights.
    private static func single(_ rule: PolicyRule) -> [String] {
        var rights: [String] = []
        for verb in rule.verbs {
            for path in rule.nonResourceURLs { rights.append("\(verb) \(path)") }
            for resource in rule.resources {
                for group in rule.apiGroups {
                    let what = group.isEmpty ? resource : "\(resource).\(group)"
                    rights += rule.resourceNames.isEmpty ? ["\(verb) \(what)"] : rule.resourceNames.map { "\(verb) \(what) \"\($0)\"" }
                }
            }
        }
        return rights
    }
}
