package import APIMachinery
package import KubeClient

/// What a look over a namespace finds: broken references, selectors that find nothing, risks, and what could be tidier.
package struct Findings: Sendable {
    /// What is found, the most important first.
    package var items: [Finding]
    /// What could not be read.
    package var unread: [String]

    /// The kinds whose change may change what is found.
    package static let watched: [GroupVersionResource] =
        NamespaceContents.kinds.filter { !NamespaceContents.named.contains($0) }.map(\.resource)

    /// Looks over a namespace, or over all with nil.
    package static func read(_ namespace: String?, _ client: KubeClient) async -> Findings {
        let contents = await NamespaceContents.read(namespace, client)
        var items = PodFindings.of(contents) + NetworkFindings.of(contents) + UpkeepFindings.of(contents)
        items.sort {
            ($0.severity, $0.subject.namespace ?? "", $0.subject.kind, $0.subject.name, $0.text)
                < ($1.severity, $1.subject.namespace ?? "", $1.subject.kind, $1.subject.name, $1.text)
        }
        return Findings(items: items, unread: contents.unread)
    }
}
