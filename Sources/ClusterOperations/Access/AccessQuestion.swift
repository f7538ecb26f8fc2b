package import APIMachinery
import KubeClient

/// Who acts: a user, a group or a service account.
package struct AccessSubject: Sendable, Hashable {
    /// `User`, `Group` or `ServiceAccount`.
    package var kind: String
    /// The namespace of a service account; empty for the others.
    package var namespace: String
    /// The name.
    package var name: String

    /// A subject.
    package init(kind: String, namespace: String = "", name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    /// Reads `u:NAME`, `g:NAME`, `s:NAMESPACE/NAME`, `system:serviceaccount:NAMESPACE:NAME` or a user's name. A service account without
    /// namespace is of `namespace`. Throws BadRequest for an empty text.
    package init(parsing text: String, namespace: String) throws(APIStatus) {
        func rest(_ prefix: String) -> String? { text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil }
        if let account = rest("s:") ?? rest("system:serviceaccount:") {
            let parts = account.split(whereSeparator: { $0 == "/" || $0 == ":" }).map(String.init)
            guard let last = parts.last, parts.count <= 2 else {
                throw .badRequest("\"\(text)\" names no service account: write s:NAMESPACE/NAME")
            }
            self.init(kind: "ServiceAccount", namespace: parts.count == 2 ? parts[0] : namespace, name: last)
        } else if let group = rest("g:") {
            guard !group.isEmpty else { throw Self.nobody(text) }
            self.init(kind: "Group", name: group)
        } else {
            let user = rest("u:") ?? text
            guard !user.isEmpty else { throw Self.nobody(text) }
            self.init(kind: "User", name: user)
        }
    }

    private static func nobody(_ text: String) -> APIStatus {
        .badRequest("\"\(text)\" names nobody: write u:USER, g:GROUP or s:NAMESPACE/ACCOUNT")
    }

    /// As ``init(parsing:namespace:)`` reads it: `g:admins`.
    package var short: String {
        switch kind {
        case "ServiceAccount": "s:\(namespace)/\(name)"
        case "Group": "g:\(name)"
        default: "u:\(name)"
        }
    }

    /// `ServiceAccount default/robot`.
    package var text: String { "\(kind) \(namespace.isEmpty ? "" : "\(namespace)/")\(name)" }

    /// The groups it is in as far as its name tells. Which groups a user's credentials carry, nobody can know.
    package var groups: [String] {
        switch kind {
        case "ServiceAccount": ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"]
        case "User": name == "system:anonymous" ? ["system:unauthenticated"] : ["system:authenticated"]
        default: [name]
        }
    }

    /// The name the server knows a service account by.
    var userName: String { kind == "ServiceAccount" ? "system:serviceaccount:\(namespace):\(name)" : name }
}

/// What somebody wants to do.
package struct AccessQuestion: Sendable, Hashable {
    /// `get`, `list`, `delete` …
    package var verb: String
    /// The group of the resource.
    package var group: String
    /// The resource, with its subresource: `pods/log`.
    package var resource: String
    /// One object's name; nil for any.
    package var name: String?
    /// The namespace; nil for cluster-scoped objects or all namespaces.
    package var namespace: String?

    /// A question.
    package init(verb: String, group: String, resource: String, name: String? = nil, namespace: String? = nil) {
        self.verb = verb
        self.group = group
        self.resource = resource
        self.name = name
        self.namespace = namespace
    }

    /// Reads `VERB RESOURCE [NAME] [-n NAMESPACE]`; the resource as kubectl takes it: `deploy`, `pods/log`, `widgets.example.com`. Throws
    /// BadRequest that says what is missing, or that the server has no such resource.
    package init(parsing text: String, _ kinds: ServedKinds, namespace: String?) throws(APIStatus) {
        let (words, namespace) = try Self.words(text, namespace)
        let parts = words[1].split(separator: "/", maxSplits: 1).map(String.init)
        let found = kinds.kinds.first { $0.answers(to: parts.first ?? "") }
        guard let found else { throw .badRequest("the server has no resource \(words[1])") }
        self.init(
            verb: words[0].lowercased(), group: found.resource.group, resource: found.resource.resource + (parts.count > 1 ? "/\(parts[1])" : ""),
            name: words.count > 2 ? words[2] : nil, namespace: found.isNamespaced ? namespace : nil)
    }

    /// Throws BadRequest for a text that is no question, whatever resources the server has.
    package static func check(_ text: String) throws(APIStatus) { _ = try words(text, nil) }

    private static func words(_ text: String, _ namespace: String?) throws(APIStatus) -> ([String], namespace: String?) {
        var words = text.split(separator: " ").map(String.init)
        var namespace = namespace
        if let flag = words.firstIndex(of: "-n") {
            guard words.indices.contains(flag + 1) else { throw .badRequest("-n names no namespace") }
            namespace = words[flag + 1]
            words.removeSubrange(flag...flag + 1)
        }
        if let flag = words.firstIndex(of: "-A") {
            namespace = nil
            words.remove(at: flag)
        }
        guard (2...3).contains(words.count) else { throw .badRequest("\"\(text)\" is no question: write VERB RESOURCE [NAME] [-n NAMESPACE]") }
        return (words, namespace)
    }

    /// `delete deployments.apps web in default`.
    package var text: String {
        let place = namespace.map { " in \($0)" } ?? ""
        return "\(verb) \(resource)\(group.isEmpty ? "" : ".\(group)")\(name.map { " \($0)" } ?? "")\(place)"
    }
}
