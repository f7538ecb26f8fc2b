internal import APIMachinery
internal import JSONCore

/// The bootstrap roles and bindings as objects.
enum BootstrapPolicy {
    /// One object to create, with where it goes.
    struct Entry {
        var resource: String
        var object: KubeObject
    }

    static func entries() -> [Entry] {
        var entries: [Entry] = []
        for line in [BootstrapPolicyTable.general, BootstrapPolicyTable.controllers].flatMap(lines) {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            switch fields[0] {
            case "ROLE":
                entries.append(role(fields))
            case "RULE":
                guard let last = entries.indices.last else { continue }
                let rules = entries[last].object.array("rules") + [rule(fields).value]
                entries[last].object["rules"] = .array(rules)
            default: entries.append(binding(fields))
            }
        }
        let prefix = "system:controller:"
        for entry in entries where entry.resource == "clusterroles" && entry.object.name.hasPrefix(prefix) {
            let name = entry.object.name
            let account = "ServiceAccount:kube-system/\(name.dropFirst(prefix.utf8.count))"
            entries.append(binding(["BIND", "ClusterRoleBinding", "-", name, "ClusterRole/\(name)", account]))
        }
        resolveAggregation(&entries)
        return entries
    }

    private static func lines(_ text: StaticString) -> [Substring] {
        text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }.split(separator: "\n")
    }

    private static func list(_ field: String) -> [String] {
        field == "-" ? [] : field.split(separator: ",").map { $0 == "\"\"" ? "" : String($0) }
    }

    private static func start(_ fields: [String]) -> KubeObject {
        var object = KubeObject(
            GroupVersionKind(group: "rbac.authorization.k8s.io", version: "v1", kind: fields[1]), name: fields[3],
            namespace: fields[2] == "-" ? nil : fields[2])
        object.annotations = ["rbac.authorization.kubernetes.io/autoupdate": "true"]
        object.labels = ["kubernetes.io/bootstrapping": "rbac-defaults"]
        return object
    }

    private static func role(_ fields: [String]) -> Entry {
        var object = start(fields)
        for pair in list(fields[4]) {
            let parts = pair.split(separator: "=", maxSplits: 1)
            object["metadata", "labels", String(parts[0])] = .string(String(parts.last ?? ""))
        }
        let selectors = list(fields[5]).map { pair -> JSONValue in
            let parts = pair.split(separator: "=", maxSplits: 1)
            return ["matchLabels": .object(JSONObject([(String(parts[0]), .string(String(parts.last ?? "")))]))]
        }
        if !selectors.isEmpty { object["aggregationRule", "clusterRoleSelectors"] = .array(selectors) }
        object["rules"] = .array([])
        return Entry(resource: fields[1] == "Role" ? "roles" : "clusterroles", object: object)
    }

    private static func rule(_ fields: [String]) -> PolicyRule {
        PolicyRule(
            verbs: list(fields[3]), groups: list(fields[1]), resources: list(fields[2]), names: list(fields[4]), urls: list(fields[5]))
    }

    private static func binding(_ fields: [String]) -> Entry {
        var object = start(fields)
        let role = fields[4].split(separator: "/", maxSplits: 1).map(String.init)
        object["roleRef"] = ["apiGroup": "rbac.authorization.k8s.io", "kind": .string(role[0]), "name": .string(role[1])]
        object["subjects"] = .array(
            fields[5].split(separator: ",").map { subject -> JSONValue in
                let parts = subject.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts[0] == "ServiceAccount" else {
                    return ["kind": .string(parts[0]), "apiGroup": "rbac.authorization.k8s.io", "name": .string(parts[1])]
                }
                let account = parts[1].split(separator: "/", maxSplits: 1).map(String.init)
                return ["kind": "ServiceAccount", "namespace": .string(account[0]), "name": .string(account[1])]
            })
        return Entry(resource: fields[1] == "RoleBinding" ? "rolebindings" : "clusterrolebindings", object: object)
    }

    /// Writes the rules that `admin`, `edit` and `view` collect into them, as the aggregation controller would.
    private static func resolveAggregation(_ entries: inout [Entry]) {
        // More than once, as roles that aggregate are themselves aggregated: view into edit, edit into admin.
        for _ in 0..<3 {
            for index in entries.indices {
                let selectors = entries[index].object.array("aggregationRule", "clusterRoleSelectors")
                guard !selectors.isEmpty else { continue }
                var rules: [JSONValue] = []
                for other in entries where other.resource == "clusterroles" && other.object.name != entries[index].object.name {
                    let labels = other.object.labels
                    // best effort: the table's own selectors are sound.
                    guard selectors.contains(where: { (try? LabelSelector(value: $0))?.matches(labels) ?? false }) else { continue }
                    for rule in other.object.array("rules") where !rules.contains(rule) { rules.append(rule) }
                }
                entries[index].object["rules"] = .array(rules)
            }
        }
    }
}
