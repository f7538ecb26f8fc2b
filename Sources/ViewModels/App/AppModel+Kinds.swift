import APIMachinery
import KubeClient

extension AppModel {
    /// Lists the kinds to go to.
    func pickKind() {
        cluster?.refreshKinds()
        pick("Show which kind?", kindItems) { [weak self] id in self?.show(kindID: id) }
    }

    /// The kinds as items of a palette, ours and the common ones first.
    var kindItems: [PaletteItem] {
        kinds.map { kind in
            PaletteItem(
                id: "kind:\(kind.id)", title: kind.resource.resource, detail: Self.detail(kind),
                aliases: kind.shortNames + [kind.singular, kind.kind.lowercased()].filter { !$0.isEmpty } + Self.usualNames(kind))
        }
    }

    /// Names that people know from k9s and no server tells.
    private static func usualNames(_ kind: ServedKind) -> [String] { usualNames.filter { $0.value == kind.id }.keys.sorted() }

    private static let usualNames = [
        "dp": "deployments.apps", "sec": "secrets", "jo": "jobs.batch", "np": "networkpolicies.networking.k8s.io",
        "ro": "roles.rbac.authorization.k8s.io", "rb": "rolebindings.rbac.authorization.k8s.io", "cr": "clusterroles.rbac.authorization.k8s.io",
        "crb": "clusterrolebindings.rbac.authorization.k8s.io",
    ]

    private static func detail(_ kind: ServedKind) -> String {
        let names = kind.shortNames.isEmpty ? "" : "\(kind.shortNames.joined(separator: ", "))  "
        return "\(names)\(kind.kind)\(kind.resource.group.isEmpty ? "" : " in \(kind.resource.group)")"
    }

    /// Goes to a kind of ``kindItems``.
    func show(kindID id: String) {
        guard let kind = kinds.first(where: { "kind:\($0.id)" == id }) else { return }
        show(kind: kind)
    }

    /// The words that go to contexts.
    static let contextWords: Set = ["ctx", "context", "contexts"]

    /// What `ctx a`, `ctx a b` or `ctx a+b` means; an item that says so where one of the contexts is not known.
    private func contextItem(_ words: [String]) -> (item: PaletteItem, go: () -> Void)? {
        let names = Array(words.dropFirst())
        guard let first = words.first, Self.contextWords.contains(first), !names.isEmpty, let cluster else { return nil }
        let joined = joinedNames(names.joined(separator: " "))
        if let missing = (joined ?? names).first(where: { !cluster.contexts.contains($0) }) {
            let reason = "there is no such context\(NearestName.question(missing, in: cluster.contexts))"
            return (PaletteItem(id: "place", title: "context \(missing.prefix(60))", disabledReason: reason), {})
        }
        let list = (joined ?? names).joined(separator: ", ")
        let title = joined != nil ? "contexts \(list) in one table" : names.count == 1 ? "context \(list)" : "contexts \(list) in a new tab"
        return (PaletteItem(id: "place", title: title, detail: "show"), { [weak self] in self?.run(line: words.joined(separator: " ")) })
    }

    /// The namespaces that a word may name, `a` or `a,b`; none where it is a filter or a selector.
    private static func namespaces(_ word: String) -> [String] {
        guard word.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-" || $0 == ",") }), !word.hasPrefix("-") else { return [] }
        return word.split(separator: ",").map(String.init)
    }

    /// What a command line such as `deploy payments`, `deploy a,b`, `po /web`, `svc -l app=web` or `po all` means; nil when its first word is no kind.
    func placeItem(_ line: String) -> (item: PaletteItem, go: () -> Void)? {
        let words = line.split(separator: " ").map(String.init)
        if let contexts = contextItem(words) { return contexts }
        guard words.count > 1, let first = words.first, let kind = kinds.first(where: { $0.answers(to: first) || Self.usualNames[first.lowercased()] == $0.id })
        else { return nil }
        var scope: NamespaceScope?
        var filter: [String] = []
        for word in words.dropFirst() {
            let names = filter.isEmpty && kind.isNamespaced ? Self.namespaces(word) : []
            if filter.isEmpty, word == "all" {
                scope = .all
            } else if !names.isEmpty, !namespaceNames.isEmpty {
                if let missing = names.first(where: { !namespaceNames.contains($0) }), !namespaces.mayBeOthers {
                    let near = NearestName.question(missing, in: namespaceNames)
                    let reason = "there is no namespace \(missing)\(near); with / before it it is a filter"
                    return (PaletteItem(id: "place", title: "\(kind.resource.resource) in \(missing.prefix(60))", disabledReason: reason), {})
                }
                for name in names { scope = scope.map { $0.adding(name) } ?? NamespaceScope(name) }
            } else {
                filter.append(filter.isEmpty && word.hasPrefix("/") ? String(word.dropFirst()) : word)
            }
        }
        let text = filter.joined(separator: " ")
        let place = Place(kind: kind, scope: scope ?? self.scope, filter: text)
        let item = PaletteItem(id: "place", title: place.text, detail: "show")
        return (
            item,
            { [weak self] in
                guard let self else { return }
                show(kind: kind)
                if let scope { show(scope: scope) }
                list.filter = text
            }
        )
    }
}

extension NamespaceScope {
    /// These namespaces and one more.
    fileprivate func adding(_ name: String) -> NamespaceScope {
        guard case .only(let names) = self else { return self }
        return .only(names.union([name]))
    }
}
