package import APIMachinery

/// Which object a controller works on.
package struct ObjectName: Sendable, Hashable, CustomStringConvertible {
    /// Its resource.
    package let resource: GroupVersionResource
    /// Its namespace; nil when cluster scoped.
    package let namespace: String?
    /// Its name.
    package let name: String

    /// A name from its parts.
    package init(_ resource: GroupVersionResource, namespace: String?, name: String) {
        self.resource = resource
        self.namespace = namespace
        self.name = name
    }

    /// The name of an object of a resource.
    package init(_ resource: GroupVersionResource, _ object: KubeObject) {
        self.init(resource, namespace: object.namespace, name: object.name)
    }

    /// `pods default/web`.
    package var description: String { "\(resource.resource) \(namespace.map { "\($0)/" } ?? "")\(name)" }
}
