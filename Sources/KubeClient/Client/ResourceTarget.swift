package import APIMachinery

/// What the path of a request leads to: an object, a collection, or a subresource. The inverse of ``ResourcePath``.
package struct ResourceTarget: Sendable, Hashable {
    /// Where objects of the kind are found.
    package var resource: GroupVersionResource
    /// The namespace; nil for cluster scope and for all namespaces.
    package var namespace: String?
    /// The object's name; nil for a collection.
    package var name: String?
    /// What lies below the object: `scale`, `status`, `exec`; nil for the object itself.
    package var subresource: String?

    /// Reads decoded path segments; nil when they lead to no resource of the API.
    package init?(_ segments: [String]) {
        var rest = segments[...]
        let group: String
        switch rest.popFirst() {
        case "api": group = ""
        case "apis":
            guard let named = rest.popFirst() else { return nil }
            group = named
        default: return nil
        }
        guard let version = rest.popFirst() else { return nil }
        // namespaces/N/pods is inside a namespace; namespaces/N and its subresources are the namespace itself.
        if rest.first == "namespaces", rest.count > 2, !["status", "finalize"].contains(rest[rest.startIndex + 2]) || rest.count > 3 {
            namespace = rest[rest.startIndex + 1]
            rest.removeFirst(2)
        }
        guard let plural = rest.popFirst() else { return nil }
        resource = GroupVersionResource(group: group, version: version, resource: plural)
        name = rest.popFirst()
        subresource = rest.isEmpty ? nil : rest.joined(separator: "/")
    }

    /// What a request leads to; nil when it is no resource of the API.
    package init?(_ request: APIRequest) {
        guard let segments = request.pathSegments else { return nil }
        self.init(segments)
    }

    /// `pods`, `deployments.apps`: as kubectl names a kind.
    package var kind: String { resource.groupResource.description }
}
