package import APIMachinery
package import KubeClient

/// The kinds that a server has, custom ones too, each in the version it prefers.
package struct ServedKinds: Sendable {
    /// All kinds.
    package let kinds: [ServedKind]
    private let byResource: [GroupVersionResource: Int]

    /// A set of kinds; of two with the same resource the first counts.
    package init(_ kinds: [ServedKind]) {
        self.kinds = kinds
        byResource = Dictionary(kinds.enumerated().map { ($1.resource, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The kind of a resource.
    package subscript(resource: GroupVersionResource) -> ServedKind? { byResource[resource].map { kinds[$0] } }

    /// The kind an owner reference or a template names, whichever version of its group is preferred.
    package func kind(apiVersion: String, _ kind: String) -> ServedKind? {
        guard let version = GroupVersion(apiVersion: apiVersion) else { return nil }
        return kinds.first { $0.resource.group == version.group && $0.kind == kind }
    }

    /// Asks a server. Throws why it does not answer; a group that cannot be read is left out.
    package static func read(_ client: KubeClient) async throws(APIStatus) -> ServedKinds { ServedKinds(try await client.servedKinds()) }
}
