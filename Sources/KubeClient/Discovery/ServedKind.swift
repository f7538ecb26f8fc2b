package import APIMachinery

/// A kind that a server has, as its discovery tells.
package struct ServedKind: Sendable, Hashable, Identifiable {
    /// Where its objects are found.
    package var resource: GroupVersionResource
    /// The kind: `Deployment`.
    package var kind: String
    /// The name of one, as people type it: `deployment`; may be empty.
    package var singular: String
    /// Short names: `deploy`.
    package var shortNames: [String]
    /// Categories: `all`.
    package var categories: [String]
    /// Whether objects live in namespaces.
    package var isNamespaced: Bool
    /// The verbs it has.
    package var verbs: Set<String>
    /// The names of its subresources: `scale`, `status`.
    package var subresources: Set<String>
    /// `deployments.apps`.
    package var id: String { resource.group.isEmpty ? resource.resource : "\(resource.resource).\(resource.group)" }

    /// A kind.
    package init(
        resource: GroupVersionResource, kind: String, singular: String = "", shortNames: [String] = [], categories: [String] = [],
        isNamespaced: Bool = true, verbs: Set<String> = [], subresources: Set<String> = []
    ) {
        self.resource = resource
        self.kind = kind
        self.singular = singular
        self.shortNames = shortNames
        self.categories = categories
        self.isNamespaced = isNamespaced
        self.verbs = verbs
        self.subresources = subresources
    }

    /// Whether a table of its objects can be kept current.
    package var isListable: Bool { verbs.contains("list") && verbs.contains("watch") }

    /// Whether somebody who types `word` can mean it: plural, singular, short name or kind, in any case, or one of them followed by
    /// `.group`.
    package func answers(to word: String) -> Bool {
        let word = word.lowercased()
        let names = [resource.resource, singular, kind.lowercased()] + shortNames
        if names.contains(word) { return true }
        guard let dot = word.firstIndex(of: ".") else { return false }
        return names.contains(String(word[..<dot])) && word[word.index(after: dot)...] == resource.group
    }
}
