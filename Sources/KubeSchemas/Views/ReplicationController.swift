package import APIMachinery

/// core/v1 ReplicationController.
package struct ReplicationController: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("ReplicationController")
    package static let resource = GroupVersionResource.core("replicationcontrollers")
}
