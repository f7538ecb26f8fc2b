/// The namespaces a table shows.
package enum NamespaceScope: Sendable, Hashable {
    /// Every namespace.
    case all
    /// These; never none.
    case only(Set<String>)

    /// One namespace; nil for all.
    package init(_ name: String?) { self = name.map { .only([$0]) } ?? .all }

    /// The only namespace; nil for several or all.
    package var single: String? {
        if case .only(let names) = self, names.count == 1 { names.first } else { nil }
    }

    /// Whether objects of a namespace are shown; cluster-scoped objects, whose namespace is empty, always are.
    package func contains(_ namespace: String) -> Bool {
        switch self {
        case .all: true
        case .only(let names): namespace.isEmpty || names.contains(namespace)
        }
    }

    /// `all namespaces`, `demo`, `demo, web`, `demo and 4 more`.
    package var text: String {
        switch self {
        case .all: return "all namespaces"
        case .only(let names):
            let sorted = names.sorted()
            return sorted.count <= 3 ? sorted.joined(separator: ", ") : "\(sorted[0]) and \(sorted.count - 1) more"
        }
    }
}
