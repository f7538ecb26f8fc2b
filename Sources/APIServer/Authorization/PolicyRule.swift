internal import JSONCore

/// One rule of a role. Source: rbac/v1 PolicyRule, `pkg/apis/rbac/v1/evaluation_helpers.go`.
struct PolicyRule: Sendable, Hashable {
    var verbs: [String] = []
    var groups: [String] = []
    var resources: [String] = []
    var names: [String] = []
    var urls: [String] = []

    init(verbs: [String], groups: [String] = [], resources: [String] = [], names: [String] = [], urls: [String] = []) {
        self.verbs = verbs
        self.groups = groups
        self.resources = resources
        self.names = names
        self.urls = urls
    }

    /// Everything there is.
    static let everything = [PolicyRule(verbs: ["*"], groups: ["*"], resources: ["*"]), PolicyRule(verbs: ["*"], urls: ["*"])]

    /// Reads the JSON form.
    init(value: JSONValue) {
        func list(_ field: String) -> [String] { (value[field]?.arrayValue ?? []).compactMap(\.stringValue) }
        self.init(
            verbs: list("verbs"), groups: list("apiGroups"), resources: list("resources"), names: list("resourceNames"),
            urls: list("nonResourceURLs"))
    }

    /// The JSON form.
    var value: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        var object: JSONObject = ["verbs": list(verbs)]
        if !groups.isEmpty { object["apiGroups"] = list(groups) }
        if !resources.isEmpty { object["resources"] = list(resources) }
        if !names.isEmpty { object["resourceNames"] = list(names) }
        if !urls.isEmpty { object["nonResourceURLs"] = list(urls) }
        return .object(object)
    }

    /// Whether the rule allows a request.
    func allows(_ request: AccessAttributes) -> Bool {
        guard verbs.contains("*") || verbs.contains(request.verb) else { return false }
        guard request.isResource else { return urls.contains { Self.matches($0, path: request.path) } }
        guard groups.contains("*") || groups.contains(request.group) else { return false }
        let combined = request.subresource.isEmpty ? request.resource : "\(request.resource)/\(request.subresource)"
        let matchesResource = resources.contains { resource in
            resource == "*" || resource == combined
                || (!request.subresource.isEmpty && resource.hasPrefix("*/") && resource.dropFirst(2) == request.subresource)
        }
        guard matchesResource else { return false }
        return names.isEmpty || names.contains(request.name)
    }

    /// Whether a nonResourceURL covers a path: exact, `*`, or a prefix before a final `*`.
    static func matches(_ pattern: String, path: String) -> Bool {
        if pattern == "*" || pattern == path { return true }
        return pattern.hasSuffix("*") && path.hasPrefix(pattern.dropLast())
    }

    /// Whether this rule alone allows everything `single` does, which has one element in each list.
    private func covers(_ single: PolicyRule) -> Bool {
        guard verbs.contains("*") || verbs.contains(single.verbs[0]) else { return false }
        if let url = single.urls.first { return urls.contains { $0 == url || Self.matches($0, path: url) } }
        guard groups.contains("*") || groups.contains(single.groups[0]) else { return false }
        let wanted = single.resources[0]
        let matchesResource = resources.contains { resource in
            resource == "*" || resource == wanted || (resource.hasPrefix("*/") && wanted.hasSuffix(resource.dropFirst()))
        }
        guard matchesResource else { return false }
        return names.isEmpty || (single.names.first.map(names.contains) ?? false)
    }

    /// The parts of `wanted` that `held` does not allow. Source: component-helpers `auth/rbac/validation/policy_comparator.go`.
    static func missing(from held: [PolicyRule], wanted: [PolicyRule]) -> [PolicyRule] {
        wanted.flatMap(\.singles).filter { single in !held.contains { $0.covers(single) } }
    }

    /// The rule split so that each list has at most one element.
    private var singles: [PolicyRule] {
        verbs.flatMap { verb -> [PolicyRule] in
            let byURL = urls.map { PolicyRule(verbs: [verb], urls: [$0]) }
            let byResource = groups.flatMap { group in
                resources.flatMap { resource -> [PolicyRule] in
                    guard !names.isEmpty else { return [PolicyRule(verbs: [verb], groups: [group], resources: [resource])] }
                    return names.map { PolicyRule(verbs: [verb], groups: [group], resources: [resource], names: [$0]) }
                }
            }
            return byURL + byResource
        }
    }

    /// The same rights in fewer rules: verbs on the same resource are put together. Source: `pkg/registry/rbac/validation` CompactRules.
    static func compact(_ rules: [PolicyRule]) -> [PolicyRule] {
        var result: [PolicyRule] = []
        var places: [String: Int] = [:]
        for rule in rules {
            guard rule.groups.count == 1, rule.resources.count == 1, rule.names.isEmpty, rule.urls.isEmpty else {
                result.append(rule)
                continue
            }
            let key = "\(rule.groups[0])/\(rule.resources[0])"
            if let place = places[key] {
                result[place].verbs += rule.verbs.filter { !result[place].verbs.contains($0) }
            } else {
                places[key] = result.count
                result.append(rule)
            }
        }
        return result
    }

    /// As Kubernetes prints a rule in messages: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`.
    var text: String {
        func list(_ name: String, _ texts: [String]) -> String? {
            texts.isEmpty ? nil : "\(name):[\(texts.map { "\"\($0)\"" }.joined(separator: " "))]"
        }
        let parts = [
            list("APIGroups", groups), list("Resources", resources), list("NonResourceURLs", urls), list("ResourceNames", names),
            list("Verbs", verbs),
        ]
        return "{\(parts.compactMap { $0 }.joined(separator: ", "))}"
    }
}
