package import APIMachinery

/// URL paths of resources.
package enum ResourcePath {
    /// The path of a collection (`name` nil), an object, or a subresource of it, every part percent-encoded. `namespace` nil means
    /// cluster scope, or all namespaces of a collection.
    package static func path(
        _ resource: GroupVersionResource, namespace: String?, name: String? = nil, subresource: String? = nil
    ) -> String {
        var path = resource.group.isEmpty ? "/api/" : "/apis/\(PercentEncoding.encode(resource.group))/"
        path += PercentEncoding.encode(resource.version)
        if let namespace, !namespace.isEmpty { path += "/namespaces/\(PercentEncoding.encode(namespace))" }
        path += "/\(PercentEncoding.encode(resource.resource))"
        if let name { path += "/\(PercentEncoding.encode(name))" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}
