package import APIMachinery

/// core/v1 Endpoints.
package struct Endpoints: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("Endpoints")
    package static let resource = GroupVersionResource.core("endpoints")
}

/// discovery.k8s.io/v1 EndpointSlice.
package struct EndpointSlice: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind(group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice")
    package static let resource = GroupVersionResource(group: "discovery.k8s.io", version: "v1", resource: "endpointslices")
    /// The label that names the service.
    package static let serviceNameLabel = "kubernetes.io/service-name"
    /// The label that names who writes it.
    package static let managedByLabel = "endpointslice.kubernetes.io/managed-by"
}
